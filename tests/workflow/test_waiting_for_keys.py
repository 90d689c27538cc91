"""Work that needs the authorities' keys waits while they are not activated, and goes on by itself after."""

from __future__ import annotations

import pytest

from ops.watches import watch_half_life
from ops.worker import run_once
from pki.activation import not_activated
from tests.activations import Switch
from tests.workflow.batches import Batches, items
from tests.workflow.shared_keys import shared, under
from workflow import performers
from workflow.commands_of_performers import PublishCrl
from workflow.errors import Unavailable
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.ocsp.responders import keep_desk
from workflow.performers import perform, perform_next
from workflow.performers.line import Post, Turn, take_turn
from workflow.registration import registration
from workflow.store import outbox
from workflow.store import schema as t
from workflow.tickets import Ticket
from workflow.vocabulary import Ca, Lane, OutboxState


@pytest.fixture
def switch():
    return Switch()


@pytest.fixture
def office(registry, switch):
    """The registry's office under several people's control, after its ceremony."""
    return under(switch, registry.office)


def _asked(registry):
    return registry.rows(t.outbox, t.outbox.c.lane == str(Lane.CERTIFICATE))


@pytest.mark.rule("ROL-08")
def test_lists_wait_uncounted_say_why_and_are_made_after_the_activation(registry, office, switch):
    switch.off()
    run_once(office)
    run_once(office)
    waiting = _asked(registry)
    assert waiting
    assert {(row.state, row.attempts) for row in waiting} == {(str(OutboxState.WAITING), 0)}
    assert all("尚未啟用" in row.last_error for row in waiting)
    assert not registry.rows(t.crl)
    switch.on = True
    run_once(office)
    assert {row.state for row in _asked(registry)} == {str(OutboxState.DONE)}
    assert registry.rows(t.crl)


def test_work_whose_keys_are_deactivated_half_way_is_not_a_try(registry, office, monkeypatch):
    run_once(office)
    due = registry.clock.now()
    registry.insert(t.outbox, **outbox.crl_row("xca", due, due))

    def meets(_office, _work):
        raise not_activated()

    monkeypatch.setattr(perform, "PERFORMERS", dict.fromkeys(perform.PERFORMERS, meets))
    for _round in range(office.settings.attempts + 1):
        assert performers.perform_next(office, Lane.CERTIFICATE, "w")
        assert not perform_next(office, Lane.CERTIFICATE, "w")
        registry.clock.move(seconds=3)
    (row,) = [one for one in _asked(registry) if one.state != str(OutboxState.DONE)]
    assert (row.state, row.attempts) == (str(OutboxState.WAITING), 0)
    assert "尚未啟用" in row.last_error


def test_other_work_goes_on(registry, office, switch):
    switch.off()
    case = registry.submit()
    run_once(office)
    states = [row.state for row in registry.rows(t.outbox, t.outbox.c.case_id == case)]
    assert states
    assert set(states) == {str(OutboxState.DONE)}


def test_a_list_asked_for_by_hand_is_refused_in_words_and_counts_as_no_failure(registry, office, switch):
    switch.off()
    with pytest.raises(Unavailable, match="not activated"):
        handle(office, PublishCrl(authority="xca", whole=True), SYSTEM)
    assert not registry.rows(t.crl_failure)


def test_the_responder_has_no_certificates_until_the_activation(office, switch):
    switch.off()
    assert not keep_desk(office).responders
    switch.on = True
    assert {"gca", "xca", "moica"} <= set(keep_desk(office).responders)


def test_an_operator_is_alarmed_until_the_activation(registry, office, switch):
    def alarms() -> set[str]:
        return {row.code for row in registry.rows(t.watch_finding, t.watch_finding.c.cleared_at.is_(None))}

    switch.off()
    watch_half_life(office)
    assert "keys.not_activated" in alarms()
    switch.on = True
    watch_half_life(office)
    assert "keys.not_activated" not in alarms()


def test_the_manufacturing_line_takes_no_card_in_hand(office, switch):
    switch.off()
    assert take_turn(office, Post("reader 1", "line")).turn is Turn.NO_KEYS


def test_issuing_stopped_between_intent_and_signature_goes_on_with_the_same_serial(
    registry, switch, monkeypatch
):
    registry.office = shared(switch, registry.office)
    batches = Batches(registry)
    case = batches.approved(*items(1))
    # The RA has its key already, so the first signature asked for is the certificate's.
    registration(registry.office, Ca(registry.case(case).ca))
    redeem = Ticket.redeem

    def ended(ticket, authority):
        switch.off()
        return redeem(ticket, authority)

    monkeypatch.setattr(Ticket, "redeem", ended)
    batches.work()
    monkeypatch.undo()
    (intent,) = batches.certificates(case)
    assert intent.der is None
    switch.on = True
    registry.clock.move(seconds=5)
    batches.work()
    (issued,) = batches.certificates(case)
    assert issued.serial == intent.serial
    assert issued.der
    assert registry.state(case) == "issued"
