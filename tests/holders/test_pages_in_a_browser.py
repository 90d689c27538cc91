"""A holder walks through the card pages in a real browser, over fetch and over the agent's window."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from hardware.errors import ReaderBusy
from tests.browsing import PATIENCE
from tests.faults.line import READER
from tests.holders.screen import PICTURES
from tests.workflow.registry import CODE

pytestmark = pytest.mark.browser

PIN, LATER = "735162", "846273"


@pytest.fixture(params=["directly", "by-window"])
def either_way(holder, request):
    """Lend a holder whose browser asks the agent itself, and one whose browser has to go through the agent's window."""
    if request.param == "by-window":
        holder.way = "by-window-"
        holder.refuse_the_direct_way()
    yield holder
    assert bool(holder.windows) == (request.param == "by-window")


@pytest.mark.rule("ACT-01", "ACT-02", "PIN-02", "PCH-01", "VEW-01", "VEW-02")
def test_a_holder_activates_views_tests_changes_and_unblocks(either_way, stand):
    holder = either_way
    holder.go("/card/activate/")
    holder.look_well("pairing")
    holder.pair()
    expect(holder.page.locator("#readers")).to_contain_text(stand.bench.card.number)
    holder.read_card()
    assert stand.bench.card.number in holder.page.inner_text("#details")
    assert "請勿取出" in holder.page.inner_text("#told")
    holder.look_well("details")
    holder.send(user_code=CODE)
    assert "開卡成功" in holder.result()
    pin = holder.page.inner_text(".big-secret")
    holder.look_well("activated")
    assert stand.bench.case.state == "activated"
    assert pin not in holder.page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)")

    holder.go("/card/activate/")
    holder.read_card()
    expect(holder.page.locator("#activated")).to_contain_text("鎖卡解碼／重設PIN碼")
    expect(holder.page.locator("#errand")).to_be_hidden()
    holder.look_well("activated-already")

    holder.go("/card/view/")
    holder.read_card()
    assert "有效" in holder.page.inner_text("#details")
    assert "可以取出卡片" in holder.page.inner_text("#told")
    holder.look_well("view")
    holder.errand("/card/test/", pin=pin)
    assert "測試成功" in holder.result()
    holder.errand("/card/change-pin/", pin=pin, new_pin=PIN, new_pin_again=PIN)
    assert "PIN 碼已更改" in holder.result()
    holder.look_well("pin-changed")

    for left in ("2", "1", "鎖住"):
        holder.errand("/card/test/", pin="918273")
        assert left in holder.trouble()
    expect(holder.page.locator("#trouble a")).to_have_attribute("href", "/card/unblock/")
    holder.look_well("locked")
    holder.errand("/card/unblock/", user_code="Mistyped9", new_pin=LATER, new_pin_again=LATER)
    assert "用戶代碼不正確" in holder.trouble()
    expect(holder.page.locator("#f-details_right")).to_be_checked()
    expect(holder.page.locator("#f-user_code")).to_have_value("")
    holder.send(user_code=CODE, new_pin=LATER, new_pin_again=LATER)
    assert "新 PIN 碼已設定" in holder.result()
    holder.look_well("unblocked")
    holder.errand("/card/test/", pin=LATER)
    assert "測試成功" in holder.result()


