"""Batches on the manufacturing line: who takes what, what a bad card or reader does, and how quarantine ends."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key

from hardware.errors import ReaderGone
from hardware.virtual.card import Fault, FaultKind
from ops.line_runner import Line, Plan
from tests.faults.line import ready_keys
from tests.workflow.line_rig import READERS, CardLine
from tests.workflow.registry import MASTER_KEYS, MasterKeysInMemory
from workflow import commands as c
from workflow.commands_of_line import (
    OpenLineBatch,
    ReleaseLine,
    ReturnReader,
    SettleQuarantined,
    StopLineBatch,
)
from workflow.commands_of_performers import RecordKeys
from workflow.errors import NotAllowed, NotFound, Refused
from workflow.facts import SYSTEM
from workflow.performers.line import Turn
from workflow.store import schema as t
from workflow.views import cards
from workflow.views import line as views
from workflow.views.card_faces import card_faces
from workflow.vocabulary import JobState, ReaderState


@pytest.fixture
def line(migrated_postgresql_url, tmp_path):
    made = CardLine(migrated_postgresql_url, tmp_path)
    yield made
    made.registry.close()


def break_card(line, monkeypatch, at, kind=FaultKind.MISSPOKEN):
    """Let the card in any reader fail at its n-th command."""
    whole = line.station.open_session
    monkeypatch.setattr(line.station, "open_session", lambda reader: whole(reader, Fault(at, kind)))


def test_several_readers_make_a_batch_and_no_case_gets_two_cards(line):
    _batch, cases = line.batch(5)
    plan = Plan(READERS, "line", pause=0.01)
    with ready_keys(0, 64):
        turns = Line(line.office, plan, line.feed).run()
    assert turns[Turn.MADE] == 5
    assert line.jobs() == ["made"] * 5
    made = [row for row in line.rows(t.card) if row.state == "made"]
    assert sorted(row.case_id for row in made) == cases
    assert len(line.rows(t.certificate, t.certificate.c.csn.is_not(None))) == 10
    with line.office.reading() as connection:
        assert cards.account(connection).balances
        assert {one.state for one in views.line_readers(connection)} == {ReaderState.STOPPED}


def test_readers_that_ask_at_the_same_moment_take_different_cases(line):
    line.batch(3)
    for reader in READERS:
        line.feed(reader)
    gate = threading.Barrier(3)
    taken = []

    def go(reader):
        gate.wait()
        taken.append(line.turn(reader, worker=reader))

    with ready_keys(0, 64):
        threads = [threading.Thread(target=go, args=(reader,)) for reader in READERS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [one.turn for one in taken] == [Turn.MADE] * 3
    assert len({one.case_id for one in taken}) == 3


def test_the_oldest_case_is_made_first(line):
    _batch, cases = line.batch(2)
    line.feed(READERS[0])
    assert line.turn().case_id == cases[0]


@pytest.mark.rule("CRD-11")
def test_the_private_keys_of_a_card_are_nowhere_in_the_registry(line, tmp_path):
    line.batch(1)
    line.feed(READERS[0])
    line.turn()
    (made,) = line.rows(t.card, t.card.c.state == "made")
    (keys,) = [
        json.loads(path.read_text())["keys"] for path in (tmp_path / "cards").glob(f"{made.csn}*.card")
    ]
    assert len(keys) >= 2
    kept = [value for rows in line.registry.dump().values() for row in rows for value in row]
    octets = b"".join(value for value in kept if isinstance(value, bytes))
    words = "".join(str(value) for value in kept if not isinstance(value, bytes)).lower()
    for key in keys.values():
        numbers = load_der_private_key(bytes.fromhex(key["pkcs8"]), None).private_numbers()
        modulus = numbers.public_numbers.n
        assert modulus.to_bytes(256, "big") in octets, "its public half is in the certificate"
        for secret in (numbers.d, numbers.p, numbers.q):
            told = secret.to_bytes((secret.bit_length() + 7) // 8, "big")
            assert told not in octets
            assert told.hex() not in words


def test_a_card_left_half_made_is_finished_in_another_reader(line, monkeypatch):
    _batch, (case,) = line.batch(1)
    line.feed(READERS[0])
    csn = line.blanks[0]
    with monkeypatch.context() as broken:
        break_card(line, broken, 20, FaultKind.TORN_AFTER)
        assert line.turn().turn is Turn.INTERRUPTED
    assert line.jobs() == ["interrupted"]
    line.station.remove(READERS[0])
    line.station.insert(READERS[1], csn)
    assert line.turn(READERS[1], worker="another", first_key=8).turn is Turn.MADE
    assert (line.card(csn).state, line.card(csn).case_id) == ("made", case)


def test_a_card_that_misbehaves_is_quarantined_and_the_case_gets_another(line, monkeypatch):
    _batch, (case,) = line.batch(1)
    line.feed(READERS[0])
    with monkeypatch.context() as broken:
        break_card(line, broken, 30)
        report = line.turn()
    assert report.turn is Turn.QUARANTINED
    assert "Card" in line.card(line.blanks[0]).reason
    assert line.jobs() == ["waiting"]
    line.feed(READERS[0])
    assert line.turn(first_key=8).turn is Turn.MADE
    alive = [
        row for row in line.rows(t.certificate, t.certificate.c.csn.is_not(None)) if row.status != "revoked"
    ]
    assert sorted((row.csn, row.purpose) for row in alive) == [
        (line.blanks[1], "encipherment"), (line.blanks[1], "signature"),
    ]  # fmt: skip
    assert line.registry.state(case) == "made"


def test_a_case_that_spoils_three_cards_leaves_its_batch(line):
    _batch, (case,) = line.batch(1)
    for number in range(3):
        line.feed(READERS[0])
        line.registry.do(_take(line, number), SYSTEM)
        spoiled = c.RecordCardSpoiled(case_id=case, reason="刮傷")
        line.registry.do(spoiled, line.registry.centre)
    assert line.jobs() == ["left"]


def _take(line, number):
    from workflow.commands_of_line import TakeBlank
    from workflow.performers.manufacture import new_secrets

    return TakeBlank(reader=READERS[0], worker="line", csn=line.blanks[number], **new_secrets(line.office))


def test_a_worker_that_comes_back_gives_its_cards_back(line):
    line.batch(1)
    line.registry.do(_take(line, 0), SYSTEM)
    assert line.registry.do(ReleaseLine(worker="line"), SYSTEM).created_id == 1
    assert line.jobs() == ["interrupted"]
    line.station.insert(READERS[2], line.blanks[0])
    assert line.turn(READERS[2], worker="other").turn is Turn.MADE


def test_a_card_in_good_hands_is_left_alone_until_the_lease_ends(line):
    line.batch(1)
    line.registry.do(_take(line, 0), SYSTEM)
    line.station.insert(READERS[2], line.blanks[0])
    assert line.turn(READERS[2], worker="other").turn is Turn.NO_WORK
    line.registry.clock.move(minutes=6)
    assert line.turn(READERS[2], worker="other").turn is not Turn.NO_WORK


def test_a_reader_that_goes_away_is_set_aside_and_the_others_go_on(line, monkeypatch):
    line.batch(3)
    whole = line.station.open_session

    def gone(reader):
        if reader == READERS[0]:
            raise ReaderGone("unplugged")
        return whole(reader)

    monkeypatch.setattr(line.station, "open_session", gone)
    with ready_keys(0, 64):
        turns = Line(line.office, Plan(READERS, "line", pause=0.01), line.feed).run()
    assert (turns[Turn.READER_GONE], turns[Turn.MADE]) == (1, 3)
    with line.office.reading() as connection:
        found = {one.name: one.state for one in views.line_readers(connection)}
    assert found[READERS[0]] is ReaderState.SET_ASIDE
    line.registry.do(ReturnReader(reader=READERS[0]), line.registry.centre)
    with pytest.raises(NotFound):
        line.registry.do(ReturnReader(reader=READERS[0]), line.registry.centre)


def test_a_reader_that_fails_three_times_is_set_aside(line, monkeypatch):
    line.batch(1)
    line.feed(READERS[0])
    break_card(line, monkeypatch, 3, FaultKind.SILENT)
    plan = Plan(READERS[:1], "line", pause=0.01)
    turns = Line(line.office, plan).run()
    assert turns[Turn.INTERRUPTED] == 3
    assert line.jobs() == ["interrupted"]
    assert "reader_set_aside" in line.registry.audit_kinds()


def test_a_reader_in_other_hands_is_waited_for_and_an_idle_line_leaves_it_alone(line):
    line.feed(READERS[0])
    with line.station.open_session(READERS[0]):
        assert line.turn().turn is Turn.NO_WORK
        line.batch(1)
        assert [line.turn().turn for _ in range(4)] == [Turn.BUSY] * 4
    assert line.turn().turn is Turn.MADE


def test_a_quarantined_card_without_keys_may_be_a_blank_again_and_is_made(line):
    _batch, (case,) = line.batch(1)
    line.registry.do(_take(line, 0), SYSTEM)
    master = line.card(line.blanks[0]).master_key
    line.registry.do(c.RecordCardSpoiled(case_id=case, reason="中斷"), line.registry.centre)
    settle = SettleQuarantined(csn=line.blanks[0], release=True, reason="外觀完好")
    line.registry.do(settle, line.registry.centre)
    assert (line.card(line.blanks[0]).state, line.card(line.blanks[0]).number) == ("blank", None)
    line.station.insert(READERS[0], line.blanks[0])
    rolled = MasterKeysInMemory(*MASTER_KEYS.keys, "tests-2")
    line.registry.office = replace(line.office, master_keys=rolled)
    assert line.turn().turn is Turn.MADE
    # The card may have held its secrets already, so it keeps them.
    assert line.card(line.blanks[0]).master_key == master != line.office.master_keys.current().name
    with pytest.raises(NotFound):
        line.registry.do(settle, line.registry.centre)


def test_a_quarantined_card_with_keys_can_only_be_spoiled(line):
    _batch, (case,) = line.batch(1)
    csn = line.blanks[0]
    line.registry.do(_take(line, 0), SYSTEM)
    line.registry.do(RecordKeys(csn=csn, keys=(("signature", bytes(91)),)), SYSTEM)
    line.registry.do(c.RecordCardSpoiled(case_id=case, reason="中斷"), line.registry.centre)
    with pytest.raises(Refused, match="holds_keys"):
        line.registry.do(SettleQuarantined(csn=csn, release=True, reason="x"), line.registry.centre)
    line.registry.do(SettleQuarantined(csn=csn, release=False, reason="晶片損壞"), line.registry.centre)
    assert line.card(csn).state == "spoiled"


def test_a_case_is_in_one_batch_at_a_time_and_made_nowhere_else(line):
    _batch, (case,) = line.batch(1)
    with pytest.raises(Refused, match="case_taken"):
        line.registry.do(OpenLineBatch(case_ids=(case,)), line.registry.centre)
    order = c.OrderManufacture(case_id=case, reader=READERS[0])
    with pytest.raises(Refused, match="case_taken"):
        line.registry.do(order, line.registry.centre)


def test_a_stopped_batch_lets_go_of_what_nobody_has_begun(line):
    batch, cases = line.batch(2)
    line.registry.do(_take(line, 0), SYSTEM)
    line.registry.do(StopLineBatch(batch_id=batch, reason="停電"), line.registry.centre)
    assert line.jobs() == ["working", "left"]
    line.registry.do(OpenLineBatch(case_ids=(cases[1],)), line.registry.centre)
    with pytest.raises(NotFound):
        line.registry.do(StopLineBatch(batch_id=batch, reason="x"), line.registry.centre)


def test_only_the_card_centre_opens_batches(line):
    _batch, (case,) = line.batch(1)
    for command in (OpenLineBatch(case_ids=(case,)), StopLineBatch(batch_id=1, reason="x")):
        with pytest.raises(NotAllowed):
            line.registry.do(command, line.registry.officer)
    with pytest.raises(NotAllowed):
        line.registry.do(_take(line, 0), line.registry.centre)


def test_a_batch_shows_how_far_each_card_is(line):
    batch, _cases = line.batch(2)
    line.registry.do(_take(line, 0), SYSTEM)
    with line.office.reading() as connection:
        shown = views.batch(connection, batch)
        first, second = views.jobs(connection, batch)
    assert (shown.total, shown.made, shown.ended) == (2, 0, False)
    assert (first.state, first.step, first.csn) == (JobState.WORKING, "claimed", line.blanks[0])
    assert (second.state, second.csn) == (JobState.WAITING, "")


@pytest.mark.rule("CRD-01")
def test_a_made_card_that_is_lost_leaves_its_batch_and_the_next_batch_makes_another(line):
    first, (case,) = line.batch(1)
    line.feed(READERS[0])
    assert line.turn().turn is Turn.MADE
    line.registry.do(c.RecordCardLost(case_id=case, reason="待寄區遍尋不著"), line.registry.centre)
    line.registry.clock.move(seconds=1)
    second = line.registry.do(OpenLineBatch(case_ids=(case,)), line.registry.centre).created_id
    line.feed(READERS[0])
    assert line.turn(first_key=2).turn is Turn.MADE
    assert line.jobs() == ["left", "made"]
    with line.office.reading() as connection:
        faces = [card_faces(connection, batch) for batch in (first, second)]
    number = line.registry.case(case).card_number
    assert [[face.card_number for face in one] for one in faces] == [[], [number]]
