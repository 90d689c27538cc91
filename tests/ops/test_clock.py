"""The clocks: real time in UTC, and the demonstration's, which leaps for all processes together."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from ops.clock import DemoClock, SystemClock
from ops.database import clock_offset, open_engine
from ops.demo import seed
from workflow.commands import MoveClock
from workflow.errors import Refused
from workflow.facts import Actor
from workflow.handlers import handle
from workflow.vocabulary import Role

OPERATOR = Actor("operator", frozenset({Role.OPERATOR}))


def test_real_time_is_aware_and_in_utc():
    assert SystemClock().now().tzinfo is UTC


def test_a_leap_shows_at_once_here_and_in_every_other_process(make_office, database_url, clock):
    office = make_office(database_url)
    seed.start_clock(office)
    mine = DemoClock(office.engine, clock)
    elsewhere = DemoClock(open_engine(database_url), clock)
    assert mine.now() == clock.now()
    handle(office, MoveClock(days=90), OPERATOR)
    assert mine.now() == elsewhere.now() == clock.now() + timedelta(days=90)
    elsewhere._engine.dispose()


def test_a_real_office_has_no_clock_to_move(make_office, database_url):
    office = make_office(database_url)
    assert clock_offset(office.engine) == 0
    with pytest.raises(Refused):
        handle(office, MoveClock(days=1), OPERATOR)
