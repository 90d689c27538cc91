"""A disk that is full, or a log that can't be written: nothing is half done, and people are told so."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.workflow.registry import PASSWORD, Registry
from web.app import create_app
from web.ports import WebPorts
from workflow import commands as c
from workflow.errors import Unavailable
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.vocabulary import Ca, Lane

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE = "6m"


@dataclass
class SmallDisk:
    """A file system of a few megabytes."""

    folder: Path

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    def fill(self) -> None:
        """Write until not even a page fits."""
        with self._filler.open("ab", buffering=0) as file:
            for piece in (65536, 4096, 1):
                try:
                    while file.write(bytes(piece)) == piece:
                        pass
                except OSError as error:
                    assert error.errno == errno.ENOSPC  # noqa: PT017 - any other error is no full disk.

    def free(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Mount a small file system, which only root may do."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() or mount is None or umount is None:
        pytest.skip("only root can mount a small file system")
    command = [mount, "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    yield SmallDisk(folder)
    subprocess.run([umount, str(folder)], check=True)


@pytest.fixture
def registry(disk: SmallDisk, sqlite_template: Path) -> Iterator[Registry]:
    path = disk.folder / "guanfang.sqlite"
    shutil.copyfile(sqlite_template, path)
    registry = Registry(f"sqlite:///{path}")
    yield registry
    registry.close()


def fold(registry: Registry) -> None:
    """Give back the space that SQLite's log holds, so that the next commit needs new space."""
    with registry.engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


def test_a_command_on_a_full_disk_changes_nothing_and_succeeds_later(registry, disk):
    case_id = registry.a_case("uploaded")
    letter = registry.do(registry.letter(), registry.clerk).created_id
    before = registry.dump()
    fold(registry)
    disk.fill()
    tie = c.TieLetter(letter_id=letter, case_ids=(case_id,))
    with pytest.raises(Unavailable) as refusal:
        registry.do(tie, registry.clerk)
    assert refusal.value.code == "registry.storage"
    assert registry.dump() == before
    disk.free()
    registry.do(tie, registry.clerk)
    assert registry.state(case_id) == "first_review"


@pytest.mark.rule("AUD-04")
def test_a_refusal_that_cannot_be_logged_is_not_given(registry, disk):
    case_id = registry.a_case("uploaded")
    order = c.OrderManufacture(case_id=case_id, reader="reader 1")
    actor = registry.centre
    before = registry.dump()
    fold(registry)
    disk.fill()
    with pytest.raises(Unavailable) as refusal:
        registry.do(order, actor)
    assert refusal.value.code == "registry.storage"
    assert registry.dump() == before


def test_work_on_a_full_disk_waits_and_is_done_once_there_is_space(registry, disk):
    registry.a_case("second_review", Ca.GCA)
    fold(registry)
    disk.fill()
    with pytest.raises(sa.exc.OperationalError):
        perform_next(registry.office, Lane.NOTICE, "line")
    assert registry.mailer.mails == []
    disk.free()
    assert perform_next(registry.office, Lane.NOTICE, "line")
    assert len(registry.mailer.mails) == len(registry.rows(t.sent_notice)) == 1


def test_a_process_that_starts_on_a_full_disk_says_so_too(registry, disk):
    case_id = registry.a_case("uploaded")
    clerk = registry.clerk
    letter = registry.do(registry.letter(), clerk).created_id
    registry.engine.dispose()
    disk.fill()
    with pytest.raises(Unavailable) as refusal:
        registry.do(c.TieLetter(letter_id=letter, case_ids=(case_id,)), clerk)
    assert refusal.value.code == "registry.storage"
    registry.engine.dispose()
    disk.free()
    assert registry.state(case_id) == "uploaded"


def test_a_visitor_sees_an_error_page_in_chinese_while_the_disk_is_full(registry, disk):
    registry.a_case("uploaded")
    login = registry.clerk.name
    app = create_app(WebPorts(office=registry.office, secret_key="t" * 40, rate_limits=False))
    client = app.test_client()
    page = client.get("/login/").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "login": login, "password": PASSWORD}
    fold(registry)
    disk.fill()
    answer = client.post("/login/", data=fields)
    assert answer.status_code == 503
    assert "儲存空間不足" in answer.text
    assert 'lang="zh-' in answer.text
    # What only reads goes on.
    assert client.get("/apply/?ca=xca&q=x").status_code == 200
    disk.free()
    assert client.post("/login/", data=fields).status_code in {302, 303}


@pytest.mark.rule("AUD-04")
def test_a_change_whose_audit_entry_cannot_be_written_is_not_made(tmp_path):
    registry = Registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    case_id = registry.a_case("uploaded")
    letter = registry.do(registry.letter(), registry.clerk).created_id
    before = registry.dump()
    with registry.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.exec_driver_sql(
            "CREATE TRIGGER no_log BEFORE INSERT ON audit_entry"
            " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    for command in (
        c.TieLetter(letter_id=letter, case_ids=(case_id,)),
        registry.letter(),
    ):
        with pytest.raises(Unavailable):
            registry.do(command, registry.clerk)
    assert registry.dump() == before
    registry.close()
