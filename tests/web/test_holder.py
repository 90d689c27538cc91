from __future__ import annotations

import re
from dataclasses import replace

import pytest

from web.app import create_app
from workflow.commands import SubmitApplication
from workflow.facts import PUBLIC
from workflow.handlers import handle
from workflow.store import schema as s
from workflow.vocabulary import Ca, Rank, SubscriberKind

READER = "讀卡機 1"
CODE = "Ab3#xyz"


@pytest.fixture
def case_id(office, house):
    command = SubmitApplication(
        ca=Ca.XCA, subscriber_kind=SubscriberKind.SCHOOL, rank=Rank.PRIMARY, organisation_id=house.organisation(window_id=house.window()),
        window_id=None, form={"contact_name": "陳聯絡", "contact_email": "c@example.tw"}, agreement_accepted=True,
        user_code=CODE,
    )  # fmt: skip
    return handle(office, command, PUBLIC).case_id


@pytest.fixture
def csn(house, station, case_id):
    return house.delivered_card(station, case_id)


@pytest.mark.rule("ACT-02")
def test_an_empty_reader_and_no_choice_are_said_in_words(visitor):
    assert "讀卡機中沒有卡片" in visitor.get("/activate/").text
    assert "請選擇讀卡機" in visitor.post("/activate/card").text
    answer = visitor.post("/activate/card", reader=READER)
    assert answer.status_code == 409
    assert "請插入卡片後再試" in answer.text


@pytest.mark.rule("ACT-02", "CRD-09")
def test_the_cards_details_are_shown_before_anything_is_done(visitor, house, csn, case_id):
    page = visitor.post("/activate/card", reader=READER).text
    for words in (
        f"XC{case_id:014}",
        "正卡",
        "臺北市立建成國民小學",
        "2.16.886.111.90005",
        "民國115年11月20日",
    ):
        assert words in page
    assert house.rows(s.case)[0].state == "posted"


@pytest.mark.rule("ACT-01", "ACT-02")
def test_activation_shows_the_pin_once_and_never_stores_the_page(visitor, house, csn):
    answer = visitor.post("/activate/", reader=READER, csn=csn, details_right="yes", user_code=CODE)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    pin = re.search(r'big-secret">(\d+)<', answer.text)[1]
    assert house.rows(s.case)[0].state == "activated"
    assert pin not in visitor.get("/").text
    assert (
        visitor.post("/activate/", reader=READER, csn=csn, details_right="yes", user_code=CODE).status_code
        == 409
    )


@pytest.mark.parametrize(
    ("language", "said", "way"),
    [("zh", "這張卡片已經開卡", "鎖卡解碼／重設PIN碼"), ("en", "activated already", "Unblock the PIN")],
)
def test_a_card_that_is_activated_says_so_and_leads_to_another_pin(visitor, csn, language, said, way):
    visitor.post("/activate/", reader=READER, csn=csn, details_right="yes", user_code=CODE)
    visitor.get(f"/?lang={language}")
    looked = visitor.post("/activate/card", reader=READER)
    repeated = visitor.post("/activate/", reader=READER, csn=csn, details_right="yes", user_code=CODE)
    assert (looked.status_code, repeated.status_code) == (200, 409)
    for page in (looked.text, repeated.text):
        assert said in page
        assert re.search(rf'href="/card/unblock/">{way}<', page)
        assert 'name="user_code"' not in page


def test_details_must_be_confirmed_and_the_code_be_right(visitor, house, csn):
    answer = visitor.post("/activate/", reader=READER, csn=csn, user_code="")
    assert answer.status_code == 400
    assert "請核對卡片資料" in answer.text
    wrong = visitor.post("/activate/", reader=READER, csn=csn, details_right="yes", user_code="wrong-1")
    assert wrong.status_code == 403
    assert "還可嘗試 2 次" in wrong.text
    assert house.rows(s.case)[0].state == "posted"


def test_a_card_swapped_after_the_check_is_refused(visitor, csn):
    answer = visitor.post("/activate/", reader=READER, csn="another", details_right="yes", user_code=CODE)
    assert answer.status_code == 409


RESET = {
    "application_date": "2026-11-20", "organisation_name": "臺北市立建成國民小學", "wrong_code_over_three": "yes",
    "contact_name": "陳聯絡", "contact_phone": "02-2558-1234#12", "reachable_date": "2026-11-23",
    "reachable_from": "9", "reachable_until": "17", "contact_email": "c@example.tw", "contact_fax": "02-2558-0000",
}  # fmt: skip


@pytest.mark.rule("UCR-03", "UCR-04")
def test_a_reset_is_filed_and_says_what_the_cas_rules_want(visitor, house, csn, case_id):
    page = visitor.post("/usercode-reset/", card_number=f"xc{case_id:014}", **RESET).text
    assert "學校關防" in page
    assert "以電話告知新的用戶代碼" in page
    assert "1 個月內須收到正本，逾期憑證將被廢止" in page
    assert visitor.get("/usercode-reset/form.pdf").data.startswith(b"%PDF")
    assert len(house.rows(s.case, kind="usercode_reset")) == 1


def test_a_reset_that_is_sent_twice_is_filed_once(visitor, house, csn, case_id):
    number = re.search(r'name="filing" value="([\w-]{22})"', visitor.get("/usercode-reset/").text)[1]
    for _ in range(2):
        page = visitor.post("/usercode-reset/", card_number=f"xc{case_id:014}", filing=number, **RESET).text
        assert "學校關防" in page
    assert len(house.rows(s.case, kind="usercode_reset")) == 1
    assert number not in visitor.get("/usercode-reset/").text


def test_a_reset_keeps_its_number_while_it_is_put_right(visitor, csn):
    answer = visitor.post("/usercode-reset/", card_number="12", filing="the-number-of-the-form", **RESET)
    assert 'name="filing" value="the-number-of-the-form"' in answer.text


def test_a_reset_keeps_what_was_typed_and_names_each_problem(visitor, csn):
    answer = visitor.post("/usercode-reset/", card_number="12", **RESET | {"reachable_until": "8"})
    assert answer.status_code == 400
    assert 'href="#f-card_number"' in answer.text
    assert 'href="#f-reachable_until"' in answer.text
    assert 'value="02-2558-0000"' in answer.text


def test_a_reset_for_an_unknown_card_is_refused_beside_its_field(visitor):
    answer = visitor.post("/usercode-reset/", card_number="XC00000000009999", **RESET)
    assert answer.status_code in {400, 404, 409}
    assert 'id="e-card_number"' in answer.text


def test_the_next_steps_of_a_reset_need_a_filed_one(visitor):
    assert visitor.get("/usercode-reset/next").status_code == 302
    assert visitor.get("/usercode-reset/form.pdf").status_code == 302


def test_a_reader_that_is_not_the_publics_is_neither_shown_nor_touched(make_visitor, web_ports, csn):
    visitor = make_visitor(create_app(replace(web_ports, holder_readers=frozenset())))
    assert READER not in visitor.get("/activate/").text
    answer = visitor.post("/activate/card", reader=READER)
    assert answer.status_code == 409
    assert csn not in answer.text
