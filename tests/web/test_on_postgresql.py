"""The applicant's journey once more on PostgreSQL, whose locks and types are stricter."""

from __future__ import annotations

import pytest

from workflow.store import schema as s

CODE = "Ab3#xyz"


@pytest.fixture
def database_address(migrated_postgresql_url):
    return migrated_postgresql_url


@pytest.mark.rule("APP-05")
def test_an_application_is_made_followed_and_not_made_twice(visitor, house):
    school = str(house.organisation(window_id=house.window()))
    assert "建成" in visitor.get("/apply/?ca=xca&q=台北市立").text
    visitor.post("/apply/", ca="xca", organisation=school)
    visitor.post("/apply/1/", rank="primary")
    visitor.post("/apply/2/", agreement_accepted="yes")
    visitor.post(
        "/apply/3/", contact_name="陳聯絡", contact_email="c@example.tw", contact_phone="02-2558-1234",
        organisation_email="s@example.tw", mailing_county="臺北市", mailing_district="大同區",
        mailing_address="長安西路37號", user_code=CODE, user_code_again=CODE,
    )  # fmt: skip
    number = house.rows(s.case)[0].number
    assert "正在等候公文" in visitor.post("/status/", number=number, user_code=CODE).text
    visitor.post("/apply/", ca="xca", organisation=school)
    assert number in visitor.post("/apply/1/", rank="primary").text
    assert (
        "臺北市政府教育局"
        in visitor.get("/windows/", query_string={"county": "臺北市", "kind": "school"}).text
    )


@pytest.mark.parametrize("words", ["\x00", "\ud800", "建\x00成", "9" * 100, "\\", "'%_"])
def test_no_search_word_breaks_the_search(visitor, words):
    typed = words.encode("utf-8", "surrogatepass")
    assert visitor.get("/apply/", query_string={"ca": "xca", "q": typed}).status_code == 200


def test_no_number_breaks_the_choice(visitor):
    for wanted in ("9" * 40, "９", "-1", "\x00"):
        assert visitor.post("/apply/", ca="xca", organisation=wanted).status_code == 200


def test_no_case_number_breaks_the_status(visitor):
    for number in ("\x00", "9" * 500, "１２３"):
        assert visitor.post("/status/", number=number, user_code="x").status_code in {400, 403, 404}
