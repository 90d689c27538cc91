"""The card centre makes a batch on two readers before a real browser, with cards and envelopes that go wrong."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from hardware.virtual.card import Fault, FaultKind
from ops.line_runner import Line, Plan
from tests.browsing import BUILD, PATIENCE, WIDE, findings, fits, pictures, served
from tests.faults.line import ready_keys
from tests.workflow.line_rig import READERS, CardLine
from tests.workflow.registry import PASSWORD
from web.app import create_app
from web.ports import WebPorts
from workflow.store import schema as t
from workflow.views import cards

pytestmark = pytest.mark.browser

PICTURES = BUILD / "line"
NUMB, TORN = 4, 30
"""At which command the one card misspeaks, before it has keys, and the other is torn out, after it has."""


class Hands:
    """People at the line: they change a reader's card when the test says so, and pull one card out too early."""

    def __init__(self, line: CardLine) -> None:
        self._line, self._whole = line, line.station.open_session
        self._mishaps = {
            line.blanks[1]: Fault(NUMB, FaultKind.MISSPOKEN),
            line.blanks[2]: Fault(TORN, FaultKind.TORN_AFTER),
        }
        self._torn = set()
        self._allowed, self._box = threading.Semaphore(0), threading.Lock()
        line.station.open_session = self._open

    def _open(self, reader):
        csn = next(one.csn for one in self._line.station.readers() if one.name == reader)
        if csn in self._torn:
            self._line.station.remove(reader)
        fault = self._mishaps.pop(csn, None)
        if fault and fault.kind is FaultKind.TORN_AFTER:
            self._torn.add(csn)
        return self._whole(reader, fault)

    def change(self, reader):
        self._allowed.acquire(timeout=PATIENCE / 1000)
        with self._box:
            self._line.feed(reader)

    def go_on(self, times):
        self._allowed.release(times)

    @contextmanager
    def at_work(self):
        """Run two readers of the line until everything is made."""
        plan = Plan(READERS[:2], "line", pause=0.05)
        running = Line(self._line.office, plan, self.change)
        with ready_keys(0, 64):
            threads = running.start()
            yield
            self.go_on(99)
            running.stop()
            for thread in threads:
                thread.join()


@pytest.fixture
def line(migrated_sqlite_url, tmp_path):
    made = CardLine(migrated_sqlite_url, tmp_path)
    made.cases = [made.registry.a_case("approved") for _ in range(4)]
    for reader, csn in zip(READERS, made.blanks[:2], strict=False):
        made.station.insert(reader, csn)
    yield made
    made.registry.close()


class Centre:
    """An officer of the card centre before the screen."""

    def __init__(self, page, address, name) -> None:
        self.page, self.address = page, address
        page.set_default_timeout(PATIENCE)
        self.go("/login/")
        self.fill(login=name, password=PASSWORD)
        self.press()

    def go(self, path):
        self.page.goto(self.address + path)

    def fill(self, **fields):
        for name, value in fields.items():
            self.page.fill(f"#f-{name}", value)

    def press(self, button="main form button[type=submit]"):
        self.page.locator(button).first.click()

    def sees(self, words, place="main"):
        expect(self.page.locator(place)).to_contain_text(words)

    def look_well(self, name):
        """Keep pictures, and let axe and a narrow screen judge what is there."""
        pictures(self.page, PICTURES, name)
        assert findings(self.page) == [], name
        assert fits(self.page), name


@pytest.fixture
def centre(line, chromium):
    ports = WebPorts(office=line.office, secret_key="t" * 40, rate_limits=False)
    context = chromium.new_context(locale="zh-TW", viewport={"width": WIDE, "height": 900})
    with served(create_app(ports)) as address:
        yield Centre(context.new_page(), address, line.registry.centre.name)
        context.close()


def open_batch(centre):
    centre.go("/centre/line/")
    centre.look_well("open")
    centre.fill(count="4")
    centre.press("main form:has(#f-count) button")
    centre.sees("已製成 0／4 張")


def make_all(line, centre):
    """Watch four cards being made: one misspeaks without keys, one is torn out with them and is given up by hand."""
    hands = Hands(line)
    centre.page.evaluate("window.notReloaded = true")
    with hands.at_work():
        centre.sees("已製成 1／4 張")
        centre.sees("已隔離 1 張")
        hands.go_on(2)
        centre.sees("中斷 1 張，請放回卡片")
        centre.sees("卡片在處理中被取出")
        centre.sees("已製成 2／4 張")
        centre.look_well("interrupted")
        give_up(centre)
        centre.go("/centre/line/1/")
        hands.go_on(9)
        centre.sees("已製成 4／4 張")
    assert line.jobs() == ["made"] * 4


def give_up(centre):
    assert centre.page.evaluate("window.notReloaded")
    centre.page.click("text=放棄此卡")
    centre.fill(reason="插拔時刮傷")
    centre.press("main form button.button-danger")


def settle(centre, csn, outcome, reason):
    centre.page.select_option("#f-csn", csn)
    centre.page.check(f"input[value={outcome}]")
    centre.fill(reason=reason)
    centre.press("main form:has(#f-csn) button")


def settle_quarantine(line, centre):
    """A card without keys may be a blank again; one with keys is never used."""
    numb, torn = line.blanks[1:3]
    centre.go("/centre/line/quarantine/")
    centre.look_well("quarantine")
    centre.sees("插拔時刮傷")
    settle(centre, torn, "release", "看來沒事")
    centre.sees("已產製金鑰", "#error-summary")
    centre.look_well("not-released")
    settle(centre, torn, "spoil", "剪角銷毀")
    settle(centre, numb, "release", "重測正常")
    centre.sees("沒有隔離中的卡片")
    assert [line.card(csn).state for csn in (numb, torn)] == ["blank", "spoiled"]


def pack(line, centre):
    """Only the card that belongs into an envelope is packed into it."""
    numbers = [(row.card_number, row.number) for row in line.rows(t.case)]
    (card, envelope), (_, other) = numbers[:2]
    centre.go("/centre/packing/")
    centre.fill(card_number=card, envelope_number=other)
    centre.press("main form:has(#f-card_number) button")
    expect(centre.page.locator("#error-summary li")).to_have_count(1)
    centre.look_well("wrong-envelope")
    centre.fill(card_number=card, envelope_number=envelope)
    centre.press("main form:has(#f-card_number) button")
    centre.sees(f"相符，{envelope} 已裝封")
    centre.look_well("packed")
    assert [line.registry.state(case) for case in line.cases] == ["packed", "made", "made", "made"]


@pytest.mark.rule("CRD-01", "CRD-07")
def test_a_batch_is_watched_mended_settled_and_packed(line, centre):
    open_batch(centre)
    make_all(line, centre)
    centre.sees("卡面列印資料")
    centre.look_well("ended")
    settle_quarantine(line, centre)
    pack(line, centre)
    centre.go("/centre/line/?lang=en")
    centre.sees("Ended")
    centre.look_well("line-en")
    with line.office.reading() as connection:
        assert cards.account(connection).balances
