"""An activation that is killed at any moment is done again by the holder, who then has a PIN that works."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from hardware.piv import Reference
from hardware.scripts.steps import select, standing_of, verify_pin
from hardware.scripts.unlock import PukChange, unblock
from tests.faults.falling import Trip, in_child, moments, tripping
from tests.faults.line import READER
from tests.workflow.registry import CODE
from workflow import activation
from workflow.errors import Refused
from workflow.facts import PUBLIC
from workflow.store import schema as t

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.line import Bench, Line


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
    assert (card.state, card.pin_sealed, card.next_puk_sealed) == ("active", None, None), when
    puk = bench.office.sealer.open(card.puk_sealed, card.csn).decode()
    with bench.station.open_session(READER) as session:
        session.run(select())
        session.run(verify_pin(pin))
        standing = session.run(standing_of(Reference.PUK))
        session.run(unblock(PukChange(puk, puk), "135791"))
    assert standing.left == standing.limit, f"{when}: a try of the PUK was lost"
    told = [row.kind for row in bench.rows(t.audit_entry)]
    assert told.count("activate") == 1, when


def fall_and_repeat(line: Line, at: int, name: str) -> bool:
    """Kill an activation and let the holder repeat it; False where it had come to its end already."""
    with line.copy() as bench:
        assert in_child(lambda: activate(bench, Trip(at))) == signal.SIGKILL
        if bench.case.state == "activated":
            return False
        check_active(bench, activate(bench, Trip()), f"killed at {at}, {name}")
        return True


@pytest.mark.rule("ACT-01", "ACT-02")
def test_an_activation_killed_at_any_moment_is_done_again(posted, tmp_path):
    passed = moments_of(posted, tmp_path)
    repeated = [fall_and_repeat(posted, at, name) for at, name in enumerate(passed)]
    # Only the last moment, after the commit that ends the activation, leaves nothing to do again.
    assert repeated == [True] * (len(passed) - 1) + [False]


def test_an_activation_killed_around_its_commits_on_postgresql_is_done_again(postgresql_posted, tmp_path):
    passed = moments_of(postgresql_posted, tmp_path)
    for at, name in enumerate(passed[:-1]):
        if "commit" in name or at % 3 == 0:
            assert fall_and_repeat(postgresql_posted, at, name)


def test_an_activation_that_ended_is_refused_in_words_when_repeated(posted):
    with posted.copy() as bench:
        pin = activate(bench, Trip())
        with pytest.raises(Refused) as refusal:
            activate(bench, Trip())
        assert refusal.value.zh
        check_active(bench, pin, "repeated after its end")
