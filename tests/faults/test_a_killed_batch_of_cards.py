"""A reader's worker that is killed at each command to the card and each commit: the card is put back and finished.

On PostgreSQL, where the readers of a batch meet. Whatever the moment, no key slot of the case ever has two living
certificates, and the account of cards balances, before the card is put back and after.
"""

from __future__ import annotations

import signal
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.falling import NOTHING_NEW, Trip, in_child, moments, tripping
from tests.faults.line import BLANKS, OTHER_READER, READER, postgresql_copies, prepare_batch, ready_keys
from tests.faults.test_a_killed_line import KEYS_BEFORE_A_FALL
from workflow import commands as c
from workflow.commands_of_line import ReleaseLine
from workflow.facts import SYSTEM, Actor
from workflow.handlers import handle
from workflow.performers.line import Post, Turn, take_turn
from workflow.store import schema as t
from workflow.views.cards import account
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from tests.faults.line import Bench, Line

C = t.certificate.c
CENTRE = Actor("centre", frozenset({Role.CARD_CENTRE}))
GIVEN_UP = 7
"""At each so-many-th moment the card is given up instead of being put back."""


@pytest.fixture(scope="module")
def batch(tmp_path_factory, postgresql_cluster, worker_name) -> Line:
    cards = tmp_path_factory.mktemp("batch") / "cards"
    return prepare_batch(postgresql_copies(postgresql_cluster, f"cards_{worker_name}"), cards)


def turn(bench: Bench, trip: Trip, reader: str = READER, first_key: int = 0) -> Turn:
    """Do as a line that starts: give back what its predecessor held, then take one turn."""
    office = tripping(bench.opened(), trip)
    with ready_keys(first_key):
        handle(office, ReleaseLine(worker="line"), SYSTEM)
        return take_turn(office, Post(reader, "line")).turn


def living(bench: Bench) -> list[Any]:
    """Return the case's certificates that are not revoked; the house has some of its own."""
    return bench.rows(t.certificate, C.case_id == bench.line.case_id, C.status != "revoked")


def check_always(bench: Bench, when: str) -> None:
    slots = Counter(row.purpose for row in living(bench))
    assert max(slots.values(), default=0) <= 1, when
    with bench.office.reading() as connection:
        found = account(connection)
    assert (found.balances, found.counted_in) == (True, BLANKS), when


def check_made(bench: Bench, csn: str, when: str) -> None:
    assert bench.case.state == "made", when
    check_always(bench, when)
    alive = living(bench)
    assert [(row.csn, row.status) for row in alive] == [(csn, "issued")] * 2, when
    assert all(row.der is not None for row in alive), when
    assert [row.state for row in bench.rows(t.line_job)] == ["made"], when
    (card,) = bench.rows(t.card, t.card.c.csn == csn)
    assert (card.state, card.pin_sealed) == ("made", None), when


def put_back(bench: Bench, when: str) -> None:
    """Put the card into the other reader, where it is finished."""
    csn = bench.line.csn
    bench.station.remove(READER)
    bench.station.insert(OTHER_READER, csn)
    # Killed after its last commit, there is nothing left to do.
    expected = Turn.NO_WORK if bench.card.state == "made" else Turn.MADE
    assert turn(bench, Trip(), OTHER_READER, KEYS_BEFORE_A_FALL) is expected, when
    check_made(bench, csn, when)


def give_up(bench: Bench, when: str) -> None:
    """Quarantine the card; the case gets another, and a key of its own."""
    if bench.card.state != "personalising":
        return put_back(bench, when)
    spoiled = c.RecordCardSpoiled(case_id=bench.line.case_id, reason="斷電")
    handle(bench.office, spoiled, CENTRE)
    check_always(bench, when)
    other = next(row.csn for row in bench.rows(t.card) if row.state == "blank")
    bench.station.insert(OTHER_READER, other)
    assert turn(bench, Trip(), OTHER_READER, KEYS_BEFORE_A_FALL) is Turn.MADE, when
    assert bench.card.state == "quarantined", when
    return check_made(bench, other, when)


@pytest.mark.rule("CRD-01", "CRD-03")
def test_a_reader_killed_at_any_moment_leaves_a_card_that_is_finished_or_given_up(batch, tmp_path):
    with batch.copy() as bench:
        passed = moments(tmp_path, partial(turn, bench), bench.cards)
        check_made(bench, batch.csn, "not killed")
    assert sum("card acted" in name for name in passed) > 30
    for at, name in enumerate(passed):
        if name.endswith("before a commit"):
            # What lasts is what lasted a moment before.
            continue
        when = f"killed at {at}, {name}"
        with batch.copy() as bench:
            assert in_child(partial(turn, bench, Trip(at))) == signal.SIGKILL, when
            check_always(bench, when)
            if at % GIVEN_UP == 0:
                give_up(bench, when)
            elif not name.startswith(NOTHING_NEW):
                # Where the card only told something, it is put back as it was a moment before.
                put_back(bench, when)
