"""What was typed into a form is kept while its page is drawn anew, in the other language or after a log-in that ended."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browsing import PATIENCE, served
from web.app import create_app

pytestmark = pytest.mark.browser
PASSWORD = "correct horse"


@pytest.fixture
def page(chromium):
    context = chromium.new_context(locale="zh-TW")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    context.close()


def log_in(page, login):
    page.fill("#f-login", login)
    page.fill("#f-password", PASSWORD)
    page.click("main button[type=submit]")
    # The page's script has run by then: nobody types as quickly as a test.
    page.wait_for_load_state()


def test_an_applicant_who_changes_the_language_types_nothing_twice(page, web_ports, house):
    house.organisation(window_id=house.window())
    with served(create_app(web_ports)) as address:
        page.goto(f"{address}/apply/?ca=xca&q=建成")
        page.click("table button")
        page.check("input[value=primary]")
        page.click("main .button-primary")
        page.check("#f-agreement_accepted")
        page.click("main .button-primary")
        page.wait_for_load_state()
        page.fill("#f-contact_name", "堃喆峯𤧟")
        page.fill("#f-user_code", "Ab3#xyz")
        page.select_option("#f-mailing_county", "花蓮縣")
        page.select_option("#f-mailing_district", label="玉里鎮")
        page.click("text=English")
        expect(page.locator("#f-contact_name")).to_have_value("堃喆峯𤧟")
        expect(page.locator("#f-mailing_county")).to_have_value("花蓮縣")
        expect(page.locator("#f-mailing_district option:checked")).to_have_text("玉里鎮")
        expect(page.locator("#f-user_code")).to_have_value("")
        expect(page.locator(".notice[role=status]")).to_contain_text("What you typed is back")


def test_a_reviewer_whose_log_in_ended_finds_the_reason_again(page, counter, clock):
    case = counter.in_second_review()
    counter.house.account("tired", "second_reviewer")
    with served(counter.app) as address:
        path = f"{address}/officer/cases/{case}/"
        page.goto(path)
        log_in(page, "tired")
        page.check("input[value=return_second]")
        page.fill("#f-reason", "印文與機關名稱不符")
        page.fill("#f-password", PASSWORD)
        clock.move(minutes=31)
        page.click("text=簽署並送出")
        page.click("main a.button-primary")
        log_in(page, "tired")
        expect(page.locator("#f-reason")).to_have_value("印文與機關名稱不符")
        expect(page.locator("input[value=return_second]")).to_be_checked()
        expect(page.locator("#f-password")).to_have_value("")
        page.goto(f"{address}/staff/worklist/")
        page.goto(path)
        expect(page.locator("#f-reason")).to_have_value("")


def test_whoever_logs_out_leaves_nothing_to_the_next_person(page, counter):
    case = counter.in_second_review()
    for login in ("first", "second"):
        counter.house.account(login, "second_reviewer")
    with served(counter.app) as address:
        page.goto(f"{address}/officer/cases/{case}/")
        log_in(page, "first")
        page.fill("#f-reason", "請再查證")
        page.click("text=登出")
        page.goto(f"{address}/login/?next=/officer/cases/{case}/")
        log_in(page, "second")
        expect(page.locator("#f-reason")).to_have_value("")


def test_whoever_logs_in_after_a_log_in_that_ended_finds_nothing_of_the_others(page, counter, clock):
    case = counter.in_second_review()
    for login in ("first", "second"):
        counter.house.account(login, "second_reviewer")
    with served(counter.app) as address:
        page.goto(f"{address}/officer/cases/{case}/")
        log_in(page, "first")
        page.check("input[value=return_second]")
        page.fill("#f-reason", "請再查證")
        page.fill("#f-password", PASSWORD)
        clock.move(minutes=31)
        page.click("text=簽署並送出")
        page.click("main a.button-primary")
        log_in(page, "second")
        expect(page.locator("#f-reason")).to_have_value("")
        expect(page.locator("input[value=return_second]")).not_to_be_checked()


def test_a_choice_made_over_a_form_that_has_changed_is_made_anew(page, counter):
    case = counter.in_second_review()
    counter.house.account("late", "second_reviewer")
    with served(counter.app) as address:
        page.goto(f"{address}/officer/cases/{case}/")
        log_in(page, "late")
        page.check("input[value=approve_second]")
        page.fill("#f-password", PASSWORD)
        counter.put(case, snapshot_sha256="0" * 64)
        page.click("text=簽署並送出")
        page.click("text=重新載入這個頁面")
        expect(page.locator("input[value=approve_second]")).not_to_be_checked()


def test_a_browser_that_allows_no_memory_keeps_nothing_and_breaks_nothing(page, web_ports):
    broken = []

    def note(error):
        broken.append(error)

    # A list's own method is no handler: the library marks each with an attribute.
    page.on("pageerror", note)
    page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('', 'SecurityError'); } })"
    )
    with served(create_app(web_ports)) as address:
        page.goto(f"{address}/apply/?q=建成")
        page.click("text=English")
        page.wait_for_load_state()
    assert not broken
