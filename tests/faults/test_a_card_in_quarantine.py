"""A card that broke off on the line and can't go on is set apart; a person releases or spoils it, and the account balances."""

from __future__ import annotations

import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.faults.falling import Trip, in_child
from tests.faults.line import BLANKS, READER
from tests.faults.test_a_killed_line import KEYS_BEFORE_A_FALL, make, moments_of, on_the_card
from workflow import commands as c
from workflow.commands_of_line import SettleQuarantined
from workflow.errors import RegistryError
from workflow.facts import Actor
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.views.cards import account
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from tests.faults.line import Bench, Line

CENTRE = Actor("centre", frozenset({Role.CARD_CENTRE}))
ON_A_CARD = t.certificate.c.csn.is_not(None)
WHY = "讀卡機故障"


def break_off(bench: Bench, at: int) -> None:
    """Kill the line at a moment, and let a person set the card apart."""
    assert in_child(lambda: make(bench, Trip(at))) == signal.SIGKILL
    handle(bench.office, c.RecordCardSpoiled(case_id=bench.line.case_id, reason=WHY), CENTRE)
    assert (bench.case.state, bench.card.state) == ("approved", "quarantined")
    assert_balances(bench)


def assert_balances(bench: Bench) -> None:
    with bench.office.reading() as connection:
        found = account(connection)
    assert (found.balances, found.counted_in) == (True, BLANKS)


def make_again(bench: Bench) -> None:
    handle(bench.office, c.OrderManufacture(case_id=bench.line.case_id, reader=READER), CENTRE)
    make(bench, Trip(), first_key=KEYS_BEFORE_A_FALL)


def refused(bench: Bench, command: c.Command, actor: Actor = CENTRE) -> str:
    with pytest.raises(RegistryError) as refusal:
        handle(bench.office, command, actor)
    return refusal.value.code


@pytest.fixture(scope="module")
def passed(line: Line, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return moments_of(line, tmp_path_factory.mktemp("moments"))


def first_key_made(passed: list[str]) -> int:
    """Return the moment when the card has made its first key (GENERATE ASYMMETRIC KEY PAIR) and nobody wrote it down."""
    return next(at for at, name in enumerate(passed) if name.startswith("card acted on 0047"))


@pytest.mark.rule("CRD-01")
def test_a_card_without_recorded_keys_is_released_and_made_after_all(line: Line, passed: list[str]) -> None:
    first_key = first_key_made(passed)
    for at in (first_key - 8, first_key):
        with line.copy() as bench:
            break_off(bench, at)
            handle(bench.office, SettleQuarantined(csn=bench.line.csn, reason=WHY, release=True), CENTRE)
            card = bench.card
            assert (card.state, card.case_id, card.number) == ("blank", None, None)
            make_again(bench)
            assert (bench.case.state, bench.card.state) == ("made", "made"), passed[at]
            assert on_the_card(bench) == [row.der for row in bench.rows(t.certificate, ON_A_CARD)]
            assert_balances(bench)


@pytest.mark.rule("CRD-01")
def test_a_card_that_holds_keys_is_only_spoiled_and_another_is_made(line: Line, passed: list[str]) -> None:
    with line.copy() as bench:
        break_off(bench, len(passed) - 7)
        release = SettleQuarantined(csn=bench.line.csn, reason=WHY, release=True)
        assert refused(bench, release) == "card.holds_keys"
        handle(bench.office, SettleQuarantined(csn=bench.line.csn, reason=WHY, release=False), CENTRE)
        assert bench.card.state == "spoiled"
        assert refused(bench, release) == "card.not_quarantined"
        assert {row.status for row in bench.rows(t.certificate, ON_A_CARD)} == {"revoked"}
        other = next(row.csn for row in bench.rows(t.card) if row.state == "blank")
        bench.station.remove(READER)
        bench.station.insert(READER, other)
        make_again(bench)
        assert bench.case.state == "made"
        states = Counter(row.state for row in bench.rows(t.card))
        assert states == {"made": 1, "spoiled": 1, "blank": BLANKS - 2}
        assert_balances(bench)


def test_a_release_wants_a_card_in_quarantine_a_reason_and_the_card_centre(line: Line) -> None:
    with line.copy() as bench:
        wanted = SettleQuarantined(csn=bench.line.csn, reason=WHY, release=True)
        assert refused(bench, wanted) == "card.not_quarantined"
        assert (
            refused(bench, SettleQuarantined(csn="00" * 8, reason=WHY, release=True))
            == "card.not_quarantined"
        )
        assert (
            refused(bench, SettleQuarantined(csn=bench.line.csn, reason=" ", release=True))
            == "case.reason_missing"
        )
        desk = Actor("desk", frozenset({Role.HELP_DESK}))
        assert refused(bench, wanted, desk) == "access.denied"
