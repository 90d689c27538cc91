"""A web process that is killed in the middle of a step leaves the step done or not done; repeating it goes on."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from hardware.scripts.steps import select, verify_pin
from tests.faults.falling import Trip, in_child, tripping
from tests.faults.line import READER
from tests.holders.browser import Browser
from workflow.vocabulary import CardErrand

if TYPE_CHECKING:
    from tests.faults.line import Line


PIN = "735162"
BOTH = pytest.mark.parametrize("at", [0, 1], ids=["before the commit", "after the commit"])
EACH = pytest.mark.parametrize("errand", [CardErrand.ACTIVATE, CardErrand.UNBLOCK])


def killed(browser, turn, response, at):
    """Take a step in a process that dies before or after its commit."""
    office = browser.office
    browser.office = tripping(browser.bench.opened(), Trip(at))
    try:
        return in_child(lambda: browser.step(turn, response))
    finally:
        browser.office = office


def walk(line: Line, at: int, errand: CardErrand) -> None:
    with line.copy() as bench:
        browser = Browser(bench)
        if errand is CardErrand.UNBLOCK:
            browser.activate()
        turn = browser.open(errand)
        # A child must not inherit a connection that its parent goes on using.
        browser.office.engine.dispose()
        with bench.station.open_session(READER) as session:
            while not turn.done:
                response = browser.answer(session, turn, new_pin=PIN)
                assert killed(browser, turn, response, at) == signal.SIGKILL
                turn = browser.step(turn, response)
                browser.office.engine.dispose()
        with bench.station.open_session(READER) as session:
            session.run(select())
            session.run(verify_pin(turn.answer.get("pin", PIN)))
        assert bench.case.state == "activated"
        assert browser.audited().count("activate") == 1


@BOTH
@EACH
def test_every_step_of_a_conversation_may_be_killed_and_is_repeated(holders_line, errand, at):
    walk(holders_line, at, errand)


@BOTH
@EACH
def test_the_same_on_postgresql(postgresql_holders_line, errand, at):
    walk(postgresql_holders_line, at, errand)
