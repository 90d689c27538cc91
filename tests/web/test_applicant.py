from __future__ import annotations

import io
import json
import re

import pytest
from itsdangerous import TimestampSigner

from web.opened_case import SECONDS
from workflow.store import schema as s

CODE = "Ab3#xyz"
FORM = {
    "organisation_email": "school@example.tw",
    "contact_name": "陳聯絡",
    "contact_email": "chen@example.tw",
    "mailing_county": "臺北市",
    "mailing_district": "大同區",
    "mailing_address": "長安西路37號",
    "contact_phone": "02-2558-1234",
    "user_code": CODE,
    "user_code_again": CODE,
    "action": "upload",
}


@pytest.fixture
def school(house):
    return house.organisation(window_id=house.window())


@pytest.fixture
def at_the_form(visitor, school):
    visitor.post("/apply/", ca="xca", organisation=str(school))
    visitor.post("/apply/1/", rank="primary")
    visitor.post("/apply/2/", agreement_accepted="yes")
    return visitor


@pytest.fixture
def applied(at_the_form):
    at_the_form.post("/apply/3/", **FORM)
    return at_the_form


@pytest.fixture
def case_row(house, applied):
    return lambda: house.rows(s.case)[0]


@pytest.mark.rule("APP-12")
def test_an_organisation_is_found_by_name_number_or_oid(visitor, school):
    for words in ("建成", "04595257", "2.16.886.111.90005", "台北市立"):
        page = visitor.get("/apply/", query_string={"ca": "xca", "q": words}).text
        assert "臺北市立建成國民小學" in page
        assert "2.16.886.111.90005" in page
    assert "查無符合" in visitor.get("/apply/?ca=gca&q=建成").text


@pytest.mark.rule("APP-12")
def test_a_unit_that_may_not_apply_says_why_and_cannot_be_chosen(visitor, house):
    unit = house.organisation("總務處", oid=None, ubn=None, not_eligible="內部單位，請由學校提出申請")
    page = visitor.get("/apply/?ca=xca&q=總務處").text
    assert "內部單位，請由學校提出申請" in page
    assert f'name="organisation" value="{unit}"' not in page
    assert "請由清單選擇可以申請的機構" in visitor.post("/apply/", ca="xca", organisation=str(unit)).text


def test_percent_and_underscore_are_no_wildcards(visitor, school):
    assert "查無符合" in visitor.get("/apply/", query_string={"ca": "xca", "q": "%"}).text


@pytest.mark.rule("APP-13")
def test_the_form_cannot_be_reached_before_the_agreement_is_accepted(visitor, school):
    assert "請先選擇申請的機構" in visitor.get("/apply/3/", follow_redirects=True).text
    visitor.post("/apply/", ca="xca", organisation=str(school))
    assert "步驟 1" in visitor.get("/apply/3/", follow_redirects=True).text
    visitor.post("/apply/1/", rank="primary")
    answer = visitor.post("/apply/2/")
    assert answer.status_code == 400
    assert "請先閱讀並勾選同意" in answer.text
    assert "步驟 2" in visitor.get("/apply/3/", follow_redirects=True).text


def test_the_agreement_names_what_the_policy_says(at_the_form):
    page = at_the_form.get("/apply/2/").text
    assert "憑證簽發日起 90 日內開卡" in page
    assert "3 個月內不得重新申請" in page


@pytest.mark.rule("APP-20")
def test_uploading_gives_a_case_number_and_opens_the_case(applied, case_row):
    assert case_row().state == "uploaded"
    page = applied.get("/apply/4/").text
    assert case_row().number[:5] + " " + case_row().number[5:10] in page


@pytest.mark.rule("APP-16")
def test_the_code_is_neither_in_the_session_nor_in_the_database(applied, house, app):
    session = applied.client.get_cookie("guanfang").value
    interface = app.session_interface.get_signing_serializer(app)
    assert CODE not in json.dumps(interface.loads(session))
    assert CODE not in str(house.rows(s.form_revision)) + str(house.rows(s.case)) + str(
        house.rows(s.audit_entry)
    )


def test_going_back_to_the_form_does_not_send_it_twice(applied, house):
    assert "步驟 4" in applied.get("/apply/3/", follow_redirects=True).text
    applied.post("/apply/3/", **FORM)
    assert len(house.rows(s.case)) == 1


