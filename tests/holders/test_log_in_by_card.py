"""A holder logs in with the card, sees what is kept of it, and is logged out by time, by suspension or by hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.faults.line import READER
from tests.holders.browser import Browser
from tests.workflow.registry import CODE
from workflow.acts.card_conclusions import PROOF_HOLDS
from workflow.commands import SubmitApplication
from workflow.commands_of_holders import EndCardSession, ResumeByHolder, SuspendByHolder
from workflow.errors import RegistryError
from workflow.facts import PUBLIC
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.views import holders
from workflow.vocabulary import Ca, Rank, SubscriberKind


def log_in(agency, pin, *, first=False):
    agency.errand("/card/log-in/", first=first, pin=pin)
    agency.page.wait_for_url("**/card/home")


def apply_as(bench, organisation_id):
    """File another card's application."""
    command = SubmitApplication(
        ca=Ca.GCA, subscriber_kind=SubscriberKind.AGENCY, rank=Rank.SECONDARY, window_id=None,
        organisation_id=organisation_id, agreement_accepted=True, user_code=CODE,
        form={"contact_name": "陳聯絡", "contact_email": "c@example.tw"},
    )  # fmt: skip
    case_id = handle(bench.office, command, PUBLIC).case_id
    return bench.rows(t.case, t.case.c.id == case_id)[0].number


def another_agency(bench):
    """Put another agency like the card's own into the register."""
    row = bench.rows(t.organisation, t.organisation.c.id == bench.case.organisation_id)[0]
    values = row._asdict() | {"id": None, "name": "別的機關", "oid": "2.16.886.101.99999"}
    with bench.office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        return connection.execute(t.organisation.insert().values(**values)).inserted_primary_key[0]


@pytest.mark.browser
@pytest.mark.rule("STA-03", "CTC-01")
def test_an_agency_sees_its_certificates_cases_and_contact(agency):
    bench = agency.stand.bench
    pin, ours = Browser(bench).activate(), apply_as(bench, bench.case.organisation_id)
    theirs = apply_as(bench, another_agency(bench))
    agency.go("/card/home")
    agency.page.wait_for_url("**/card/log-in/")
    log_in(agency, pin, first=True)
    shown = agency.page.inner_text("main")
    assert all(word in shown for word in (bench.card.number, bench.case.number, ours, "有效", "陳聯絡"))
    assert theirs not in shown
    agency.look_well("home")
    agency.page.click("text=線上查詢機關所有憑證")
    expect(agency.page.locator("tbody tr")).to_have_count(2)
    agency.look_well("agency-certificates")
    agency.page.click("main >> text=我的卡片")
    agency.page.click("text=修改連絡人")
    agency.page.fill("#f-contact_name", "林新任")
    agency.page.fill("#f-contact_phone", "02-2321-0000")
    agency.page.click("form:has(#f-contact_name) button")
    agency.page.click("main >> text=我的卡片")
    expect(agency.page.locator("main")).to_contain_text("林新任")
    agency.page.click("main button:has-text('登出')")
    agency.go("/card/certificates/list")
    agency.page.wait_for_url("**/card/certificates/")


@pytest.mark.browser
@pytest.mark.rule("SUS-10")
def test_a_log_in_ends_when_the_card_is_suspended(agency):
    bench = agency.stand.bench
    browser = Browser(bench)
    pin = browser.activate()
    log_in(agency, pin, first=True)
    number = bench.card.number
    browser.do(SuspendByHolder(card_number=number, user_code=CODE, reason="卡片遺失"))
    agency.page.reload()
    agency.page.wait_for_url("**/card/log-in/")
    agency.read_card()
    agency.send(pin=pin)
    assert "停用" in agency.trouble()
    browser.do(ResumeByHolder(card_number=number, user_code=CODE))
    log_in(agency, pin)


@pytest.mark.browser
def test_the_card_may_leave_the_reader_but_another_browser_gets_nothing(agency, chromium):
    pin = Browser(agency.stand.bench).activate()
    log_in(agency, pin, first=True)
    agency.stand.bench.station.remove(READER)
    agency.page.reload()
    expect(agency.page.locator("h1")).to_have_text("我的卡片")
    stranger = chromium.new_context()
    page = stranger.new_page()
    page.goto(agency.stand.address + "/card/home")
    page.wait_for_url("**/card/log-in/")
    stranger.close()


def seen(browser):
    with browser.office.reading() as connection:
        return holders.proven(connection, browser.token, browser.owner, browser.office.clock.now())


def test_a_log_in_ends_after_its_minutes_by_hand_or_with_the_certificate(active):
    active.prove()
    assert seen(active).card_number == active.bench.card.number
    active.office.clock.move(seconds=PROOF_HOLDS.total_seconds())
    try:
        with pytest.raises(RegistryError, match=r"card\.proof_missing"):
            seen(active)
    finally:
        active.office.clock.move(seconds=-PROOF_HOLDS.total_seconds())
    with active.office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(t.certificate.update().values(status="revoked"))
    with pytest.raises(RegistryError, match=r"card\.proof_missing"):
        seen(active)
    active.do(EndCardSession(token=active.token, owner=active.owner))
    assert active.audited()[-1] == "holder_logged_out"
