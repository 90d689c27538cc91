"""Every page in a real browser: axe at WCAG 2.1 AA, no sideways scrolling at 360 pixels, and Taiwan's own rules.

The pages are listed in pages.json, so that whoever adds a screen adds a line there. Groups of pages that need a visitor
in a certain place (an application begun, a case open, somebody logged in) are prepared by `prepared`.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browsing import PATIENCE, WIDE, Judge, findings, fits, in_english, lint, served
from web.app import create_app
from workflow.store import schema as s

pytestmark = pytest.mark.browser

CODE = "Ab3#xyz"
FORM = {
    "contact_name": "陳聯絡",
    "contact_email": "chen@example.tw",
    "contact_phone": "02-2558-1234",
    "user_code": CODE,
    "user_code_again": CODE,
}


@pytest.fixture
def address(demo_ports):
    """Serve the demonstration on a loopback port and give its address."""
    with served(create_app(demo_ports)) as address:
        yield address


def _begin(page, address, _house):
    page.goto(f"{address}/apply/?ca=xca&q=建成")
    page.click("table button")
    page.check("input[value=primary]")
    page.click("main .button-primary")
    page.check("#f-agreement_accepted")
    page.click("main .button-primary")


def _apply(page, address, house):
    _begin(page, address, house)
    for name, value in FORM.items():
        page.fill(f"#f-{name}", value)
    page.click("button[value=upload]")


PREPARED = {
    "public": lambda _page, _address, _house: None,
    "applicant": _begin,
    "own_case": _apply,
    "repository": lambda _page, _address, house: house.repository(),
    "demo": lambda _page, _address, house: house.account("audit", "auditor"),
}
"""How a visitor gets to where a group's pages open."""


@pytest.fixture
def prepared(address, chromium, house):
    """Bring a visitor to where the pages of a group open, with a school that may apply; gives the page."""
    house.organisation(window_id=house.window())

    def prepare(group):
        context = chromium.new_context(locale="zh-TW", viewport={"width": WIDE, "height": 900})
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        PREPARED[group](page, address, house)
        # The page's scripts have run by then.
        page.wait_for_load_state()
        return page

    return prepare


@pytest.mark.parametrize("group", sorted(PREPARED))
def test_no_page_breaks_an_accessibility_rule_or_scrolls_sideways(group, prepared, address, pages, tmp_path):
    judge = Judge(prepared(group), address, tmp_path / "html", group)
    assert judge.look((*pages[group], *in_english(pages[group]))) == []
    assert lint(judge.folder) == ""


def test_a_page_with_problems_breaks_no_rule_either(prepared, address, house):
    page = prepared("applicant")
    page.fill("#f-contact_email", "nobody")
    page.click("button[value=upload]")
    expect(page.locator("#error-summary li").nth(2)).to_be_visible()
    assert findings(page) == []
    page.click("a[href='#f-contact_email']")
    expect(page.locator("#f-contact_email")).to_be_focused()
    assert not house.rows(s.case)


def test_activation_keeps_the_rules_at_each_step(prepared, address, house, station):
    page = prepared("own_case")
    house.delivered_card(station, house.rows(s.case)[0].id)
    page.goto(f"{address}/activate/")
    assert findings(page) == []
    page.click("main .button-primary")
    expect(page.locator("h1")).to_have_text("請核對卡片資料")
    assert findings(page) == []
    assert fits(page)
    page.check("#f-details_right")
    page.fill("#f-user_code", CODE)
    page.click("main .button-primary")
    assert page.locator(".big-secret").inner_text().isdecimal()
    assert findings(page) == []
    assert fits(page)


def test_a_refusal_keeps_the_rules(prepared, address):
    page = prepared("public")
    page.goto(f"{address}/nowhere/")
    assert findings(page) == []
    assert fits(page)


def test_the_districts_follow_the_county_and_bring_the_code(prepared):
    page = prepared("applicant")
    page.select_option("#f-mailing_county", "基隆市")
    page.select_option("#f-mailing_district", "七堵區")
    expect(page.locator("#f-mailing_postal_code")).to_have_value("206")


def test_the_first_tab_stop_skips_to_the_content(prepared, address):
    page = prepared("public")
    page.goto(address)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("跳到主要內容區")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_an_application_can_be_made_without_javascript(chromium, address, house):
    house.organisation(window_id=house.window())
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.set_default_timeout(PATIENCE)
    _apply(page, address, house)
    expect(page.locator("h1")).to_contain_text("步驟 4")