def test_an_upload_whose_answer_was_lost_is_answered_with_the_same_case(at_the_form, house):
    before = at_the_form.client.get_cookie("guanfang").value
    first = at_the_form.post("/apply/3/", **FORM)
    at_the_form.client.set_cookie("guanfang", before)
    again = at_the_form.post("/apply/3/", **FORM)
    (case,) = house.rows(s.case)
    assert "步驟 4" in first.text
    assert "步驟 4" in again.text
    assert case.number in again.text.replace(" ", "")
    at_the_form.client.set_cookie("guanfang", before)
    other = at_the_form.post("/apply/3/", **FORM | {"contact_name": "林聯絡"})
    assert other.status_code == 409
    assert case.number in other.text.replace(" ", "")
    assert len(house.rows(s.case)) == 1


def choose_another(client, house):
    """Choose another organisation, as in a second tab."""
    other = house.organisation(
        "另一所學校", oid="2.16.886.111.90006", ubn=None, window_id=house.window("他市教育局")
    )
    client.post("/apply/", ca="xca", organisation=str(other))
    client.post("/apply/1/", rank="primary")
    client.post("/apply/2/", agreement_accepted="yes")


def aim_of(page):
    return re.search(r'name="aim" value="([^"]+)"', page.text)[1]


def test_a_form_is_never_sent_for_what_was_chosen_in_another_tab(at_the_form, house, school):
    aim = aim_of(at_the_form.get("/apply/3/"))
    choose_another(at_the_form, house)
    answer = at_the_form.post("/apply/3/", aim=aim, **FORM)
    assert answer.status_code == 409
    assert "這份申請表是為另一項申請填寫的，沒有送出" in answer.text
    assert FORM["contact_name"] in answer.text
    assert "另一所學校" in answer.text
    assert house.rows(s.case) == []
    # Whoever has read that and sends it again means what the page now names.
    at_the_form.post("/apply/3/", aim=aim_of(answer), **FORM)
    (case,) = house.rows(s.case)
    assert case.organisation_id != school


def test_a_form_that_was_overtaken_by_another_tab_says_that_it_was_not_sent(at_the_form, house):
    aim = aim_of(at_the_form.get("/apply/3/"))
    choose_another(at_the_form, house)
    at_the_form.post("/apply/3/", **FORM)
    answer = at_the_form.post("/apply/3/", aim=aim, **FORM)
    assert "為另一項申請填寫的，沒有送出" in answer.text
    assert len(house.rows(s.case)) == 1


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("contact_email", "nobody", "電子郵件"),
        ("user_code_again", "Different1", "兩次輸入的用戶代碼不同"),
        ("user_code", "ab", "6 至 10 個字元"),
        ("contact_name", "", "請填寫「姓名」"),
        ("contact_name", "陳\U0002ebf0", "U+2EBF0"),
        ("mailing_address", "長安西路💥號", "沒有字型可以列印"),
        ("mailing_district", "板橋區", "沒有「板橋區」"),
    ],
)
def test_a_wrong_answer_is_named_beside_its_field_and_the_rest_is_kept(
    at_the_form, house, field, typed, says
):
    answer = at_the_form.post("/apply/3/", **FORM | {"contact_title": "組長", field: typed})
    assert answer.status_code == 400
    assert says in answer.text
    assert f'href="#f-{field}"' in answer.text
    assert 'value="組長"' in answer.text
    assert not house.rows(s.case)


def test_what_was_typed_is_never_taken_for_markup(at_the_form):
    answer = at_the_form.post(
        "/apply/3/", **FORM | {"contact_name": '"><script>x()</script>', "user_code": ""}
    )
    assert "<script>x()" not in answer.text
    assert "&lt;script&gt;x()" in answer.text


@pytest.mark.rule("APP-05")
def test_a_second_primary_card_is_refused_before_the_form_is_filled(applied, school):
    applied.post("/apply/", ca="xca", organisation=str(school))
    answer = applied.post("/apply/1/", rank="primary")
    assert answer.status_code == 400
    assert "每一機構限一張正卡" in answer.text
    assert "步驟 2" in applied.post("/apply/1/", rank="secondary").text


