"""Sealing: entries become leaves in order, once, by one hand, and in time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from ops import audit
from tests.audit_rig import Log
from workflow.errors import Unavailable
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.store import sealing
from workflow.store.audit_entry import leaf_hash
from workflow.store.audit_export import export_checkpoints
from workflow.store.merkle import Tree
from workflow.store.sealing import BrokenLogError, require_sealing, seal
from workflow.store.unit_of_work import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def log(empty_database_url: str, tmp_path: Path) -> Iterator[Log]:
    log = Log(empty_database_url, tmp_path)
    yield log
    log.office.engine.dispose()


@pytest.fixture
def postgresql_log(postgresql_url: str, tmp_path: Path) -> Iterator[Log]:
    log = Log(postgresql_url, tmp_path)
    yield log
    log.office.engine.dispose()


@pytest.mark.rule("AUD-03")
def test_the_sealed_root_is_that_of_all_entries_in_order(log):
    log.note(3)
    seal(log.office)
    log.note(4)
    point = seal(log.office)
    bodies = [row["body"] for row in sorted(log.rows(t.audit_entry), key=lambda row: row["id"])]
    assert point.root == Tree().extend(leaf_hash(body) for body in bodies).root
    assert (point.size, point.at) == (7, log.clock.now())
    assert log.office.checkpoints.verify(point.message, point.signature)
    assert point.message.decode().splitlines()[:2] == ["guanfang-audit-checkpoint-v1", "7"]


def test_nothing_waiting_makes_no_checkpoint(log):
    assert seal(log.office) is None
    log.note()
    seal(log.office)
    assert seal(log.office) is None
    assert len(log.rows(t.audit_checkpoint)) == 1


def test_a_backlog_is_sealed_in_rounds(log):
    log.note(25)
    assert [seal(log.office, limit=10).size for _ in range(3)] == [10, 20, 25]
    assert audit.verify(log.office.engine, log.pem) == []


def test_an_entry_committed_late_is_sealed_in_the_next_round(log):
    log.note(3)
    log.tamper("UPDATE audit_entry SET id = id + 10")
    seal(log.office)
    log.late_entry(5)
    assert seal(log.office).size == 4
    last = max(log.rows(t.audit_leaf), key=lambda row: row["leaf_index"])
    assert last["entry_id"] == 5
    assert audit.verify(log.office.engine, log.pem) == []


def test_an_entry_beyond_the_reach_is_found_by_the_thorough_round(log):
    log.note()
    log.tamper("UPDATE audit_entry SET id = id + 100")
    seal(log.office)
    log.late_entry(5)
    assert seal(log.office, reach=10) is None
    assert seal(log.office, reach=None).size == 2


def test_a_round_that_fails_leaves_nothing_behind(log, monkeypatch):
    log.note(2)
    with monkeypatch.context() as patch:
        patch.setattr(log.clock, "moment", log.clock.moment.replace(tzinfo=None))
        with pytest.raises(sa.exc.StatementError):
            seal(log.office)
    assert log.rows(t.audit_leaf) == []
    assert seal(log.office).size == 2


@pytest.mark.rule("AUD-04")
def test_issuing_stops_while_the_seal_lags_and_goes_on_after(log):
    require_sealing(log.office)
    log.note()
    require_sealing(log.office)
    log.clock.move(seconds=log.office.settings.sealing_lag_seconds)
    with pytest.raises(Unavailable) as refusal:
        require_sealing(log.office)
    assert refusal.value.code == "audit.sealing_behind"
    seal(log.office)
    require_sealing(log.office)


def test_the_oldest_waiting_entry_says_how_far_the_seal_lags(log):
    log.note()
    seal(log.office)
    at = log.clock.now()
    log.note()
    log.note()
    with log.office.reading() as connection:
        assert sealing.oldest_unsealed(connection) == at
        assert sealing.sealing_is_current(connection, at + timedelta(seconds=5), timedelta(seconds=5))
        assert not sealing.sealing_is_current(connection, at + timedelta(seconds=6), timedelta(seconds=5))


@pytest.mark.parametrize(
    "deed",
    [
        "DELETE FROM audit_checkpoint WHERE size = 4",
        "DELETE FROM audit_checkpoint",
        "UPDATE audit_checkpoint SET size = 5 WHERE size = 4",
        "UPDATE audit_checkpoint SET root = signature",
        "UPDATE audit_checkpoint SET peaks = signature",
        "UPDATE audit_checkpoint SET peaks = (SELECT leaf_hash FROM audit_leaf WHERE leaf_index = 0)",
        "UPDATE audit_checkpoint SET signature = root",
        "DELETE FROM audit_leaf WHERE leaf_index = 3",
    ],
)
@pytest.mark.rule("AUD-03")
def test_nothing_is_sealed_on_top_of_a_log_that_was_tampered_with(log, deed):
    log.note(1)
    seal(log.office)
    log.note(3)
    seal(log.office)
    log.tamper(deed)
    log.note()
    with pytest.raises(BrokenLogError):
        seal(log.office)


def test_two_sealers_at_once_make_one_chain(postgresql_log):
    log = postgresql_log
    log.note(300)
    with ThreadPoolExecutor(4) as pool:
        points = list(pool.map(lambda _: seal(log.office, limit=25), range(12)))
    assert sorted(point.size for point in points) == list(range(25, 301, 25))
    assert audit.verify(log.office.engine, log.pem) == []


def test_sealing_beside_writers_leaves_no_entry_out(postgresql_log):
    log = postgresql_log

    def write(_: int) -> None:
        with transaction(log.office) as work:
            work.audit("logged_in", SYSTEM, {"login": "x"})
            work.flush()
            with log.office.engine.connect() as other:
                other.execute(sa.select(sa.func.pg_sleep(0.005)))

    with ThreadPoolExecutor(6) as pool:
        written = [pool.submit(write, number) for number in range(60)]
        while not all(future.done() for future in written):
            seal(log.office, limit=7)
        for future in written:
            future.result()
    while seal(log.office):
        pass
    assert len(log.rows(t.audit_leaf)) == 60
    assert audit.verify(log.office.engine, log.pem) == []


# --- checkpoints off the box ----------------------------------------------------------------------------------


def test_each_checkpoint_is_exported_once(log, tmp_path):
    path = tmp_path / "kept.jsonl"
    log.note(2)
    seal(log.office)
    assert [export_checkpoints(log.office, path) for _ in range(2)] == [1, 0]
    for _ in range(2):
        log.note()
        seal(log.office)
    assert export_checkpoints(log.office, path) == 2
    assert [json.loads(line)["size"] for line in path.read_text().splitlines()] == [2, 3, 4]
    assert audit.verify(log.office.engine, log.pem, path) == []


@pytest.mark.parametrize("left", [0, 1, 30])
def test_a_line_cut_short_by_a_crash_is_completed(log, tmp_path, left):
    path = tmp_path / "kept.jsonl"
    for _ in range(2):
        log.note()
        seal(log.office)
    export_checkpoints(log.office, path)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    path.write_bytes(whole[: first + left])
    assert export_checkpoints(log.office, path) == 1
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "deed",
    [
        "DELETE FROM audit_checkpoint WHERE size = 2",
        "UPDATE audit_checkpoint SET root = signature WHERE size = 2",
    ],
)
def test_an_export_notices_that_the_log_was_taken_back(log, tmp_path, deed):
    path = tmp_path / "kept.jsonl"
    for _ in range(2):
        log.note()
        seal(log.office)
    export_checkpoints(log.office, path)
    log.tamper(deed)
    with pytest.raises(BrokenLogError, match="no longer"):
        export_checkpoints(log.office, path)


@pytest.mark.parametrize("end", [b"{}\n", b"rubbish\n", b"[]\n", b'{"size":7'])
def test_a_checkpoint_file_that_is_not_ours_is_left_alone(log, tmp_path, end):
    path = tmp_path / "kept.jsonl"
    log.note()
    seal(log.office)
    path.write_bytes(end)
    with pytest.raises(BrokenLogError):
        export_checkpoints(log.office, path)
    assert path.read_bytes() == end
