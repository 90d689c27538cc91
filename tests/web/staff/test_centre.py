"""The card centre makes, packs, posts and accounts for cards."""

import pytest

from workflow.store import schema as s

CARD, OTHER_CARD = "XC00000000000001", "XC00000000000002"
MAIL = "12345678901234"


@pytest.mark.rule("RV2-02", "CRD-01")
def test_an_approved_case_is_put_on_a_reader(counter):
    case = counter.applied()
    counter.put(case, state="approved")
    page = counter.centre.get("/centre/").text
    assert "讀卡機 1" in page
    version = counter.head(case).version
    answer = counter.centre.post("/centre/", reader="讀卡機 1", order=f"{case}:{version}")
    assert counter.state(case) == "manufacturing"
    assert "更新進度" in answer.text
    assert counter.centre.post("/centre/", reader="讀卡機 1", order=f"{case}:{version}").status_code == 409


@pytest.mark.rule("CRD-06", "CRD-07")
def test_the_wrong_card_does_not_go_into_an_envelope(counter):
    case = counter.made(CARD)
    other = counter.made(OTHER_CARD, name="乙國小")
    answer = counter.centre.post("/centre/packing/", card_number=CARD, envelope_number=counter.number(other))
    assert answer.status_code == 409
    assert "卡片與信封不符" in answer.text
    assert counter.state(case) == counter.state(other) == "made"
    counter.centre.post("/centre/packing/", card_number=CARD.lower(), envelope_number=counter.number(case))
    assert counter.state(case) == "packed"


def test_an_unknown_number_is_said_beside_its_field(counter):
    answer = counter.centre.post("/centre/packing/", card_number="XC99", envelope_number="")
    assert answer.status_code == 400
    assert 'id="e-card_number"' in answer.text


@pytest.mark.rule("CRD-05", "CRD-06")
def test_packed_cards_are_posted_on_one_list_and_may_come_back(counter):
    case = counter.made(CARD)
    counter.centre.post("/centre/packing/", card_number=CARD, envelope_number=counter.number(case))
    wrong = counter.centre.post("/centre/posting/", **{f"mail-{case}": "123"})
    assert wrong.status_code == 409
    assert f'id="e-mail-{case}"' in wrong.text
    listed = counter.centre.post("/centre/posting/", **{f"mail-{case}": MAIL})
    assert MAIL in listed.text
    assert counter.state(case) == "posted"
    counter.desk.post("/centre/returned/", number=MAIL, reason="招領逾期")
    assert counter.state(case) == "mail_returned"
    assert counter.number(case) in counter.centre.get("/centre/packing/").text
    assert "招領逾期" in counter.centre.get(f"/staff/cases/{case}/").text


def test_the_centre_sees_no_case_that_is_under_review(counter):
    case = counter.received()
    assert counter.centre.get(f"/staff/cases/{case}/").status_code == 404


@pytest.mark.rule("CRD-01")
def test_blank_cards_are_counted_in_and_spoiled(counter):
    listed = {"order": "A7", "csns": "0011223344556677\n8899aabbccddeeff\n"}
    assert "已登錄 2 張" in counter.centre.post("/centre/stock/boxes/", box="A1", **listed).text
    again = counter.centre.post("/centre/stock/boxes/", box="A2", **listed)
    assert again.status_code == 400
    assert 'id="e-csns"' in again.text
    assert "第 1 行 0011223344556677 已在登錄冊中" in again.text
    assert "帳目相符" in counter.centre.get("/centre/stock/").text
    spoiling = {"csn": "0011223344556677", "reason": "晶片刮傷"}
    assert counter.centre.post("/centre/stock/spoil/", **spoiling).status_code == 409
    (box,) = counter.house.rows(s.stock_box)
    counter.browser("card_centre", name="second").post(f"/centre/stock/boxes/{box.id}/", counted="2")
    counter.centre.post("/centre/stock/spoil/", **spoiling)
    assert counter.house.rows(s.card, csn="0011223344556677")[0].state == "spoiled"
    unknown = counter.centre.post("/centre/stock/spoil/", csn="ffff", reason="x")
    assert unknown.status_code == 404
    assert 'id="e-csn"' in unknown.text


def test_a_card_under_way_is_recorded_as_spoiled_with_its_reason(counter):
    case = counter.applied()
    counter.put(case, state="manufacturing")
    assert counter.do(counter.centre, case, "card_spoiled", reason="").status_code == 400
    assert counter.do(counter.centre, case, "card_spoiled", reason="讀卡機故障").status_code == 302
    assert counter.state(case) == "approved"


def test_the_case_page_leads_to_the_desk_where_the_work_is_done(counter):
    case = counter.made(CARD)
    assert 'href="/centre/packing/">裝封</a>\n' in counter.centre.get(f"/staff/cases/{case}/").text
    actions = counter.officer.get(f"/staff/cases/{case}/").text.split('class="contents"')[0].split("<h1>")[1]
    assert "裝封</a>" not in actions


def test_one_list_holds_one_kind_of_mail(counter):
    kinds = [counter.made(CARD), counter.made(OTHER_CARD, name="乙國小")]
    for case in kinds:
        number = counter.head(case).card_number
        counter.centre.post("/centre/packing/", card_number=number, envelope_number=counter.number(case))
    counter.put(kinds[0], policy_version="moica-2.0")
    typed = {f"mail-{case}": f"1234567890123{place}" for place, case in enumerate(kinds)}
    answer = counter.centre.post("/centre/posting/", **typed)
    assert answer.status_code == 409
    assert 'id="f-mail_number"' in answer.text
    assert 'value="12345678901230"' in answer.text


@pytest.mark.rule("CRD-01")
def test_the_centre_records_a_made_card_as_lost_and_makes_another(counter):
    case = counter.made(CARD)
    assert "登錄卡片遺失" in counter.centre.get(f"/staff/cases/{case}/").text
    assert "登錄卡片遺失" not in counter.officer.get(f"/staff/cases/{case}/").text
    assert counter.do(counter.centre, case, "card_lost", reason="").status_code == 400
    assert counter.do(counter.centre, case, "card_lost", reason="待寄區遍尋不著").status_code == 302
    assert counter.state(case) == "approved"
    assert "登錄卡片遺失" in counter.centre.get(f"/staff/cases/{case}/").text