@pytest.mark.rule("APP-15")
def test_a_form_without_oid_asks_to_confirm_an_unlikely_number(visitor, house):
    house.window()
    visitor.post("/apply/", ca="xca", organisation="new")
    visitor.post("/apply/1/", rank="primary", subscriber_kind="school")
    visitor.post("/apply/2/", agreement_accepted="yes")
    typed = FORM | {
        "full_name": "私立𡍼𤧟國小", "ubn": "12345678", "organisation_county": "臺北市",
        "organisation_district": "大同區", "organisation_address": "長安西路37號", "organisation_phone": "02-2558-1234",
        "mailing_same_as_organisation": "yes",
    }  # fmt: skip
    answer = visitor.post("/apply/3/", **typed)
    assert answer.status_code == 400
    assert 'name="ubn_confirm"' in answer.text
    assert "步驟 4" in visitor.post("/apply/3/", **typed | {"ubn_confirm": "yes"}).text
    assert house.rows(s.organisation)[0].name == "私立𡍼𤧟國小"
    assert house.rows(s.case)[0].window_id is not None


@pytest.mark.rule("FRM-02")
def test_a_draft_is_saved_as_a_file_and_read_back(at_the_form):
    saved = at_the_form.post("/apply/3/", **FORM | {"action": "save", "contact_title": "組長"})
    assert saved.mimetype == "application/json"
    assert CODE not in saved.text
    page = at_the_form.post("/apply/3/", action="load", draft_file=(io.BytesIO(saved.data), "draft.json"))
    assert 'value="組長"' in page.text


@pytest.mark.rule("FRM-02")
def test_a_file_that_is_no_draft_is_refused_in_words(at_the_form):
    answer = at_the_form.post("/apply/3/", action="load", draft_file=(io.BytesIO(b"%PDF"), "x.pdf"))
    assert answer.status_code == 400
    assert "不是本系統儲存的申請資料" in answer.text


@pytest.mark.rule("APP-19")
def test_all_three_confirmations_are_needed(applied):
    answer = applied.post("/apply/5/", letter_printed="yes", form_printed="yes")
    assert answer.status_code == 400
    assert 'href="#f-address_right"' in answer.text
    done = applied.post("/apply/5/", letter_printed="yes", form_printed="yes", address_right="yes")
    assert "步驟 6" in done.text


@pytest.mark.rule("APP-17")
def test_the_printing_step_offers_form_letter_and_amendment(applied):
    page = applied.get("/apply/4/").text
    for way in ('href="/case/form.pdf"', 'action="/case/letter"', 'href="/case/amend"', 'href="/apply/5/"'):
        assert way in page


@pytest.mark.rule("APP-21")
def test_a_school_may_attach_the_saved_form_to_an_electronic_letter(applied, house, case_row):
    page = applied.get("/apply/6/").text
    assert "學校可將申請書存成檔案，附於電子公文" in page
    assert applied.get("/case/form.pdf").data.startswith(b"%PDF")
    house.update(s.case, case_row().id, subscriber_kind="foundation")
    assert "學校可將申請書存成檔案" not in applied.get("/apply/6/").text


@pytest.mark.rule("APP-35")
def test_the_card_types_are_told_apart_before_one_is_chosen(visitor, school):
    visitor.post("/apply/", ca="xca", organisation=str(school))
    page = visitor.get("/apply/1/").text
    assert "每一機構限一張" in page
    assert "附卡：供經授權的特定用途使用" in page


@pytest.mark.rule("APP-32")
def test_the_holder_brings_the_reader(client):
    assert "自備的讀卡機" in client.get("/").text
    assert "your own card reader" in client.get("/?lang=en").text


@pytest.mark.rule("PUB-02")
def test_applicants_consent_to_the_use_of_their_data_under_a_stated_policy(visitor, school):
    visitor.post("/apply/", ca="xca", organisation=str(school))
    visitor.post("/apply/1/", rank="primary")
    agreement = visitor.get("/apply/2/").text
    assert "同意本中心依隱私權政策蒐集、處理及利用聯絡人資料" in agreement
    assert 'href="/privacy/"' in agreement
    assert visitor.post("/apply/2/").status_code == 400
    policy = visitor.get("/privacy/").text
    assert "我們收集什麼" in policy
    assert "法院依法調取時" in policy


@pytest.mark.rule("RV1-01", "APP-09")
def test_the_last_step_names_the_window_and_what_to_send(applied):
    page = applied.get("/apply/6/").text
    assert "臺北市政府教育局" in page
    assert "申請書不需用印" in page


@pytest.mark.rule("STA-01")
def test_status_is_shown_in_plain_words_for_number_and_code(applied, case_row):
    applied.post("/case/close")
    number = case_row().number
    page = applied.post("/status/", number=f"{number[:5]} {number[5:]}", user_code=CODE).text
    assert "正在等候公文" in page
    assert "已有申請資料" in page


