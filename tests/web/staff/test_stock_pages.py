"""A box goes from its delivery to the closed account of the day, through the pages and several hands, on PostgreSQL."""

from __future__ import annotations

import io
import re

import pytest
from pypdf import PdfReader

from workflow.store import schema as s

LIST = "order,box,first,last\nA7,1,00000001,00000004\nA7,2,00000010,00000011\n"


@pytest.fixture
def database_address(migrated_postgresql_url):
    return migrated_postgresql_url


@pytest.fixture
def guard(counter):
    return counter.browser("controller")


@pytest.fixture
def third(counter):
    return counter.browser("card_centre", name="third")


def upload(browser, text, **fields):
    return browser.post("/centre/stock/boxes/", list=(io.BytesIO(text.encode()), "list.csv"), **fields)


def places(counter):
    return {row.kind: str(row.id) for row in counter.house.rows(s.stock_place)}


def place_of(counter, csn):
    card = counter.house.rows(s.card, csn=csn)[0]
    return {row.id: row.kind for row in counter.house.rows(s.stock_place)}.get(card.place_id)


def stocked(counter, guard):
    """Have the list's two boxes counted, and one carried to the line; returns the places."""
    assert "已登錄 6 張" in upload(counter.centre, LIST).text
    for box, cards in ((1, 4), (2, 2)):
        assert "點收相符" in guard.post(f"/centre/stock/boxes/{box}/", counted=str(cards)).text
    found = places(counter)
    carried = {"from_id": found["vault"], "to_id": found["line"], "box": "A7/1"}
    assert "已撥出" in counter.centre.post("/centre/stock/moves/", **carried).text
    assert "點收相符" in guard.post("/centre/stock/moves/1/", counted="4").text
    return found


@pytest.mark.rule("CRD-02", "ROL-07")
def test_cards_go_from_the_makers_list_to_the_closed_account(counter, guard, third):
    found = stocked(counter, guard)
    counter.centre.post("/centre/stock/spoil/", csn="00000002", reason="刮傷")
    page = counter.centre.post("/centre/stock/accounts/", place_id=found["line"], counted="2").text
    assert "須由另一位人員處理差異" in page
    same = counter.centre.post("/centre/stock/differences/1/", recounted="2", missing="00000003", reason="失")
    assert (same.status_code, "您已經手過" in same.text) == (409, True)
    assert (
        "差異已處理"
        in third.post(
            "/centre/stock/differences/1/", recounted="2", missing="00000003", reason="遍尋不著"
        ).text
    )
    own = counter.centre.post("/centre/stock/accounts/1/")
    assert own.status_code == 409
    assert "日結已確認" in guard.post("/centre/stock/accounts/1/").text
    assert guard.post("/centre/stock/accounts/1/").status_code == 409
    assert place_of(counter, "00000003") == "missing"
    table = guard.get("/centre/stock/accounts/1/account.csv").data.decode("utf-8-sig")
    rows = dict(re.findall(r"^(\S+) [^,]*,(-?\d+)", table, re.MULTILINE))
    assert (rows["期初"], rows["撥入"], rows["報廢"], rows["短少"], rows["期末"]) == (
        "0",
        "4",
        "-1",
        "-1",
        "2",
    )
    # People are named as on the pages, where a log-in would tell a later reader little.
    assert {"王card_centre", "王controller"} <= set(re.split(r"[,\r\n]", table))
    assert not {"card_centre", "controller"} & set(re.split(r"[,\r\n]", table))
    account = guard.get("/centre/stock/accounts/1/account.pdf")
    assert signers(account) == ["王card_centre", "王controller"]
    days = re.findall(r"[^\s：]*(?:115|2026)\S*", said_in(account))
    assert days == ["中華民國115年11月20日"] * 3
    for path in ("accounts/", "accounts/1/", "boxes/", "moves/", "differences/", "differences/1/"):
        page = guard.get(f"/centre/stock/{path}").text.split("<main")[1]
        assert "王" in page, path
        assert not re.search(r"(?<![王\w])(card_centre|controller|third)\b", page), path


def signers(answer):
    """Return who is to sign a record, as its paper names them."""
    return re.findall(r"^(\S*(?:card_centre|controller))$", said_in(answer), re.MULTILINE)


def said_in(answer):
    """Return the text of a paper."""
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)


def seen_of(browser):
    """Return everything that somebody is told of the stock, on pages and in downloads."""
    paths = [
        "",
        "?state=blank",
        "boxes/",
        "boxes/1/",
        "moves/",
        "moves/1/",
        "accounts/",
        "accounts/1/",
        "differences/",
    ]
    paths += ["differences/1/", "destructions/", "accounts/1/account.csv", "accounts/1/account.pdf"]
    answers = [browser.get(f"/centre/stock/{path}") for path in paths]
    answers += [browser.get("/staff/worklist/"), browser.get("/centre/line/")]
    return "".join(answer.text for answer in answers if answer.mimetype != "application/pdf")


def test_a_box_that_waits_or_differs_is_counted_and_settled_blind(counter, guard, third):
    # Decimal 311, hexadecimal 137.
    upload(counter.centre, "order,box,first,last\nA7,1,00000001,00000137\n")
    auditor = counter.browser("auditor")
    for counted in ("", "310"):
        if counted:
            guard.post("/centre/stock/boxes/1/", counted=counted)
        for browser in (counter.centre, guard, third):
            assert not re.search(r"\b31[01]\b|000000[0-9a-f]{2}", seen_of(browser))
        assert re.search(r"\b311\b", auditor.get("/centre/stock/").text)
    wrong = third.post("/centre/stock/differences/1/", recounted="310", missing="", reason="失")
    assert (wrong.status_code, "與帳上張數不符" in wrong.text, "311" in wrong.text) == (409, True, False)
    assert "311／310" in auditor.get("/centre/stock/differences/").text
    third.post("/centre/stock/differences/1/", recounted="310", missing="00000007", reason="短裝")
    assert "311／310" in guard.get("/centre/stock/differences/").text


