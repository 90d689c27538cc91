"""The staff's pages in a real browser: axe at WCAG 2.1 AA, no sideways scrolling at 360 pixels, Taiwan's own rules."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browsing import WIDE, Judge, findings, in_english, lint, served
from workflow.commands import RequestReset
from workflow.facts import PUBLIC
from workflow.handlers import handle
from workflow.store import schema as s
from workflow.vocabulary import STAFF_ROLES, Rank

pytestmark = pytest.mark.browser


@pytest.fixture
def address(app):
    with served(app) as address:
        yield address


@pytest.fixture
def page(address, house, counter, chromium):
    """A browser in which somebody with every role is logged in."""
    house.account("all", *map(str, sorted(STAFF_ROLES)), window_id=counter.window, person="王萬能")
    context = chromium.new_context(locale="zh-TW", viewport={"width": WIDE, "height": 900})
    opened = context.new_page()
    opened.goto(f"{address}/login/")
    opened.fill("#f-login", "all")
    opened.fill("#f-password", "correct horse")
    opened.click("main button[type=submit]")
    yield opened
    context.close()


def _busy_office(counter):
    """Bring cases to every desk, and return the paths of the pages that show them."""
    numbers = {"X1": "XC00000000000001", "X2": "XC00000000000002"}
    counter.applied("等候公文國小")
    to_review = counter.received(name="國立臺灣大學附屬宜蘭大同實驗高級中等學校")
    second = counter.in_second_review(name="複審國小")
    counter.put(counter.applied("製卡國小", Rank.SECONDARY), state="approved")
    counter.put(counter.applied("製卡中國小"), state="manufacturing")
    made = counter.made(numbers["X1"], name="裝封國小")
    packed = counter.made(numbers["X2"], name="交寄國小")
    counter.centre.post("/centre/packing/", card_number=numbers["X2"], envelope_number=counter.number(packed))
    form = {"organisation_name": "裝封國小", "contact_name": "陳聯絡", "contact_phone": "02-2558-1234"}
    reset = handle(counter.office, RequestReset(card_number=numbers["X1"], form=form), PUBLIC).case_id
    letter = counter.log_letter(counter.applied("公文國小"), said_primary="2")
    counter.dead_letter(made)
    now = counter.office.clock.now()
    counter.house.insert(
        s.breaker, name="sweep", open=True, count=900, allowance=0, reason="", at=now - timedelta(hours=2)
    )
    _busy_stock(counter)
    waiting = counter.applied("上線國小", Rank.SECONDARY)
    counter.put(waiting, state="approved")
    counter.centre.post("/centre/line/", ca="", count="9")
    for state in ("waiting", "refused"):
        counter.house.insert(
            s.emergency, case_id=waiting, state=state, paper="police", asked_by="林遺失", phone="0912-000-111", at=now,
            reason="皮夾遭竊", taken_by="王服務", said="無人接聽", decided_by="王服務", decided_at=now,
        )  # fmt: skip
    counter.house.insert(
        s.card, csn="00112244", number=None, state="quarantined", box="A1", step="claimed", reason="CardRefused: 6F00",
        counted_in_at=now, updated_at=now,
    )  # fmt: skip
    return (
        "/staff/worklist/", "/staff/worklist/?tab=mine", "/staff/search/?q=國小", "/staff/search/?q=nothing", f"/staff/cases/{made}/",
        f"/staff/cases/{second}/", f"/staff/cases/{reset}/do/receive_copy/", f"/staff/cases/{reset}/", "/letters/",
        "/letters/missing/", "/letters/new/", "/letters/import/", f"/letters/{letter}/?number=1234", "/window/",
        f"/window/cases/{to_review}/", "/window/forward/", "/officer/", f"/officer/cases/{second}/",
        f"/officer/cases/{second}/oid/", "/centre/", "/centre/packing/", "/centre/posting/", "/centre/lists/",
        "/centre/returned/", "/centre/stock/", "/centre/stock/boxes/", "/centre/stock/boxes/2/", "/centre/stock/moves/",
        "/centre/stock/moves/1/", "/centre/stock/accounts/", "/centre/stock/accounts/1/", "/centre/stock/differences/",
        "/centre/stock/differences/1/", "/centre/stock/destructions/", "/centre/line/", "/centre/line/1/",
        "/centre/line/quarantine/", "/desk/", "/desk/emergency/", "/operator/", "/operator/deadlines/?days=90", "/operator/audit/",
        "/administrator/accounts/", "/administrator/accounts/1/",
    )  # fmt: skip


def _busy_stock(counter):
    """Have one box counted, another waiting, cards on the way, a count that differs and a spoiled card."""
    guard = counter.browser("controller")
    for box, first in (("A1", "0000000"), ("A2", "0000001")):
        counter.centre.post("/centre/stock/boxes/", order="A7", box=box, csns=f"{first}1..{first}4")
    guard.post("/centre/stock/boxes/1/", counted="4")
    places = {row.kind: str(row.id) for row in counter.house.rows(s.stock_place)}
    vault, line = places["vault"], places["line"]
    counter.centre.post("/centre/stock/moves/", from_id=vault, to_id=line, csns="00000001")
    counter.centre.post("/centre/stock/spoil/", csn="00000002", reason="刮傷")
    counter.centre.post("/centre/stock/destructions/", csns="00000002", method="碎卡")
    counter.centre.post("/centre/stock/accounts/", place_id=vault, counted="9")


def test_no_staff_page_breaks_an_accessibility_rule_or_scrolls_sideways(page, address, counter, tmp_path):
    paths = _busy_office(counter)
    judge = Judge(page, address, tmp_path / "html", "staff")
    assert judge.look((*paths, *in_english(paths[:6]))) == []
    assert lint(judge.folder) == ""


def test_a_form_with_problems_breaks_no_rule_either(page, address, counter):
    case = counter.received()
    page.goto(f"{address}/window/cases/{case}/")
    page.check("input[value=return_first]")
    page.fill("#f-password", "correct horse")
    page.click("form.decision button")
    expect(page.locator("#error-summary li")).to_have_count(1)
    assert findings(page) == []
    page.click("a[href='#f-reason']")
    expect(page.locator("#f-reason")).to_be_focused()


def test_a_case_is_decided_by_keyboard_alone(page, address, counter):
    case = counter.received()
    page.goto(f"{address}/window/cases/{case}/")
    page.focus("#f-decision")
    page.keyboard.press("Space")
    page.focus("#f-password")
    page.keyboard.type("correct horse")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/window/")
    assert counter.state(case) == "first_passed"


def test_enter_settles_no_emergency(page, address, counter):
    now, case = counter.office.clock.now(), counter.applied("失竊國小")
    counter.house.insert(
        s.emergency, case_id=case, state="waiting", paper="police", asked_by="林遺失", phone="0912-000-111", at=now,
        reason="皮夾遭竊", taken_by="王服務", said="",
    )  # fmt: skip
    page.goto(f"{address}/desk/emergency/")
    page.fill("input[name=said]", "本人接聽")
    page.evaluate("window.untouched = true")
    page.keyboard.press("Enter")
    page.check("input[name=identified]")
    assert page.evaluate("window.untouched")
    page.click("button[value=refuse]")
    page.wait_for_load_state()
    (row,) = counter.house.rows(s.emergency)
    assert row.state == "refused"
