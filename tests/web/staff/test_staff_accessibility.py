"""The staff's pages in a real browser: axe at WCAG 2.1 AA, no sideways scrolling at 360 pixels, Taiwan's own rules."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from workflow.commands import RequestReset
from workflow.facts import PUBLIC
from workflow.handlers import handle
from workflow.store import schema as s
from workflow.vocabulary import STAFF_ROLES, Rank

pytestmark = pytest.mark.browser

BUILD = Path(__file__).resolve().parents[3] / "build"
LINTER = shutil.which(
    "a11y-moda",
    path=os.pathsep.join((os.environ.get("PATH", ""), str(BUILD.parent / ".venv" / "a11y" / "bin"))),
)
NARROW, WIDE = 360, 1280
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
AXE_OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


@pytest.fixture
def address(app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(address, house, counter):
    """A browser in which somebody with every role is logged in."""
    house.account("all", *map(str, sorted(STAFF_ROLES)), window_id=counter.window, person="王萬能")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        opened = browser.new_context(locale="zh-TW", viewport={"width": WIDE, "height": 900}).new_page()
        opened.goto(f"{address}/login/")
        opened.fill("#f-login", "all")
        opened.fill("#f-password", "correct horse")
        opened.click("main button[type=submit]")
        yield opened
        browser.close()


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
    counter.centre.post("/centre/stock/add/", box="A1", csns="0011223344556677 8899aabbccddeeff")
    waiting = counter.applied("上線國小", Rank.SECONDARY)
    counter.put(waiting, state="approved")
    counter.centre.post("/centre/line/", ca="", count="9")
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
        "/centre/returned/", "/centre/stock/", "/centre/line/", "/centre/line/1/",
        "/centre/line/quarantine/", "/desk/", "/operator/", "/operator/deadlines/?days=90", "/operator/audit/",
    )  # fmt: skip


def _findings(page):
    found = Axe().run(page, options=AXE_OPTIONS).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for rule in found
        for node in rule["nodes"]
    ]


def _keep(page, path, folder):
    stem = "staff" + "".join(sign if sign.isalnum() else "_" for sign in path)
    (folder / f"{stem}.html").write_text(page.content(), encoding="utf-8")
    if os.environ.get("GUANFANG_PICTURES"):
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=BUILD / "pictures" / f"{stem}-{width}.png", full_page=True)


def _look(page, address, path, folder):
    page.set_viewport_size({"width": WIDE, "height": 900})
    answer = page.goto(address + path)
    assert answer.status == 200, path
    problems = _findings(page)
    page.set_viewport_size({"width": NARROW, "height": 800})
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if overflow > 0:
        problems.append(f"{overflow} pixels too wide at {NARROW}")
    _keep(page, path, folder)
    return [f"{path} {problem}" for problem in problems]


def test_no_staff_page_breaks_an_accessibility_rule_or_scrolls_sideways(page, address, counter, tmp_path):
    # The linter passes over folders called build, and two runs must not write into one.
    folder = tmp_path / "html"
    folder.mkdir()
    paths = _busy_office(counter)
    problems = [problem for path in paths for problem in _look(page, address, path, folder)]
    english = [f"{path}{'&' if '?' in path else '?'}lang=en" for path in paths[:6]]
    problems += [problem for path in english for problem in _look(page, address, path, folder)]
    assert problems == []
    if LINTER:
        command = [LINTER, "lint", str(folder), "--level", "AA", "--fail-only", "--strict"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert result.returncode == 0, result.stdout + result.stderr


def test_a_form_with_problems_breaks_no_rule_either(page, address, counter):
    case = counter.received()
    page.goto(f"{address}/window/cases/{case}/")
    page.check("input[value=return_first]")
    page.fill("#f-password", "correct horse")
    page.click("form.decision button")
    assert page.locator("#error-summary li").count() == 1
    assert _findings(page) == []
    page.click("a[href='#f-reason']")
    assert page.evaluate("document.activeElement.id") == "f-reason"


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