@pytest.mark.rule("CTC-01", "SUS-01", "STA-03")
def test_a_holder_changes_the_contact_suspends_and_resumes(either_way, stand, pin):
    holder, number = either_way, stand.bench.card.number
    holder.errand("/card/contact/", first=True, pin=pin)
    holder.page.wait_for_url("**/card/contact/form")
    holder.look_well("contact")
    for name, value in (("name", "林新任"), ("email", "new@example.tw"), ("phone", "02-2321-0000")):
        holder.page.fill(f"#f-contact_{name}", value)
    holder.page.click("form:has(#f-contact_name) button")
    expect(holder.page.locator(".notice-good")).to_contain_text("連絡人資料已修改")
    assert stand.bench.case.contact_email == "new@example.tw"
    holder.go("/card/certificates/list")
    expect(holder.page.locator("main")).to_contain_text("不提供這項查詢")
    holder.page.click("main button:has-text('登出')")
    holder.go("/card/contact/form")
    holder.page.wait_for_url("**/card/contact/")

    for deed, state in (("suspend", "停用"), ("resume", "有效")):
        holder.go(f"/card/{deed}/")
        holder.look_well(deed)
        holder.page.fill("#f-card_number", number.lower())
        holder.page.fill("#f-user_code", CODE)
        if deed == "suspend":
            holder.page.check("input[value=lost]")
        holder.page.click("form[action*=card] button[type=submit]")
        # The status stands first, where a narrow screen shows it without scrolling.
        expect(holder.page.locator("tbody tr:first-child td").first).to_have_text(state)
    holder.look_well("resumed")


@pytest.mark.rule("ACT-02")
def test_a_browser_that_refuses_the_direct_way_uses_the_agents_window(holder, stand):
    holder.refuse_the_direct_way()
    holder.go("/card/activate/")
    holder.page.wait_for_selector("#agent-missing:not([hidden])")
    holder.look_well("no-agent")
    with holder.page.expect_popup() as opened:
        holder.connect()
    window = opened.value
    holder.pair()
    expect(window.locator("#state")).to_contain_text("Connected")
    window.screenshot(path=PICTURES / "agents-window.png")
    holder.read_card()
    holder.send(user_code=CODE)
    assert "開卡成功" in holder.result()
    assert stand.bench.case.state == "activated"


def test_another_page_that_opens_the_agents_window_gets_nothing(stand, chromium):
    context = chromium.new_context()
    page = context.new_page()
    # The same server by another name is another origin to a browser.
    foreign = stand.address.replace("127.0.0.1", "localhost")
    page.goto(f"{foreign}/card/view/")
    got = page.evaluate(
        """async (agent) => {
            const tries = [["/version", {}], ["/pairing", {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"}],
                           ["/pairing", {method: "POST", mode: "no-cors", body: "{}"}]];
            const said = [];
            for (const [path, options] of tries) {
                try { const answer = await fetch(agent + path, options); said.push(answer.type + answer.status); } catch { said.push("refused"); }
            }
            return said;
        }""",
        stand.agent.address,
    )
    assert got == ["refused", "refused", "opaque0"]
    with page.expect_popup() as opened:
        page.evaluate(
            "agent => { window.open(`${agent}/popup?origin=${encodeURIComponent(location.origin)}`) }",
            stand.agent.address,
        )
    # A window is known when its answer begins to arrive.
    expect(opened.value.locator("body")).to_contain_text("agent.stranger")
    assert stand.codes == []
    context.close()


def test_a_window_opened_for_our_page_does_not_hear_another(holder, stand):
    holder.go("/card/view/")
    holder.pair()
    holder.page.wait_for_selector("#reader-part:not([hidden])")
    token = holder.page.evaluate("sessionStorage.getItem('guanfang-agent-token')")
    foreign = stand.address.replace("127.0.0.1", "localhost")
    page = holder.context.new_page()
    page.goto(f"{foreign}/card/view/")
    with page.expect_popup() as opened:
        page.evaluate(
            """([agent, ours]) => {
                window.heard = [];
                window.addEventListener("message", (event) => window.heard.push(event.data));
                window.opened = window.open(`${agent}/popup?origin=${encodeURIComponent(ours)}`);
            }""",
            [stand.agent.address, stand.address],
        )
    opened.value.wait_for_load_state()
    heard = page.evaluate(
        """async ([agent, token]) => {
            window.opened.postMessage({guanfang: "request", id: 1, path: "/readers", token}, agent);
            await new Promise((settle) => setTimeout(settle, 700));
            return window.heard;
        }""",
        [stand.agent.address, token],
    )
    assert token
    assert heard == []