@pytest.mark.rule("PIN-03")
def test_three_wrong_codes_lock_the_case(applied, case_row):
    for _ in range(2):
        assert applied.post("/status/", number=case_row().number, user_code="wrong-1").status_code == 403
    assert applied.post("/status/", number=case_row().number, user_code="wrong-1").status_code == 423
    answer = applied.post("/status/", number=case_row().number, user_code=CODE)
    assert answer.status_code == 423
    assert "鎖定" in answer.text
    assert CODE not in answer.text


@pytest.mark.rule("STA-01")
def test_a_number_that_is_nobodys_is_answered_like_a_wrong_code(applied, case_row):
    number = case_row().number
    for asked in (number, f"{int(number) + 1:025d}"):
        assert applied.post("/status/", number=asked, user_code="wrong-1").status_code == 403


def test_a_version_of_thousands_of_digits_is_taken_for_stale(applied):
    answer = applied.post("/case/withdraw", seen_version="9" * 5000, user_code=CODE)
    assert answer.status_code == 409


def test_the_case_closes_by_itself_after_fifteen_minutes(applied, monkeypatch):
    assert applied.get("/case/").status_code == 200
    real = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: real(self) + SECONDS + 1)
    assert applied.get("/case/").status_code == 302


@pytest.mark.rule("APP-18")
def test_the_user_code_letter_asks_for_the_code_again(applied, case_row):
    assert applied.post("/case/letter", user_code="wrong-1").status_code == 403
    letter = applied.post("/case/letter", user_code=CODE)
    assert letter.mimetype == "application/pdf"
    assert letter.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("post", "back"), [("/case/letter", "/case/"), ("/apply/5/", "/apply/5/"), ("/status/", "/status/")]
)
def test_the_language_switch_of_an_answer_to_a_form_leads_to_its_page(applied, post, back):
    refused = applied.post(post, user_code="wrong-1")
    assert refused.status_code >= 400
    assert f'href="{back}?lang=en"' in refused.text
    english = applied.get(f"{back}?lang=en")
    assert (english.status_code, '<html lang="en">' in english.text) == (200, True)
    assert f'href="{back}?lang=zh"' in applied.get(post).text


def test_the_form_is_handed_out_as_pdf(applied):
    assert applied.get("/case/form.pdf").data.startswith(b"%PDF")


@pytest.mark.rule("FRM-01")
def test_an_amendment_is_filed_with_the_code_and_the_version_seen(applied, house, case_row):
    amended = FORM | {"contact_name": "林新人", "user_code": CODE, "seen_version": str(case_row().version)}
    assert "已重新上傳" in applied.post("/case/amend", **amended).text
    assert case_row().contact_name == "林新人"
    stale = applied.post("/case/amend", **amended | {"contact_name": "舊頁面"})
    assert stale.status_code == 409
    assert 'value="舊頁面"' in stale.text
    assert case_row().contact_name == "林新人"


@pytest.mark.rule("FRM-01")
def test_an_application_under_review_cannot_be_amended(applied, house, case_row):
    house.update(s.case, case_row().id, state="first_review")
    answer = applied.get("/case/amend")
    assert answer.status_code == 409
    assert "不能執行「修改申請資料」" in answer.text


def test_an_application_is_withdrawn_with_the_code(applied, case_row):
    version = str(case_row().version)
    assert applied.post("/case/withdraw", seen_version=version, user_code="").status_code == 400
    assert "已撤回" in applied.post("/case/withdraw", seen_version=version, user_code=CODE).text
    assert case_row().state == "withdrawn"


@pytest.mark.rule("APP-01")
def test_a_government_application_is_sent_to_the_ca_agency(visitor, house):
    agency = house.organisation("內政部", ca="gca", kind="agency", oid="2.16.886.101.20003.20001")
    visitor.post("/apply/", ca="gca", organisation=str(agency))
    visitor.post("/apply/1/", rank="primary")
    visitor.post("/apply/2/", agreement_accepted="yes")
    visitor.post("/apply/3/", **FORM)
    page = visitor.get("/apply/6/").text
    assert "數位發展部" in page
    assert "延平南路143號" in page


def test_a_number_of_the_wrong_length_is_named_before_any_try_is_counted(applied, house, case_row):
    answer = applied.post("/status/", number=case_row().number[:24], user_code="")
    assert answer.status_code == 400
    assert "應為 25 位數字" in answer.text
    assert "請輸入用戶代碼" in answer.text
    assert case_row().user_code_tries == 0
