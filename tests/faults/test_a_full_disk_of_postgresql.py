"""The disk under PostgreSQL is full, under its tables or under its log: nothing is half done, and it goes on with space."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from ops import audit
from ops.worker import seal_all
from tests import postgresql
from tests.faults.test_a_full_disk import SmallDisk
from tests.workflow.registry import PASSWORD, Registry
from web.app import create_app
from web.ports import WebPorts
from workflow.errors import Unavailable
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgresql import Cluster

TABLES_SIZE, LOG_SIZE = "96m", "40m"
SCAN_BYTES = 1024 * 1024
MOST_LETTERS = 40


@pytest.fixture(params=["tables", "log"])
def small(request: pytest.FixtureRequest, postgresql_cluster: Cluster) -> Iterator[tuple[Cluster, SmallDisk]]:
    """Lend a cluster of which one half lies on a small file system; only root may mount one."""
    del postgresql_cluster
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() or mount is None or umount is None:
        pytest.skip("only root can mount a small file system")
    cluster = postgresql.Cluster(postgresql.reserve_directory(), durable=True)
    place, size = cluster.data, TABLES_SIZE
    if request.param == "log":
        place, size = cluster.directory / "small", LOG_SIZE
    place.mkdir(mode=0o700)
    command = [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        cluster.remove()
        pytest.skip("this machine lets nobody mount a file system")
    try:
        cluster.adopt(place)
        cluster.create()
        _put_log(cluster, place if request.param == "log" else cluster.directory)
        cluster.start()
        yield cluster, SmallDisk(place)
    finally:
        if cluster.answers():
            cluster.stop("immediate")
        subprocess.run([umount, "--lazy", str(place)], check=True)
        cluster.remove()


def _put_log(cluster: Cluster, folder: Path) -> None:
    """Let the write-ahead log lie on another file system than the tables."""
    place = folder / "log"
    shutil.copytree(cluster.data / "pg_wal", place)
    shutil.rmtree(cluster.data / "pg_wal")
    (cluster.data / "pg_wal").symlink_to(place)
    for path in (place, *place.rglob("*")):
        cluster.adopt(path)


def log_letters(registry: Registry) -> int:
    """Log letters with large scans until the disk is full; returns how many were logged before."""
    clerk = registry.clerk
    for number in range(MOST_LETTERS):
        scan = b"%PDF " + secrets.token_bytes(SCAN_BYTES)
        try:
            registry.do(registry.letter(files=(("letter.pdf", "application/pdf", scan),)), clerk)
        except Unavailable:
            return number
    pytest.fail("the disk never filled")


def test_work_on_a_full_disk_is_refused_in_words_and_goes_on_with_space(
    small: tuple[Cluster, SmallDisk],
) -> None:
    cluster, disk = small
    registry = Registry(cluster.create_database("registry"))
    case_id = registry.a_case("uploaded")
    seal_all(registry.office)
    login = registry.clerk.name
    client = create_app(
        WebPorts(office=registry.office, secret_key="t" * 40, rate_limits=False)
    ).test_client()
    token = client.get("/login/").text.split('name="csrf_token" value="')[1].split('"')[0]
    disk.fill()
    logged = log_letters(registry)
    answer = client.post("/login/", data={"csrf_token": token, "login": login, "password": PASSWORD})
    # A log-in is small and may still have had room.
    assert answer.status_code in {302, 503}
    assert answer.status_code == 302 or "資料沒有被更動" in answer.text
    disk.free()
    # Without room for its log the server gives up, and recovers by itself or when it is started.
    cluster.revive()
    registry.engine.dispose()
    assert len(registry.rows(t.letter)) == logged
    registry.tie(case_id)
    assert registry.state(case_id) == "first_review"
    seal_all(registry.office)
    assert audit.verify(registry.engine, registry.office.checkpoints.public_pem()) == []
    registry.close()
