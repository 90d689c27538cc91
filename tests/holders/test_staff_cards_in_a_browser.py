"""An officer logs in and signs an approval with the card, in a real browser over the agent."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from tests.holders.screen import Holder
from tests.holders.stand import Stand
from tests.workflow.registry import PASSWORD
from tests.workflow.test_staff_cards import PIN, Desk
from workflow.store import schema as t
from workflow.vocabulary import Ca

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(sqlite_url, tmp_path):
    desk = Desk(sqlite_url, tmp_path / "cards")
    yield desk
    desk.registry.close()


@pytest.fixture
def officer(desk, chromium):
    """Lend an officer before the screen, whose card is in the reader."""
    desk.card(desk.registry.officer)
    stand = Stand(SimpleNamespace(office=desk.registry.office, station=desk.station))
    stand.start()
    context = chromium.new_context(locale="zh-TW")
    yield Holder(stand, context)
    context.close()
    stand.stop()


def log_in(desk, officer):
    officer.read_card()
    assert "這是承辦人員的卡片" in officer.page.inner_text("#details")
    officer.send(login=desk.registry.officer.name, password=PASSWORD, pin=PIN)


@pytest.mark.rule("ROL-05", "RV1-07")
def test_an_officer_logs_in_and_approves_with_the_card(desk, officer):
    case_id = desk.registry.a_case("second_review", Ca.GCA)
    officer.go("/staff-card/log-in/")
    officer.pair()
    log_in(desk, officer)
    officer.page.wait_for_url("**/staff/**")
    officer.go(f"/officer/cases/{case_id}/")
    officer.page.check("input[name=decision][value=approve_second]")
    officer.page.click("button[formaction]")
    shown = officer.page.inner_text("#statement")
    case = desk.registry.case(case_id)
    assert case.number in shown
    assert case.snapshot_sha256 in shown
    officer.read_card()
    officer.send(pin=PIN)
    officer.page.wait_for_url(f"**/staff/cases/{case_id}/**")
    assert desk.registry.state(case_id) == "approved"
    assert desk.registry.rows(t.review_decision)[-1].certificate is not None
    assert officer.wrong == []


def test_what_was_typed_comes_back_after_a_log_in_by_card(desk, officer):
    case_id = desk.registry.a_case("second_review", Ca.GCA)
    review = f"/officer/cases/{case_id}/"
    officer.go("/staff-card/log-in/?next=" + review)
    officer.pair()
    log_in(desk, officer)
    officer.page.wait_for_url("**" + review)
    officer.page.check("input[name=decision][value=return_second]")
    officer.page.fill("#f-reason", "公文缺附件")
    # The log-in ends while the reason is being typed.
    officer.context.clear_cookies()
    officer.page.click("button[formaction]")
    officer.page.click("main a[href^='/login/']")
    officer.page.click("main a[href^='/staff-card/log-in/']")
    log_in(desk, officer)
    officer.page.wait_for_url("**" + review)
    expect(officer.page.locator("#f-reason")).to_have_value("公文缺附件")
    expect(officer.page.locator("input[value=return_second]")).to_be_checked()
    assert officer.wrong == []