@pytest.mark.rule("ENV-01")
def test_the_check_shows_what_fails_in_red_and_what_passes_in_blue(holder, stand):
    holder.go("/card/check/")
    expect(holder.page.locator("#check-pairing")).to_have_class("check check-failed")
    expect(holder.page.locator("#fix-pairing")).to_be_visible()
    holder.look_well("check-failed")
    holder.pair()
    for item in ("browser", "agent", "version", "pairing", "reader", "card"):
        expect(holder.page.locator(f"#check-{item}")).to_have_class("check check-passed")
    assert (
        holder.page.evaluate("getComputedStyle(document.querySelector('#check-card .check-state')).color")
        == "rgb(11, 79, 138)"
    )
    expect(holder.page.locator("#check-card")).to_contain_text(stand.bench.card.number)
    holder.look_well("check-passed")
    stand.bench.station.remove(READER)
    holder.page.click("#check-again")
    expect(holder.page.locator("#check-card")).to_have_class("check check-failed")
    expect(holder.page.locator("#fix-card")).to_be_visible()


@pytest.mark.rule("ENV-01")
def test_a_browser_that_blocks_cookies_is_named_and_not_the_agent(holder):
    holder.page.add_init_script("Object.defineProperty(navigator, 'cookieEnabled', { value: false })")
    holder.go("/card/check/")
    expect(holder.page.locator("#check-browser")).to_have_class("check check-failed")
    expect(holder.page.locator("#check-browser")).to_contain_text("Cookie")
    expect(holder.page.locator("#check-browser .check-fix")).to_be_visible()
    expect(holder.page.locator("#check-agent")).to_have_class("check check-waiting")
    holder.look_well("check-blocked")
    holder.go("/card/view/")
    expect(holder.page.locator("#agent-state")).to_contain_text("Cookie")


@pytest.mark.rule("PIN-02")
def test_mistakes_are_found_before_a_try_is_spent(holder, pin):
    holder.errand("/card/change-pin/", first=True, pin="12", new_pin="123456", new_pin_again="654321")
    expect(holder.page.locator(".problem")).to_have_count(3)
    holder.look_well("mistakes")
    holder.send(pin=pin, new_pin=PIN, new_pin_again=PIN)
    assert "PIN 碼已更改" in holder.result()


def test_a_card_pulled_out_is_said_and_put_right(holder, stand, pin):
    holder.go("/card/test/")
    holder.pair()
    holder.read_card()
    csn = stand.bench.card.csn
    stand.bench.station.remove(READER)
    holder.send(pin=pin)
    assert "沒有卡片" in holder.trouble()
    stand.bench.station.insert(READER, csn)
    holder.send(pin=pin)
    assert "測試成功" in holder.result()


def test_an_agent_that_was_started_anew_is_paired_again_on_the_same_page(holder, pin):
    holder.go("/card/test/")
    holder.pair()
    holder.read_card()
    holder.page.evaluate("sessionStorage.setItem('guanfang-agent-token', 'of an agent that has ended')")
    holder.send(pin=pin)
    holder.pair()
    holder.read_card()
    holder.send(pin=pin)
    assert "測試成功" in holder.result()


def test_a_page_that_is_left_in_the_middle_lets_its_card_go(either_way, stand):
    holder = either_way
    holder.go("/card/view/")
    holder.pair()
    holder.page.wait_for_selector("#reader-part:not([hidden]) input:checked")
    # The registry never answers, so that the page goes on holding the card.
    holder.page.evaluate(
        """() => {
            const ask = window.fetch;
            window.fetch = (url, ...more) => url.includes("/card/talk/") ? new Promise(() => {}) : ask(url, ...more);
        }"""
    )
    holder.page.click("#reader-form button[type=submit]")
    holder.page.wait_for_selector("#progress:not([hidden])")
    assert not is_free(stand)
    holder.go("/card/view/")
    holder.connect()
    for _ in range(PATIENCE // 100):
        if is_free(stand):
            return
        holder.page.wait_for_timeout(100)
    raise AssertionError("the card is still held")


def is_free(stand):
    try:
        stand.bench.station.open_session(READER).close()
    except ReaderBusy:
        return False
    return True
