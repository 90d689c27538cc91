"""A card that is torn at any command of its holder's conversation is put right by another one, on PostgreSQL."""

from __future__ import annotations

from itertools import count

import pytest

from hardware.errors import CardRemoved, SecretRefused
from hardware.master_key import KeysOfCard
from hardware.piv import Reference
from hardware.scripts.steps import select, standing_of, verify_pin
from hardware.secrets_of_card import encode_puk
from hardware.virtual.card import Fault, FaultKind
from tests.faults.line import READER
from tests.holders.browser import Browser
from workflow.vocabulary import CardErrand

TORN = pytest.mark.parametrize("kind", [FaultKind.TORN_BEFORE, FaultKind.TORN_AFTER])
PINS = ("735162", "846273")


def torn(browser, errand, fault, pins):
    """Hold a conversation with a card that fails so; says whether it came to that."""
    turn = browser.open(errand)
    with browser.bench.station.open_session(READER, fault) as session:
        while not turn.done:
            try:
                response = browser.answer(session, turn, **pins)
            except CardRemoved:
                return True
            turn = browser.step(turn, response)
    return False


def check_secrets(browser, pin, when):
    """See that the PIN works and that the PUK which the registry derives is the card's, with no try lost."""
    card = browser.bench.card
    assert card.next_puk_generation is None, when
    with browser.bench.station.open_session(READER) as session:
        session.run(select())
        session.run(verify_pin(pin))
        standing = session.run(standing_of(Reference.PUK))
    assert standing.left == standing.limit, when
    keys = KeysOfCard(browser.office.master_keys.named(card.master_key), card.csn)
    held = browser.bench.station.card_file(card.csn).load().puk.value
    assert held == encode_puk(keys.puk(card.puk_generation)), when


def block(browser):
    with browser.bench.station.open_session(READER) as session:
        session.run(select())
        for _ in range(3):
            with pytest.raises(SecretRefused):
                session.run(verify_pin("918273"))


@TORN
@pytest.mark.rule("ACT-01", "ACT-02")
def test_an_activation_torn_at_any_command_is_put_right_by_another(postgresql_holders_line, kind):
    for at in count():
        with postgresql_holders_line.copy() as bench:
            browser, when = Browser(bench), f"{kind.name.lower()} at {at}"
            if not torn(browser, CardErrand.ACTIVATE, Fault(at, kind), {}):
                break
            assert browser.statuses() == {"issued"}, when
            check_secrets(browser, browser.activate(), when)
            assert (bench.case.state, browser.statuses()) == ("activated", {"valid"}), when
    assert at >= 8


@TORN
@pytest.mark.rule("PIN-02")
def test_an_unblocking_torn_at_any_command_is_put_right_by_another(browser_on_postgresql, kind):
    browser = browser_on_postgresql
    browser.activate()
    for at in count():
        when, torn_pins = f"{kind.name.lower()} at {at}", {"new_pin": PINS[at % 2]}
        block(browser)
        if not torn(browser, CardErrand.UNBLOCK, Fault(at, kind), torn_pins):
            break
        pin = PINS[(at + 1) % 2]
        browser.talk(CardErrand.UNBLOCK, {"new_pin": pin})
        check_secrets(browser, pin, when)
    assert at >= 8
