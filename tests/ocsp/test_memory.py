"""Answers are kept only under a lease, and never past a change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops.ocsp.memory import LEASE_SECONDS, MOST_NAMES, Memory
from workflow.ocsp import Answer

MADE = datetime(2026, 3, 2, 1, tzinfo=UTC)


class Ticks:
    """A boot clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def memory(ticks: Ticks) -> Memory:
    memory = Memory(most=3, clock=ticks)
    memory.renew_lease(ticks.now, ())
    return memory


def an_answer(serial: int = 1, **values: object) -> Answer:
    plain = {
        "subject": ("xca", serial),
        "made": MADE,
        "ends": MADE + timedelta(hours=1),
        "statuses": ("good",),
    }
    return Answer(b"answer %d" % serial, **{**plain, **values})


def keep(memory: Memory, serial: int, name: str | bytes = "") -> None:
    memory.keep(name or f"/{serial}", b"id %d" % serial, an_answer(serial), memory.generation)


@pytest.mark.rule("SUS-10")
def test_nothing_is_given_out_when_the_lease_has_run_out(memory, ticks):
    keep(memory, 1)
    assert memory.get("/1").body == b"answer 1"
    ticks.now += LEASE_SECONDS
    assert memory.get("/1") is memory.get_by_id(b"id 1", "/other") is None
    memory.renew_lease(ticks.now, ())
    assert memory.get("/1").body == b"answer 1"


def test_the_lease_counts_from_the_question_and_not_from_its_answer(memory, ticks):
    keep(memory, 1)
    asked = ticks.now
    ticks.now += 0.8
    memory.renew_lease(asked, ())
    ticks.now += LEASE_SECONDS - 0.79
    assert memory.get("/1") is None


@pytest.mark.rule("SUS-10")
def test_what_changed_is_dropped_under_all_its_names(memory, ticks):
    keep(memory, 1)
    keep(memory, 2)
    assert memory.get_by_id(b"id 1", b"posted") is memory.get(b"posted") is memory.get("/1")
    assert memory.renew_lease(ticks.now, [("xca", 1), ("gca", 2), ("xca", 9)]) == 1
    assert memory.get("/1") is memory.get(b"posted") is memory.get_by_id(b"id 1", "/1") is None
    assert memory.get("/2") is not None


@pytest.mark.rule("SUS-10")
def test_an_answer_read_before_a_change_was_told_is_not_kept(memory, ticks):
    generation = memory.generation
    memory.renew_lease(ticks.now, [("xca", 7)])
    assert memory.keep("/1", b"id 1", an_answer(), generation) is None
    memory.forget()
    memory.renew_lease(ticks.now, ())
    assert memory.get("/1") is None
    assert len(memory) == 0


def test_only_answers_for_everybody_are_kept(memory):
    for answer in (an_answer(subject=None), an_answer(made=None), an_answer(ends=None)):
        assert memory.keep("/1", b"id 1", answer, memory.generation) is None


def test_an_answer_is_kept_for_half_its_life(memory, ticks):
    keep(memory, 1)
    ticks.now += 30 * 60 - 1
    memory.renew_lease(ticks.now, ())
    assert memory.get("/1") is not None
    ticks.now += 1
    memory.renew_lease(ticks.now, ())
    assert memory.get("/1") is memory.get_by_id(b"id 1", "/1") is None


def test_there_is_an_end_to_what_is_kept(memory):
    for serial in range(1, 6):
        keep(memory, serial)
    assert len(memory) == 3
    assert memory.get("/2") is None
    for number in range(MOST_NAMES * 2):
        memory.get_by_id(b"id 5", f"/5/{number}")
    assert sum(memory.get(f"/5/{number}") is not None for number in range(MOST_NAMES * 2)) == MOST_NAMES - 1
    keep(memory, 5, "/again")
    assert memory.get("/5") is None
    assert memory.get("/again") is not None
    assert len(memory) == 3


def test_the_operator_may_let_caches_keep_answers(ticks):
    memory = Memory(max_age=60, clock=ticks)
    memory.renew_lease(ticks.now, ())
    keep(memory, 1)
    assert ("cache-control", "max-age=60, public, no-transform, must-revalidate") in memory.get("/1").headers