def test_a_place_tells_no_number_from_the_first_card_to_the_closed_account(counter, guard, third):
    upload(counter.centre, "order,box,first,last\nA7,1,00000001,00000137\n")
    guard.post("/centre/stock/boxes/1/", counted="311")
    vault = places(counter)["vault"]
    auditor = counter.browser("auditor")
    assert "00000001" not in counter.centre.get("/centre/stock/").text
    counter.centre.post("/centre/stock/accounts/", place_id=vault, counted="300")
    for browser in (counter.centre, guard, third):
        assert not re.search(r"\b300\b|000000[0-9a-f]{2}", seen_of(browser))
        for download in ("csv", "pdf"):
            refusal = browser.get(f"/centre/stock/accounts/1/account.{download}")
            assert (refusal.status_code, "待盤點" in refusal.text) == (409, True)
    assert "00000001" in auditor.get(f"/centre/stock/?place={vault}").text
    assert auditor.get("/centre/stock/accounts/1/account.pdf").data.startswith(b"%PDF")
    gone = " ".join(f"{number:08x}" for number in range(1, 12))
    third.post("/centre/stock/differences/1/", recounted="300", missing=gone, reason="遍尋不著")
    guard.post("/centre/stock/accounts/1/")
    assert "00000012" in counter.centre.get("/centre/stock/?state=blank").text
    assert guard.get("/centre/stock/accounts/1/account.csv").status_code == 200
    line = places(counter)["line"]
    counter.centre.post("/centre/stock/moves/", from_id=vault, to_id=line, csns="00000012")
    assert not re.search(r"\b(300|299)\b|000001[0-9a-f]{2}", seen_of(counter.centre))


def test_a_missing_card_that_is_found_goes_through_quarantine_and_other_hands(counter, guard, third):
    upload(counter.centre, LIST)
    guard.post("/centre/stock/boxes/2/", counted="1")
    third.post("/centre/stock/differences/1/", recounted="1", missing="00000010", reason="短裝")
    wrong = guard.post("/centre/stock/differences/", csn="00000011", reason="夾層")
    assert (wrong.status_code, 'id="e-csn"' in wrong.text) == (404, True)
    assert "已列入隔離" in third.post("/centre/stock/differences/", csn="00000010", reason="夾層").text
    settle = {"csn": "00000010", "outcome": "release", "reason": "完好"}
    assert third.post("/centre/line/quarantine/", **settle).status_code == 409
    assert "已處理" in counter.centre.post("/centre/line/quarantine/", **settle).text
    assert place_of(counter, "00000010") == "vault"


def test_a_bad_list_names_its_lines_and_a_second_click_takes_nothing_twice(counter):
    bad = upload(counter.centre, "order,box,csn\nA7,1,xyz\nA7,1,00000001\nA7,,00000002\n")
    assert bad.status_code == 400
    assert "第 2 行：xyz 不是" in bad.text
    assert "第 4 行：缺少訂單編號" in bad.text
    assert counter.house.rows(s.card) == []
    assert upload(counter.centre, LIST).status_code == 200
    again = upload(counter.centre, LIST)
    assert (again.status_code, "已經到貨登錄" in again.text) == (400, True)
    latin = counter.centre.post("/centre/stock/boxes/", list=(io.BytesIO(b"\xff\xfe"), "list.csv"))
    assert (latin.status_code, "UTF-8" in latin.text) == (400, True)


def test_what_waits_stands_on_the_work_list_and_what_is_gone_is_refused(counter, guard):
    upload(counter.centre, LIST)
    assert "待點收卡盒（2）" in counter.centre.get("/staff/worklist/").text
    assert counter.centre.post("/centre/stock/boxes/1/", counted="4").status_code == 409
    wrong = guard.post("/centre/stock/boxes/1/", counted="四")
    assert (wrong.status_code, 'id="e-counted"' in wrong.text) == (400, True)
    guard.post("/centre/stock/boxes/1/", counted="4")
    assert guard.post("/centre/stock/boxes/1/", counted="4").status_code == 409
    found = places(counter)
    nowhere = counter.centre.post("/centre/stock/moves/", from_id=found["vault"], to_id="999", box="A7/1")
    assert (nowhere.status_code, "存放處" in nowhere.text) == (409, True)


@pytest.mark.rule("CRD-01")
def test_spoiled_cards_are_destroyed_before_a_witness_and_recorded(counter, guard):
    stocked(counter, guard)
    counter.centre.post("/centre/stock/spoil/", csn="00000002", reason="刮傷")
    assert "00000002" in counter.centre.get("/centre/stock/destructions/").text
    counter.centre.post("/centre/stock/destructions/", csns="00000002", method="碎卡")
    assert counter.centre.post("/centre/stock/destructions/1/").status_code == 409
    assert "已見證" in guard.post("/centre/stock/destructions/1/").text
    assert place_of(counter, "00000002") is None
    record = guard.get("/centre/stock/destructions/1/record.pdf")
    assert signers(record) == ["王card_centre", "王controller"]
