"""Conversations with the card in the holder's reader: what they come to, and what can't go wrong on the way."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from hardware.agent.allowed import examine
from hardware.master_key import KeysOfCard
from hardware.piv import Reference
from hardware.scripts.steps import select, standing_of, verify_pin
from tests.faults.line import READER
from tests.holders.browser import Browser
from tests.workflow.registry import CODE
from workflow.acts.card_sessions import LIFE
from workflow.commands_of_holders import AdvanceCardSession, EndCardSession
from workflow.errors import NotFound, RegistryError, UserCodeLocked, WrongUserCode
from workflow.store import schema as t
from workflow.vocabulary import CardErrand

E = CardErrand
NEW_PIN = "735162"


def refused(act, *arguments, **values):
    with pytest.raises(RegistryError) as refusal:
        act(*arguments, **values)
    return refusal.value.code


def puk_of(browser):
    assert browser.bench.card.next_puk_generation is None
    return puk_before(browser)


def check_pin(browser, pin):
    with browser.bench.station.open_session(READER) as session:
        session.run(select())
        session.run(verify_pin(pin))
        return session.run(standing_of(Reference.PUK))


def lock_pin(browser):
    for _ in range(3):
        refused(browser.prove, "999999")


@pytest.mark.rule("ACT-01", "ACT-02")
def test_a_card_is_activated_over_the_holders_agent(browser_of):
    before = puk_before(browser_of)
    pin = browser_of.activate()
    assert browser_of.bench.case.state == "activated"
    assert browser_of.statuses() == {"valid"}
    assert check_pin(browser_of, pin).left == 3
    assert puk_of(browser_of) != before
    assert browser_of.audited().count("activate") == 1


def test_nothing_of_a_conversation_that_ended_can_be_read_again(browser_of):
    pin = browser_of.activate()
    row = browser_of.row()
    assert row.secret_sealed is None
    assert pin not in str(row)
    browser_of.do(EndCardSession(token=browser_of.token, owner=browser_of.owner))
    row = browser_of.row()
    assert (row.state, row.answer_sealed, row.transcript) == ("ended", None, "")
    assert pin not in "".join(entry.body for entry in browser_of.bench.rows(t.audit_entry))


@pytest.mark.rule("VEW-01")
def test_a_card_is_shown_before_any_secret_is_asked(browser_of):
    answer = browser_of.talk(E.LOOK)
    assert answer["csn"] == browser_of.csn
    assert answer["card_number"] == browser_of.bench.card.number
    assert {one["slot"] for one in answer["certificates"]} == {"9C", "9D"}


def test_the_agent_passes_every_command_of_every_conversation(active):
    active.talk(E.LOOK)
    active.talk(E.UNBLOCK, {"new_pin": NEW_PIN})
    active.talk(E.CHANGE_PIN, {"pin": NEW_PIN, "new_pin": "846273"})
    active.talk(E.TEST, {"pin": "846273"})
    active.prove("846273")
    assert {examine(command).purpose.name for command in active.sent} >= {
        "SELECT", "READ", "SEND_PIN", "CHANGE_PIN", "SET_PIN", "CHANGE_PUK", "SIGN", "PROVE",
    }  # fmt: skip


def test_the_holders_pin_never_reaches_the_registry(active):
    turn = active.open(E.CHANGE_PIN)
    commands = []
    with active.bench.station.open_session(READER) as session:
        while not turn.done:
            commands.append(turn.command)
            turn = active.step(turn, active.answer(session, turn, pin=active.pin, new_pin=NEW_PIN))
    assert commands[-1] == "0024008010{pin}{new_pin}"
    assert check_pin(active, NEW_PIN)


@pytest.mark.rule("PIN-01", "PIN-02", "PIN-05")
def test_three_wrong_pins_lock_the_card_and_the_user_code_unlocks_it(active):
    assert refused(active.prove, "999999") == "card.pin_wrong"
    refused(active.prove, "999999")
    assert refused(active.prove, "999999") == "card.pin_locked"
    assert refused(active.prove, active.pin) == "card.pin_locked"
    puk = puk_of(active)
    active.talk(E.UNBLOCK, {"new_pin": NEW_PIN})
    assert check_pin(active, NEW_PIN).left == 3
    assert puk_of(active) != puk
    assert "pin_unblocked" in active.audited()


@pytest.mark.rule("PIN-03")
def test_three_wrong_user_codes_close_the_way_to_unlock(active):
    for _ in range(2):
        with pytest.raises(WrongUserCode):
            active.open(E.UNBLOCK, user_code="wrong-1")
    for code in ("wrong-1", CODE):
        with pytest.raises(UserCodeLocked):
            active.open(E.UNBLOCK, user_code=code)


@pytest.mark.rule("PCH-01")
def test_the_pin_is_changed_with_the_old_one(active):
    assert refused(active.talk, E.CHANGE_PIN, {"pin": "999999", "new_pin": NEW_PIN}) == "card.pin_wrong"
    active.talk(E.CHANGE_PIN, {"pin": active.pin, "new_pin": NEW_PIN})
    assert check_pin(active, NEW_PIN)
    assert "pin_change_reported" in active.audited()


@pytest.mark.rule("VEW-02")
def test_a_card_is_tested_by_a_signature_that_verifies(active):
    assert active.talk(E.TEST, {"pin": active.pin}) == {"status": "valid"}


def test_an_unlock_before_the_activation_is_refused(browser_of):
    assert refused(browser_of.open, E.UNBLOCK) == "card.not_active"
    assert refused(browser_of.open, E.ACTIVATE, csn="00" * 16) == "card.wrong_card"
    with pytest.raises(NotFound):
        browser_of.open(E.TEST, csn="00" * 16)


def test_a_step_posted_twice_gets_the_same_answer_and_an_older_one_none(active):
    turn = active.open(E.LOOK)
    with active.bench.station.open_session(READER) as session:
        first = active.answer(session, turn)
        then = active.step(turn, first)
        assert active.step(turn, first) == then
        assert refused(active.step, turn, first + b"\x90\x00") == "card.session_step"
        active.step(then, active.answer(session, then))
        assert refused(active.step, turn, first) == "card.session_step"


def test_the_last_step_posted_twice_shows_the_same_pin_and_activates_once(browser_of):
    turn = browser_of.open(E.ACTIVATE)
    with browser_of.bench.station.open_session(READER) as session:
        while not turn.done:
            response = browser_of.answer(session, turn)
            last, turn = turn, browser_of.step(turn, response)
    assert browser_of.step(last, response) == turn
    assert browser_of.audited().count("activate") == 1


def test_a_refusal_posted_twice_is_the_same_refusal(active):
    turn = active.open(E.PROVE)
    with active.bench.station.open_session(READER) as session:
        while "{pin}" not in turn.command:
            turn = active.step(turn, active.answer(session, turn))
        response = active.answer(session, turn, pin="999999")
    assert [refused(active.step, turn, response) for _ in range(2)] == ["card.pin_wrong"] * 2


def test_another_process_goes_on_where_the_first_was_killed(browser_on_postgresql):
    browser = browser_on_postgresql
    turn = browser.open(E.ACTIVATE)
    with browser.bench.station.open_session(READER) as session:
        while not turn.done:
            response = browser.answer(session, turn)
            browser.office = browser.bench.opened()
            turn = browser.step(turn, response)
    assert check_pin(browser, turn.answer["pin"])
    assert browser.bench.case.state == "activated"


def break_off(browser, at):
    """Carry an activation on for some steps, let the card act once more, and hear no more of it; None at its end."""
    turn = browser.open(E.ACTIVATE)
    with browser.bench.station.open_session(READER) as session:
        for _ in range(at):
            turn = browser.step(turn, browser.answer(session, turn))
            if turn.done:
                return False
        browser.answer(session, turn)
    return True


def test_a_conversation_broken_off_anywhere_is_put_right_by_another(holders_line):
    at = 0
    while True:
        with holders_line.copy() as bench:
            browser = Browser(bench)
            if not break_off(browser, at):
                break
            assert check_pin(browser, browser.activate()).left == 3, f"broken off at {at}"
            at += 1
    assert at >= 8


def test_a_conversation_is_of_no_use_to_another_browser(active):
    turn = active.open(E.LOOK)
    thief = AdvanceCardSession(token=active.token, owner="another", step=turn.step, response=b"\x90\x00")
    assert refused(active.do, thief) == "card.session_over"
    guess = AdvanceCardSession(token="guess", owner=active.owner, step=0, response=b"\x90\x00")
    assert refused(active.do, guess) == "card.session_over"


def test_a_conversation_ends_with_its_minutes(active):
    turn = active.open(E.LOOK)
    active.office.clock.move(minutes=LIFE / timedelta(minutes=1))
    try:
        assert refused(active.step, turn, b"\x90\x00") == "card.session_over"
        active.open(E.LOOK)
        old = active.bench.rows(t.card_session)[-2]
        assert (old.state, old.secret_sealed) == ("ended", None)
    finally:
        active.office.clock.move(minutes=-(LIFE / timedelta(minutes=1)))


def test_a_card_exchanged_in_between_is_noticed(active):
    other = active.bench.station.new_blank()
    active.bench.station.remove(READER)
    active.bench.station.insert(READER, other)
    assert refused(active.prove) == "card.exchanged"


@pytest.mark.parametrize("response", [b"", b"\x90", b"\x6f\x00", b"\x00" * 300 + b"\x90\x00", b"\x61\x00"])
def test_a_card_that_answers_nonsense_ends_the_conversation_in_words(active, response):
    turn = active.open(E.PROVE)
    code = "card.failed"
    for _ in range(300):
        try:
            turn = active.step(turn, response)
        except RegistryError as refusal:
            code = refusal.code
            break
    assert code in {"card.failed", "card.exchanged"}
    assert json.loads(active.row().refusal)["code"] == code


def test_a_puk_goes_to_no_card_but_the_one_that_proves_itself(active):
    blank = active.bench.station.new_blank()
    turn = active.open(E.UNBLOCK)
    puk = puk_before(active)
    with active.bench.station.open_session(READER) as session:
        while not turn.command.startswith("008708"):
            turn = active.step(turn, active.answer(session, turn))
            if turn.command.startswith("0087"):
                break
    active.bench.station.remove(READER)
    active.bench.station.insert(READER, blank)
    with active.bench.station.open_session(READER) as impostor:
        impostor.run(select())
        code = ""
        while not code:
            try:
                turn = active.step(turn, active.answer(impostor, turn, new_pin=NEW_PIN))
            except RegistryError as refusal:
                code = refusal.code
    assert code in {"card.failed", "card.not_proved"}
    assert not any(puk.encode().hex() in command.hex() for command in active.sent[-3:])


def puk_before(browser):
    card = browser.bench.card
    return KeysOfCard(browser.office.master_keys.named(card.master_key), card.csn).puk(card.puk_generation)
