"""Verification in the database: whatever is done behind the registry's back shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.audit import report, verify
from ops.verifier.findings import MOST, Findings, Kind
from tests.audit_rig import Log
from workflow.commands import SubmitApplication, WithdrawApplication
from workflow.errors import RegistryError
from workflow.facts import PUBLIC
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.store.audit_export import export_checkpoints
from workflow.store.sealing import REACH, seal
from workflow.vocabulary import Ca, Rank, SubscriberKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def a_sealed_log(url: str, folder: Path) -> Log:
    """Seven sealed entries in three checkpoints, with a case of two steps, all checkpoints kept off the box."""
    log = Log(url, folder)
    log.note(2)
    seal(log.office)
    log.case_id = log.open_case()
    log.note(1)
    seal(log.office)
    log.note(2)
    seal(log.office)
    log.kept = folder / "kept.jsonl"
    export_checkpoints(log.office, log.kept)
    return log


@pytest.fixture
def log(empty_database_url: str, tmp_path: Path) -> Iterator[Any]:
    log = a_sealed_log(empty_database_url, tmp_path)
    yield log
    log.office.engine.dispose()


def found(log: Any) -> set[Kind]:
    findings = verify(log.office.engine, log.pem, log.kept)
    return {finding.kind for finding in findings if not finding.is_note}


@pytest.mark.rule("AUD-03")
def test_a_log_that_nobody_touched_verifies(log):
    assert verify(log.office.engine, log.pem, log.kept) == []
    assert verify(log.office.engine, log.pem) == []
    assert report([]) == "The audit log verifies.\n"


def test_entries_that_wait_for_their_seal_are_a_note(log):
    log.note(2)
    (note,) = verify(log.office.engine, log.pem, log.kept)
    assert note.is_note
    assert "2 entries wait" in note.message
    assert report([note]).endswith("The audit log verifies.\n")


class PlainHasher:
    """Hashes nothing; these tests have no secrets."""

    def hash(self, code: str) -> str:
        return f"hash of {code}"

    def verify(self, hashed: str, code: str) -> bool:
        return hashed == self.hash(code)


@pytest.mark.rule("AUD-03")
def test_what_the_registry_itself_writes_verifies(empty_database_url, tmp_path):
    log = Log(empty_database_url, tmp_path)
    office = replace(log.office, hasher=PlainHasher())
    with office.engine.begin() as connection:
        connection.execute(sa.insert(t.organisation).values(
            id=1, ca="gca", name="數位發展部", oid="2.16.886.101.20003", kind="agency", county="臺北市",
            town="中正區", postal_code="100", address="延平南路143號", phone="02-23800411", email="a@gov.tw",
        ))  # fmt: skip
    application = SubmitApplication(
        ca=Ca.GCA, subscriber_kind=SubscriberKind("agency"), rank=Rank.PRIMARY, organisation_id=1, window_id=None,
        form={"contact_name": "王小明"}, agreement_accepted=True, user_code="abcd1234",
    )  # fmt: skip
    case_id = handle(office, application, PUBLIC).case_id
    handle(office, WithdrawApplication(case_id=case_id, user_code="abcd1234"), PUBLIC)
    with pytest.raises(RegistryError):
        handle(office, WithdrawApplication(case_id=case_id, user_code="abcd1234"), PUBLIC)
    assert [item.is_note for item in verify(office.engine, log.pem)] == [True]
    assert seal(office).size == 3
    assert verify(office.engine, log.pem) == []
    office.engine.dispose()


TAMPERING = [
    # The entries themselves.
    ("UPDATE audit_entry SET body = replace(body, '承辦人0', '承辦人9') WHERE id = 1", Kind.EDITED),
    ("UPDATE audit_entry SET kind = 'logged_out' WHERE id = 1", Kind.EDITED),
    ("UPDATE audit_entry SET actor = 'nobody' WHERE id = 2", Kind.EDITED),
    ("UPDATE audit_entry SET case_id = 99 WHERE id = 1", Kind.EDITED),
    ("UPDATE audit_entry SET case_version = 7 WHERE id = 3", Kind.EDITED),
    ("UPDATE audit_entry SET body = 'no JSON' WHERE id = 7", Kind.EDITED),
    ("DELETE FROM audit_entry WHERE id = 3", Kind.DELETED),
    ("DELETE FROM audit_entry WHERE id >= 6", Kind.DELETED),
    ("UPDATE audit_entry SET id = CASE id WHEN 1 THEN -2 ELSE -1 END WHERE id IN (1, 2)", Kind.DELETED),
    # Their leaves.
    ("UPDATE audit_leaf SET leaf_hash = (SELECT root FROM audit_checkpoint WHERE size = 2) WHERE leaf_index = 4", Kind.ROOT),
    ("UPDATE audit_leaf SET entry_id = 99 WHERE leaf_index = 4", Kind.DELETED),
    ("DELETE FROM audit_leaf WHERE leaf_index = 3", Kind.DELETED),
    ("DELETE FROM audit_leaf WHERE leaf_index >= 5", Kind.TRUNCATED),
    ("DELETE FROM audit_leaf", Kind.TRUNCATED),
    ("UPDATE audit_leaf SET leaf_index = leaf_index + 1 WHERE leaf_index = 6", Kind.DELETED),
    # The checkpoints.
    ("UPDATE audit_checkpoint SET root = (SELECT leaf_hash FROM audit_leaf WHERE leaf_index = 0) WHERE size = 5", Kind.SIGNATURE),
    ("UPDATE audit_checkpoint SET size = 4 WHERE size = 5", Kind.SIGNATURE),
    ("UPDATE audit_checkpoint SET size = 9 WHERE size = 7", Kind.TRUNCATED),
    ("UPDATE audit_checkpoint SET peaks = signature WHERE size = 5", Kind.CHECKPOINT),
    ("UPDATE audit_checkpoint SET signature = root WHERE size = 5", Kind.SIGNATURE),
    ("DELETE FROM audit_checkpoint WHERE size = 5", Kind.CHECKPOINT_MISSING),
    ("DELETE FROM audit_checkpoint WHERE size = 7", Kind.CHECKPOINT_MISSING),
    ("DELETE FROM audit_checkpoint", Kind.CHECKPOINT_MISSING),
    # The history and the case.
    ("UPDATE history SET dest = 'issued' WHERE version = 2", Kind.HISTORY),
    ("UPDATE history SET source = 'issued' WHERE version = 2", Kind.HISTORY),
    ("UPDATE history SET trigger = 'approve' WHERE version = 2", Kind.HISTORY),
    ("UPDATE history SET actor = 'nobody' WHERE version = 1", Kind.HISTORY),
    ("UPDATE history SET note = 'by order' WHERE version = 1", Kind.HISTORY),
    ("UPDATE history SET person_id = 3 WHERE version = 1", Kind.HISTORY),
    ("UPDATE history SET case_id = 99 WHERE version = 2", Kind.HISTORY),
    ("UPDATE history SET version = 3 WHERE version = 2", Kind.DELETED),
    ("DELETE FROM history WHERE version = 1", Kind.DELETED),
    ("DELETE FROM history WHERE version = 2", Kind.DELETED),
    ("DELETE FROM history", Kind.DELETED),
    ("UPDATE history SET version = CASE version WHEN 1 THEN -2 ELSE -1 END", Kind.DELETED),
    ("UPDATE registry_case SET state = 'issued'", Kind.HISTORY),
    ("UPDATE registry_case SET version = 3", Kind.HISTORY),
    ("DELETE FROM registry_case", Kind.HISTORY),
]  # fmt: skip


@pytest.mark.rule("AUD-03")
@pytest.mark.parametrize(("deed", "kind"), TAMPERING, ids=[deed for deed, _ in TAMPERING])
def test_tampering_is_found(log, deed, kind):
    log.tamper(deed)
    assert kind in found(log)
    assert "does NOT verify" in report(verify(log.office.engine, log.pem, log.kept))


def swap(log: Log, table: str, column: str, pair: tuple[int, int]) -> None:
    """Exchange two numbers of a unique column."""
    one, other = pair
    for old, new in ((one, -1), (other, one), (-1, other)):
        statement = f"UPDATE {table} SET {column} = :new WHERE {column} = :old"  # noqa: S608 - names of this file.
        log.tamper(statement, old=old, new=new)


@pytest.mark.rule("AUD-03")
@pytest.mark.parametrize(
    ("table", "column", "pair", "kind"),
    [
        ("audit_entry", "id", (1, 2), Kind.EDITED),
        ("audit_leaf", "leaf_index", (0, 6), Kind.ROOT),
        ("audit_leaf", "leaf_index", (5, 6), Kind.ROOT),
        ("audit_leaf", "entry_id", (1, 2), Kind.EDITED),
        ("audit_checkpoint", "size", (2, 5), Kind.SIGNATURE),
        ("history", "version", (1, 2), Kind.HISTORY),
    ],
)
def test_reordering_is_found(log, table, column, pair, kind):
    swap(log, table, column, pair)
    assert kind in found(log)


def test_a_second_difference_is_found_after_the_first(log):
    swap(log, "audit_leaf", "leaf_index", (0, 1))
    swap(log, "audit_leaf", "leaf_index", (5, 6))
    places = [item.place for item in verify(log.office.engine, log.pem) if item.kind is Kind.ROOT]
    assert places == ["leaf 0 to 1", "leaf 5 to 6"]


@pytest.mark.rule("AUD-03")
def test_a_tail_cut_off_everywhere_is_found_by_the_exported_checkpoints(log):
    for deed in (
        "DELETE FROM audit_entry WHERE id >= 6",
        "DELETE FROM audit_leaf WHERE leaf_index >= 5",
        "DELETE FROM audit_checkpoint WHERE size = 7",
    ):
        log.tamper(deed)
    assert verify(log.office.engine, log.pem) == []
    assert found(log) == {Kind.TRUNCATED, Kind.CHECKPOINT_MISSING}


def test_a_log_made_anew_with_the_stolen_key_is_a_fork(log, tmp_path):
    log.tamper("DELETE FROM audit_leaf")
    log.tamper("DELETE FROM audit_checkpoint")
    log.tamper("UPDATE audit_entry SET id = 50 WHERE id = 1")
    seal(log.office)
    assert verify(log.office.engine, log.pem) == []
    assert Kind.FORKED in found(log)


def test_signatures_of_another_key_do_not_count(log, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    stranger = Log("sqlite://", other)
    kinds = {finding.kind for finding in verify(log.office.engine, stranger.pem)}
    stranger.office.engine.dispose()
    assert kinds == {Kind.SIGNATURE}


def test_an_entry_deleted_before_it_was_sealed_is_missed_by_its_history(log):
    log.open_case(("waiting_letter",))
    log.tamper("DELETE FROM audit_entry WHERE id = 8")
    (finding,) = verify(log.office.engine, log.pem, log.kept)
    assert (finding.kind, "version 1" in finding.place) == (Kind.DELETED, True)


def test_an_entry_edited_before_it_was_sealed_disagrees_with_its_history(log):
    log.open_case(("waiting_letter",))
    log.tamper("UPDATE audit_entry SET body = replace(body, 'waiting_letter', 'issued') WHERE id = 8")
    seal(log.office)
    assert Kind.HISTORY in found(log)


def test_a_step_told_twice_is_found(log):
    log.tamper(
        "INSERT INTO audit_entry (at, kind, actor, case_id, case_version, body)"
        " SELECT at, kind, actor, case_id, case_version, body FROM audit_entry WHERE id = 3"
    )
    assert Kind.HISTORY in found(log)


def test_an_entry_left_far_behind_is_not_a_mere_note(log):
    log.tamper("UPDATE audit_entry SET id = id + :far WHERE id = 7", far=REACH)
    log.tamper("UPDATE audit_leaf SET entry_id = entry_id + :far WHERE entry_id = 7", far=REACH)
    log.tamper("DELETE FROM audit_leaf WHERE entry_id = 2")
    assert Kind.NEVER_SEALED in found(log)


def test_a_log_that_is_wrong_everywhere_gives_a_list_one_can_read():
    findings = Findings()
    for number in range(MOST + 5):
        findings.add(Kind.EDITED, f"leaf {number}", "x")
    assert len(findings.result()) == MOST + 1
    assert "5 more" in findings.result()[-1].message


# --- random tampering -----------------------------------------------------------------------------------------

TABLES = {
    t.audit_entry: ("id", "at", "kind", "actor", "case_id", "case_version", "body"),
    t.audit_leaf: ("leaf_index", "entry_id", "leaf_hash"),
    t.audit_checkpoint: ("size", "root", "peaks", "at", "signature"),
    t.history: ("case_id", "version", "at", "trigger", "source", "dest", "actor", "person_id", "note"),
}


@st.composite
def another(draw: st.DrawFn, value: object, column: str) -> object:
    """Draw a value that the column could hold, other than the one it holds."""
    if isinstance(value, bytes):
        flip = draw(st.integers(0, len(value) * 8 - 1))
        return bytes(byte ^ (1 << flip % 8 if at == flip // 8 else 0) for at, byte in enumerate(value))
    if hasattr(value, "isoformat"):
        return value + timedelta(microseconds=draw(st.integers(1, 10**12)))
    if isinstance(value, int) or column in {"case_id", "case_version", "person_id"}:
        return draw(st.integers(1, 10**6).filter(lambda number: number != value))
    letters = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
    return draw(letters.filter(lambda text: text != value))


def edit(connection: sa.Connection, data: st.DataObject, rows: dict[sa.Table, list[dict[str, Any]]]) -> None:
    """Change or delete one row, drawn at random."""
    table = data.draw(st.sampled_from(list(TABLES)), label="table")
    row = data.draw(st.sampled_from(rows[table]), label="row")
    key = next(iter(table.primary_key.columns))
    if data.draw(st.booleans(), label="delete"):
        connection.execute(sa.delete(table).where(key == row[key.name]))
        return
    column = data.draw(st.sampled_from(TABLES[table]), label="column")
    taken = {other[column] for other in rows[table]}
    value = data.draw(another(row[column], column).filter(lambda new: new not in taken), label="value")
    connection.execute(sa.update(table).where(key == row[key.name]).values({column: value}))


@pytest.mark.rule("AUD-03")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_any_random_tampering_is_found(log, data):
    rows = {table: log.rows(table) for table in TABLES}
    try:
        with log.unguarded() as connection:
            edit(connection, data, rows)
        assert found(log)
    finally:
        with log.unguarded() as connection:
            for table in TABLES:
                connection.execute(sa.delete(table))
                connection.execute(sa.insert(table), rows[table])
