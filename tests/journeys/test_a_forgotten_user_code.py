"""A user code is forgotten: GCA mails a new one, XCA tells it by telephone, and the sealed paper follows, or does not."""

from __future__ import annotations

import re

import pytest

from ops.journey import applying, holding, reviewing
from ops.journey.cast import CONTACT
from workflow.vocabulary import Ca


def request_reset(house, filed):
    holder = house.visitor("holder")
    answers = {
        "card_number": house.case(filed.number).head.card_number,
        "organisation_name": filed.applicant.name,
        "wrong_code_over_three": "yes",
        "contact_name": CONTACT,
        "contact_phone": "04-2299-0000#12",
        "contact_email": filed.applicant.email,
        "contact_fax": "04-2299-0001",
    }
    page = holder.send(holder.open("/usercode-reset/").form(), answers)
    number = page.text('//*[contains(@class, "case-number")]').replace(" ", "")
    return number, holder.download("/usercode-reset/form.pdf").content


def log_copy(house, number):
    reviewing.act(house, reviewing.DESK, number, "receive_copy", arrived_by="fax")


def log_paper(house, number):
    evidence = "正本，蓋有關防"
    reviewing.act(house, reviewing.DESK, number, "paper_back", evidence=evidence)


def opens(house, filed, code):
    return "已開卡" in applying.own_case(house, filed.number, code)[1].words


@pytest.fixture
def mailed(walk, house, mails, tools):
    """A GCA card whose holder was mailed a new code: the card's case, the reset's number and the code."""
    filed, _, _ = walk.activated(Ca.GCA)
    number, paper = request_reset(house, filed)
    printed = tools.text(paper)
    assert CONTACT in printed
    assert re.search(r"申請日期：\s*中華民國\d+年\d+月\d+日", printed)
    log_copy(house, number)
    house.wait_for_state(number, "awaiting_paper")
    (mail,) = mails.about("新用戶代碼為")
    return filed, number, re.search(r"^ +([A-Z0-9]{8})$", mail.text, re.MULTILINE)[1]


@pytest.mark.rule("UCR-01", "UCR-02")
def test_an_agency_is_mailed_a_new_code_and_its_paper_comes_in_time(mailed, house):
    filed, number, code = mailed
    assert opens(house, filed, code)
    log_paper(house, number)
    assert house.state(number) == "closed"
    holding.move_clock(house, 30, 30)
    house.wait("nothing to follow", lambda: house.state(number) == "closed")


@pytest.mark.rule("UCR-02", "P-08", "SUS-07", "SUS-08")
def test_an_agency_whose_paper_is_late_is_suspended_until_the_officer_accepts_it(mailed, walk, house):
    filed, number, _ = mailed
    holding.move_clock(house, 30, 1, 1)
    house.wait_for_state(number, "paper_overdue_suspended")
    assert walk.status_of_certificates(filed) == {"suspended"}
    log_paper(house, number)
    reviewing.act(house, reviewing.OFFICER, number, "accept_late", reason="郵件延誤")
    assert house.state(number) == "closed"
    assert walk.status_of_certificates(filed) == {"valid"}


@pytest.mark.rule("UCR-01", "UCR-03", "UCR-04", "P-08")
def test_a_school_is_told_by_telephone_and_revoked_when_no_paper_comes(walk, house, mails):
    filed, _, _ = walk.activated(Ca.XCA)
    number, _ = request_reset(house, filed)
    log_copy(house, number)
    told = reviewing.act(
        house, reviewing.DESK, number, "tell_by_phone", spoke_with=CONTACT, phone="04-2299-0000"
    )
    code = re.search(r"\b[A-Z0-9]{8}\b", told.words)[0]
    assert opens(house, filed, code)
    assert not any(code in mail.text for mail in mails.sent)
    holding.move_clock(house, 30, 1, 1)
    house.wait_for_state(number, "paper_overdue_revoked")
    assert walk.status_of_certificates(filed) == {"revoked"}
