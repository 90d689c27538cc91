"""Ninety days without activation: XCA revokes and bars, GCA suspends and may be asked for a late activation."""

from __future__ import annotations

import pytest
from cryptography import x509

from ops.journey import applying, holding, published, reviewing
from ops.journey.story import LAPSES
from workflow.vocabulary import Ca


def serial_on(house, reader):
    return x509.load_der_x509_certificate(holding.certificates_on(house, reader).signature).serial_number


def let_lapse(house, filed, mails):
    for leaps, reminders in LAPSES:
        holding.move_clock(house, *leaps)
        house.wait("the work", lambda: not house.case(filed.number).work)
        triggers = [step.trigger for step in house.case(filed.number).history]
        assert triggers.count("remind_activation") == reminders
    assert {mail.to for mail in mails.sent} == {filed.applicant.email}


@pytest.mark.rule("ACT-04", "P-05", "REV-05")
def test_a_schools_card_is_revoked_listed_and_bars_a_new_application(walk, house, mails):
    filed, _ = walk.posted(Ca.XCA)
    reader = holding.insert(house, walk.csn)
    let_lapse(house, filed, mails)
    assert house.state(filed.number) == "revoked_unactivated"
    assert walk.status_of_certificates(filed) == {"revoked"}
    assert published.is_listed(house, Ca.XCA, serial_on(house, reader))
    assert applying.is_turned_away(house, filed.applicant)
    holding.try_to_activate(house, reader, filed.applicant.user_code)
    assert house.state(filed.number) == "revoked_unactivated"
    holding.move_clock(house, 90, 7)
    assert not applying.is_turned_away(house, filed.applicant)


@pytest.mark.rule("ACT-03", "P-05", "SUS-07", "SUS-08")
def test_an_agencys_card_is_suspended_and_activated_late_by_the_officers_leave(walk, house, mails):
    filed, _ = walk.posted(Ca.GCA)
    reader = holding.insert(house, walk.csn)
    let_lapse(house, filed, mails)
    assert house.state(filed.number) == "suspended_unactivated"
    assert walk.status_of_certificates(filed) == {"suspended"}
    serial = serial_on(house, reader)
    assert published.is_listed(house, Ca.GCA, serial)

    holding.try_to_activate(house, reader, filed.applicant.user_code)
    assert house.state(filed.number) == "suspended_unactivated"
    reviewing.act(house, reviewing.OFFICER, filed.number, "allow_late_activation", reason="承辦人請長假")
    pin = holding.activate(house, reader, filed.applicant.user_code)
    holding.prove_pin(house, reader, pin)
    assert walk.status_of_certificates(filed) == {"valid"}
    house.wait("the list", lambda: not published.is_listed(house, Ca.GCA, serial))
