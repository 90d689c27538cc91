"""Both reviews decide on what was seen, with a signature, and never twice by one hand."""

import pytest

from workflow.store import schema as s


@pytest.mark.rule("RV1-03", "LTR-02")
def test_a_window_passes_a_case_and_forwards_it_with_its_letter(counter):
    case = counter.received()
    assert counter.decide(counter.reviewer, "window", case, "approve_first").status_code == 302
    assert counter.state(case) == "first_passed"
    answer = counter.reviewer.post("/window/forward/", case_id=str(case))
    assert counter.state(case) == "second_review"
    assert ".di" in answer.text
    assert ".pdf" in answer.text


def test_the_review_page_shows_all_that_is_signed(counter):
    case = counter.received()
    page = counter.reviewer.get(f"/window/cases/{case}/").text
    for shown in ("陳聯絡", "長安西路37號", "北市教字第1號", counter.head(case).snapshot_sha256[:16]):
        assert shown in page


@pytest.mark.rule("RV1-04")
def test_a_return_without_a_reason_is_refused_and_keeps_the_choice(counter):
    case = counter.received()
    answer = counter.decide(counter.reviewer, "window", case, "return_first")
    assert answer.status_code == 400
    assert 'id="e-reason"' in answer.text
    assert 'value="return_first" id="f-decision-2" checked' in answer.text
    assert (
        counter.decide(counter.reviewer, "window", case, "return_first", reason="電話錯誤").status_code == 302
    )
    assert counter.state(case) == "returned_first"


@pytest.mark.rule("RV1-07")
def test_a_wrong_signing_password_records_nothing_and_is_never_shown_back(counter):
    case = counter.received()
    answer = counter.decide(counter.reviewer, "window", case, "approve_first", password="wrong horse")
    assert "簽署密碼不正確" in answer.text
    assert "wrong horse" not in answer.text
    assert counter.count(s.review_decision) == 0


@pytest.mark.rule("RV1-07", "RV2-03")
def test_a_page_that_went_stale_changes_nothing(counter):
    case = counter.received()
    old = counter.seen(case)
    counter.decide(counter.reviewer, "window", case, "approve_first")
    again = counter.decide(counter.reviewer, "window", case, "approve_first", **old)
    assert again.status_code == 409
    assert counter.count(s.review_decision) == 1
    other = counter.received(name="乙國小")
    answer = counter.decide(counter.reviewer, "window", other, "approve_first", seen_sha256="0" * 64)
    assert answer.status_code == 409
    assert counter.state(other) == "first_review"


@pytest.mark.rule("RV2-02")
def test_the_officer_approves_what_the_window_passed(counter):
    case = counter.in_second_review()
    assert counter.decide(counter.officer, "officer", case, "approve_second").status_code == 302
    assert counter.state(case) == "approved"
    assert "簽章有效，內容相符" in counter.officer.get(f"/staff/cases/{case}/").text


@pytest.mark.rule("RV1-07")
def test_a_decision_that_was_tampered_with_shows_it(counter):
    case = counter.in_second_review()
    (decision,) = counter.house.rows(s.review_decision, case_id=case)
    counter.house.update(
        s.review_decision, decision.id, statement=decision.statement.replace("approve", "refused")
    )
    assert "簽章驗證不符" in counter.officer.get(f"/officer/cases/{case}/").text


@pytest.mark.rule("APP-30")
def test_the_officer_refuses_with_the_reason(counter):
    case = counter.in_second_review()
    counter.decide(counter.officer, "officer", case, "refuse", reason="非受理對象")
    assert counter.state(case) == "refused"


@pytest.mark.rule("ROL-07")
def test_the_clerk_who_tied_the_letter_may_not_decide(counter):
    both = counter.browser("letter_clerk", "second_reviewer", name="both")
    counter.browsers["letter_clerk"] = both
    case = counter.received()
    counter.put(case, state="second_review")
    answer = counter.decide(both, "officer", case, "approve_second")
    assert answer.status_code == 409
    assert "同一人不得" in answer.text


def test_an_organisation_without_an_oid_is_shown_and_can_be_given_one(counter):
    case = counter.in_second_review()
    organisation = counter.head(case).organisation_id
    counter.house.update(s.organisation, organisation, oid=None)
    assert "尚無組織識別碼" in counter.officer.get(f"/officer/cases/{case}/").text
    wrong = counter.officer.post(f"/officer/cases/{case}/oid/", oid="1.2.3")
    assert wrong.status_code == 400
    counter.officer.post(f"/officer/cases/{case}/oid/", oid="2.16.886.111.777")
    assert counter.head(case).oid == "2.16.886.111.777"


def test_deadlines_are_paused_and_run_again_with_reasons(counter):
    case = counter.made()
    assert counter.do(counter.officer, case, "pause_deadlines", reason="郵務中斷").status_code == 302
    page = counter.officer.get(f"/staff/cases/{case}/").text
    assert "郵務中斷" in page
    assert "恢復計時" in page
    assert counter.do(counter.officer, case, "resume_deadlines", reason="恢復投遞").status_code == 302


def test_the_case_page_says_in_words_what_became_of_a_certificate(counter):
    case = counter.made()
    for row in counter.house.rows(s.certificate):
        counter.house.update(s.certificate, row.id, status="revoked", reason="not_activated")
    page = counter.officer.get(f"/staff/cases/{case}/").text
    assert page.count("逾期未開卡</span>") == 2
    assert "加密用" in page
    assert "not_activated" not in page
