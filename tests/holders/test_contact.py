"""The contact of a card is changed with card and PIN; the same proof shows the organisation's certificates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.faults.line import work_lane
from workflow import policies
from workflow.acts.card_conclusions import PROOF_HOLDS
from workflow.commands_of_holders import ChangeContact, EndCardSession
from workflow.errors import NotFound, RegistryError
from workflow.store import schema as t
from workflow.views import holders
from workflow.vocabulary import Ca, Lane

CONTACT = {"contact_name": "林新任", "contact_email": "new@example.tw", "contact_phone": "02-2"}


def change(browser, **values):
    given = {"token": browser.token, "owner": browser.owner, "form": CONTACT} | values
    return browser.do(ChangeContact(**given))


def refused(act, *arguments, **values):
    with pytest.raises(RegistryError) as refusal:
        act(*arguments, **values)
    return refusal.value.code


def proven(browser):
    with browser.office.reading() as connection:
        return holders.proven(connection, browser.token, browser.owner, browser.office.clock.now())


@pytest.mark.rule("CTC-01", "ACT-13")
def test_card_and_pin_change_the_contact_and_both_are_told(active):
    active.prove()
    change(active)
    case = active.bench.case
    assert (case.contact_name, case.contact_email) == ("林新任", "new@example.tw")
    assert proven(active).contact["contact_phone"] == "02-2"
    active.office.mailer.mails.clear()
    work_lane(active.office, Lane.NOTICE)
    told = {mail.to for mail in active.office.mailer.mails if "連絡人" in mail.subject}
    assert told == {"c@example.tw", "new@example.tw"}
    assert not any("林新任" in entry.body for entry in active.bench.rows(t.audit_entry))


def test_without_the_proof_nothing_is_changed_or_shown(active):
    assert refused(change, active, token="guess") == "card.proof_missing"
    active.prove()
    assert refused(change, active, owner="another") == "card.proof_missing"
    active.do(EndCardSession(token=active.token, owner=active.owner))
    assert refused(change, active) == "card.proof_missing"
    assert refused(proven, active) == "card.proof_missing"


def test_the_proof_holds_for_minutes(active):
    active.prove()
    seconds = PROOF_HOLDS.total_seconds()
    active.office.clock.move(seconds=seconds)
    try:
        assert refused(change, active) == "card.proof_missing"
    finally:
        active.office.clock.move(seconds=-seconds)


@pytest.mark.rule("ACT-13", "CTC-01")
def test_a_card_that_is_not_activated_proves_nothing(browser_of):
    # Before its activation nobody knows its PIN; even one who did would be refused.
    card = browser_of.bench.card
    assert card.pin_sealed is None
    assert refused(browser_of.prove, "000000") == "card.pin_wrong"


def test_a_suspended_card_proves_nobody(active):
    with active.office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(t.certificate.update().values(status="suspended", status_before="valid"))
    assert refused(active.prove) == "card.certificate_not_valid"


@pytest.mark.rule("STA-03")
def test_only_the_ca_that_offers_it_shows_the_organisations_certificates(active):
    active.prove()
    holder = proven(active)
    with active.office.reading() as connection, pytest.raises(NotFound):
        holders.of_organisation(connection, holder)
    gca = replace(holder, policy=policies.in_force(Ca.GCA, date(2026, 3, 2)))
    with active.office.reading() as connection:
        seen = holders.of_organisation(connection, gca)
    assert {(one.purpose, one.card_number) for one in seen} == {
        ("signature", holder.card_number),
        ("encipherment", holder.card_number),
    }
