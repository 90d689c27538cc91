"""Every page in a real browser: axe at WCAG 2.1 AA, no sideways scrolling at 360 pixels, and Taiwan's own rules.

The pages are listed in pages.json, so that whoever adds a screen adds a line there. Groups of pages that need a visitor
in a certain place (an application begun, a case open, somebody logged in) are prepared by `prepared`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from web.app import create_app
from workflow.store import schema as s

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
LINTER = shutil.which(
    "a11y-moda",
    path=os.pathsep.join((os.environ.get("PATH", ""), str(BUILD.parent / ".venv" / "a11y" / "bin"))),
)
CODE = "Ab3#xyz"
NARROW, WIDE = 360, 1280
CHROMIUM = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE_OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
FORM = {
    "contact_name": "陳聯絡",
    "contact_email": "chen@example.tw",
    "contact_phone": "02-2558-1234",
    "user_code": CODE,
    "user_code_again": CODE,
}


def _whole(app):
    """Read each answer to its end, so that a browser that leaves early keeps no file open."""

    def answer(environ, start_response):
        parts = app(environ, start_response)
        try:
            return [b"".join(parts)]
        finally:
            parts.close()

    return answer


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_request(self, *_args):
        pass


@pytest.fixture
def served(demo_ports):
    """Serve the demonstration on a loopback port and give its address."""
    server = make_server("127.0.0.1", 0, _whole(create_app(demo_ports)), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser():
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        yield launched
        launched.close()


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
def prepared(served, browser, house):
    """Bring a visitor to where the pages of a group open, with a school that may apply; gives the page."""
    house.organisation(window_id=house.window())

    def prepare(group):
        context = browser.new_context(locale="zh-TW", viewport={"width": WIDE, "height": 900})
        page = context.new_page()
        page.set_default_timeout(15_000)
        PREPARED[group](page, served, house)
        return page

    return prepare


def _findings(page):
    found = Axe().run(page, options=AXE_OPTIONS).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for rule in found
        for node in rule["nodes"]
    ]


def _keep(page, group, path):
    """Save what was rendered, for the linter of Taiwan's rules, and a picture where pictures are wanted."""
    stem = group + path.replace("/", "_").replace("?", "_").replace("&", "_").replace("=", "-")
    (BUILD / "html").mkdir(parents=True, exist_ok=True)
    (BUILD / "html" / f"{stem}.html").write_text(page.content(), encoding="utf-8")
    if os.environ.get("GUANFANG_PICTURES"):
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=BUILD / "pictures" / f"{stem}-{width}.png", full_page=True)


def _look(page, address, group, path):
    page.set_viewport_size({"width": WIDE, "height": 900})
    answer = page.goto(address + path)
    assert answer.status == 200, path
    problems = _findings(page)
    page.set_viewport_size({"width": NARROW, "height": 800})
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if overflow > 0:
        problems.append(f"{overflow} pixels too wide at {NARROW}")
    _keep(page, group, path)
    return [f"{path} {problem}" for problem in problems]


def _in_english(paths):
    return [f"{path}{'&' if '?' in path else '?'}lang=en" for path in paths]


@pytest.mark.parametrize("group", sorted(PREPARED))
def test_no_page_breaks_an_accessibility_rule_or_scrolls_sideways(group, prepared, served, pages):
    page = prepared(group)
    problems = [problem for path in pages[group] for problem in _look(page, served, group, path)]
    problems += [
        problem for path in _in_english(pages[group]) for problem in _look(page, served, group, path)
    ]
    assert problems == []


def test_a_page_with_problems_breaks_no_rule_either(prepared, served, house):
    page = prepared("applicant")
    page.fill("#f-contact_email", "nobody")
    page.click("button[value=upload]")
    assert page.locator("#error-summary li").count() > 2
    assert _findings(page) == []
    page.click("a[href='#f-contact_email']")
    assert page.evaluate("document.activeElement.id") == "f-contact_email"
    assert not house.rows(s.case)


def _fits(page):
    page.set_viewport_size({"width": NARROW, "height": 800})
    fits = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.set_viewport_size({"width": WIDE, "height": 900})
    return fits


def test_activation_keeps_the_rules_at_each_step(prepared, served, house, station):
    page = prepared("own_case")
    house.delivered_card(station, house.rows(s.case)[0].id)
    page.goto(f"{served}/activate/")
    assert _findings(page) == []
    page.click("main .button-primary")
    assert page.locator("h1").inner_text() == "請核對卡片資料"
    assert _findings(page) == []
    assert _fits(page)
    page.check("#f-details_right")
    page.fill("#f-user_code", CODE)
    page.click("main .button-primary")
    assert page.locator(".big-secret").inner_text().isdecimal()
    assert _findings(page) == []
    assert _fits(page)
    _keep(page, "holder", "/pin")


def test_a_refusal_keeps_the_rules(prepared, served):
    page = prepared("public")
    page.goto(f"{served}/nowhere/")
    assert _findings(page) == []
    assert _fits(page)


def test_the_districts_follow_the_county_and_bring_the_code(prepared):
    page = prepared("applicant")
    page.select_option("#f-mailing_county", "基隆市")
    page.select_option("#f-mailing_district", "七堵區")
    assert page.input_value("#f-mailing_postal_code") == "206"


def test_the_first_tab_stop_skips_to_the_content(prepared, served):
    page = prepared("public")
    page.goto(served)
    page.keyboard.press("Tab")
    assert page.inner_text(":focus") == "跳到主要內容區"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_an_application_can_be_made_without_javascript(browser, served, house):
    house.organisation(window_id=house.window())
    page = browser.new_context(java_script_enabled=False).new_page()
    page.set_default_timeout(15_000)
    _apply(page, served, house)
    assert "步驟 4" in page.inner_text("h1")


def test_the_rendered_pages_keep_the_rules_of_taiwan(prepared, served, pages, tmp_path):
    if LINTER is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("needs a11y-moda, which `make setup` installs")
    shutil.rmtree(BUILD / "html", ignore_errors=True)
    for group in sorted(PREPARED):
        page = prepared(group)
        for path in (*pages[group], *_in_english(pages[group])):
            page.goto(served + path)
            _keep(page, group, path)
        page.goto(f"{served}/?lang=zh")
    # The linter passes over folders called build.
    shutil.copytree(BUILD / "html", tmp_path / "html")
    result = subprocess.run(
        [LINTER, "lint", str(tmp_path / "html"), "--level", "AA", "--fail-only", "--strict"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-1000:]
