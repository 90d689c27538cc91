"""The ground that the other tests stand on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests import postgresql
from tests.loopback import OutsideWorldError

if TYPE_CHECKING:
    from pathlib import Path


def _ask(url: str, question: str) -> object:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(text(question)).scalar()
    finally:
        engine.dispose()


def test_both_databases_answer(empty_database_url: str) -> None:
    assert _ask(empty_database_url, "select 1") == 1


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_an_empty_database(postgresql_url: str, turn: int) -> None:
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text("create table case_file (id integer)"))
    engine.dispose()
    assert _ask(postgresql_url, "select count(*) from case_file") == 0


def test_a_template_is_migrated_once_and_copied(
    postgresql_cluster: postgresql.Cluster, worker_name: str
) -> None:
    name = f"copy_{worker_name}"
    with postgresql_cluster.database(f"{name}_template") as address:
        engine = create_engine(address)
        with engine.begin() as connection:
            connection.execute(text("create table case_file as select 7 as id"))
        engine.dispose()
        with postgresql_cluster.database(name, template=f"{name}_template") as copy:
            assert _ask(copy, "select id from case_file") == 7


def test_a_durable_cluster_keeps_what_it_committed_through_a_crash(
    durable_cluster: postgresql.Cluster,
) -> None:
    with durable_cluster.connect() as connection:
        connection.execute("create table serial_number as select 42 as value")
    durable_cluster.stop("immediate")
    durable_cluster.start()
    assert _ask(durable_cluster.url("postgres"), "select value from serial_number") == 42
    assert _ask(durable_cluster.url("postgres"), "show fsync") == "on"


def test_the_server_listens_on_no_port(postgresql_cluster: postgresql.Cluster) -> None:
    with postgresql_cluster.connect() as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)


def test_an_abandoned_cluster_is_swept_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f"{postgresql.DIRECTORY_PREFIX}left"
    left.mkdir()
    (left / postgresql.OWNER_FILE).write_text(str(ended.pid), encoding="ascii")
    ours = tmp_path / f"{postgresql.DIRECTORY_PREFIX}ours"
    ours.mkdir()
    (ours / postgresql.OWNER_FILE).write_text(str(os.getpid()), encoding="ascii")
    postgresql.sweep_abandoned()
    assert not left.exists()
    assert ours.exists()


def test_a_wrong_database_name_is_refused(postgresql_cluster: postgresql.Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        postgresql_cluster.connect("no_such_registry")


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.org", 80)])
def test_tests_cannot_reach_another_machine(address: tuple[str, int]) -> None:
    with socket.socket() as outgoing, pytest.raises(OutsideWorldError):
        outgoing.connect(address)


def test_tests_may_talk_to_loopback() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()
