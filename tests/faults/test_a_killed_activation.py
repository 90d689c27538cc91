"""Whenever an activation is killed, its holder comes to a PIN that works: by doing it again, or by the user code."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from hardware.master_key import KeysOfCard
from hardware.piv import Reference
from hardware.scripts.steps import select, standing_of, verify_pin
from hardware.scripts.unlock import PukChange, unblock
from tests.faults.falling import Trip, in_child, moments, tripping
from tests.faults.line import READER
from tests.holders.browser import Browser
from tests.workflow.registry import CODE
from workflow import activation
from workflow.errors import Refused
from workflow.facts import PUBLIC
from workflow.store import schema as t
from workflow.vocabulary import CardErrand

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.line import Bench, Line

NEW_PIN = "735162"


def activate(bench: Bench, trip: Trip) -> str:
    office = tripping(bench.opened(), trip)
    return activation.activate(
        office, case_id=bench.line.case_id, user_code=CODE, reader=READER, actor=PUBLIC
    )


def moments_of(line: Line, folder: Path) -> list[str]:
    with line.copy() as bench:
        return moments(folder, lambda trip: activate(bench, trip))


def check_active(bench: Bench, pin: str, when: str) -> None:
    """Use the PIN, and hold the card's PUK against the one that is kept for it."""
    assert bench.case.state == "activated", when
    assert {row.status for row in bench.rows(t.certificate)} == {"valid"}, when
    card = bench.card
    assert (card.state, card.pin_sealed, card.next_puk_generation) == ("active", None, None), when
    keys = KeysOfCard(bench.office.master_keys.named(card.master_key), card.csn)
    puk = keys.puk(card.puk_generation)
    with bench.station.open_session(READER) as session:
        session.run(select())
        session.run(verify_pin(pin))
        standing = session.run(standing_of(Reference.PUK))
        session.run(unblock(PukChange(puk, puk), "135791"))
    assert standing.left == standing.limit, f"{when}: a try of the PUK was lost"
    told = [row.kind for row in bench.rows(t.audit_entry)]
    assert told.count("activate") == 1, when


def unblocked(bench: Bench) -> str:
    """Set a PIN with the user code, as the holder does whose activation ended before its PIN was on the screen."""
    Browser(bench).talk(CardErrand.UNBLOCK, {"new_pin": NEW_PIN})
    return NEW_PIN


def fall_and_go_on(line: Line, at: int, name: str) -> str:
    """Kill an activation and let the holder go the way that is open then; returns which way that was."""
    with line.copy() as bench:
        assert in_child(lambda: activate(bench, Trip(at))) == signal.SIGKILL
        ended = bench.case.state == "activated"
        pin = unblocked(bench) if ended else activate(bench, Trip())
        check_active(bench, pin, f"killed at {at}, {name}")
        return "unblocked" if ended else "repeated"


@pytest.mark.rule("ACT-01", "ACT-02", "PIN-02")
def test_after_an_activation_killed_at_any_moment_the_holder_gets_a_pin_that_works(posted, tmp_path):
    passed = moments_of(posted, tmp_path)
    ways = [fall_and_go_on(posted, at, name) for at, name in enumerate(passed)]
    # After the commit that ends the activation the PIN is nowhere; the user code leads to another.
    assert ways == ["repeated"] * (len(passed) - 1) + ["unblocked"]


def test_the_same_on_postgresql(postgresql_posted, tmp_path):
    passed = moments_of(postgresql_posted, tmp_path)
    ways = [fall_and_go_on(postgresql_posted, at, name) for at, name in enumerate(passed)]
    assert ways == ["repeated"] * (len(passed) - 1) + ["unblocked"]


def test_an_activation_that_ended_is_refused_in_words_when_repeated(posted):
    with posted.copy() as bench:
        pin = activate(bench, Trip())
        with pytest.raises(Refused) as refusal:
            activate(bench, Trip())
        assert refusal.value.zh
        check_active(bench, pin, "repeated after its end")
