"""The help desk, the operator and the auditor at work."""

import re

import pytest

from workflow.commands import RequestReset
from workflow.commands_of_watches import Found, RecordWatch
from workflow.facts import PUBLIC, SYSTEM
from workflow.handlers import handle
from workflow.store import schema as s
from workflow.vocabulary import Watch

CARD = "XC00000000000001"


@pytest.fixture
def reset(counter):
    """A user-code reset of a posted card."""
    case = counter.made(CARD)
    counter.put(case, state="activated")
    form = {
        "organisation_name": "臺北市立建成國民小學",
        "contact_name": "陳聯絡",
        "contact_phone": "02-2558-1234",
    }
    return handle(counter.office, RequestReset(card_number=CARD, form=form), PUBLIC).case_id


@pytest.mark.rule("UCR-02", "UCR-03")
def test_the_desk_sees_the_contact_on_record_beside_what_the_form_says(counter):
    case = counter.made(CARD)
    counter.put(case, state="activated")
    said = {"contact_name": "陌生人", "contact_email": "thief@example.org", "application_date": "2026-11-21"}
    form = {"organisation_name": "臺北市立建成國民小學", **said}
    reset = handle(counter.office, RequestReset(card_number=CARD, form=form), PUBLIC).case_id
    page = counter.desk.get(f"/staff/cases/{reset}/").text
    assert "本卡登記在案的聯絡人" in page
    assert "chen@example.tw" in page
    assert "thief@example.org" in page
    assert "民國115年11月21日" in page
    assert "本卡登記在案的聯絡人" not in counter.desk.get(f"/staff/cases/{case}/").text


@pytest.mark.rule("UCR-03")
def test_the_desk_logs_the_copy_and_tells_the_new_code_once(counter, reset):
    assert counter.do(counter.desk, reset, "receive_copy", arrived_by="fax").status_code == 302
    answer = counter.do(counter.desk, reset, "tell_by_phone", spoke_with="陳聯絡", phone="02-2558-1234")
    assert answer.status_code == 200
    assert "big-secret" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    code = answer.text.split('class="big-secret">')[1].split("<")[0]
    assert code not in counter.desk.get(f"/staff/cases/{reset}/").text
    again = counter.do(counter.desk, reset, "tell_by_phone", spoke_with="陳聯絡", phone="02-2558-1234")
    assert again.status_code == 409


@pytest.mark.rule("UCR-03")
def test_the_paper_back_closes_the_reset(counter, reset):
    counter.put(reset, state="awaiting_paper")
    missing = counter.do(counter.desk, reset, "paper_back", evidence=" ")
    assert missing.status_code == 400
    assert counter.do(counter.desk, reset, "paper_back", evidence="正本，蓋有關防").status_code == 302
    assert counter.state(reset) == "closed"


def test_the_desk_lists_resets_by_what_has_to_be_done(counter, reset):
    page = counter.desk.get("/desk/").text
    assert counter.number(reset) in page
    assert f"/staff/cases/{reset}/do/receive_copy/" in page


@pytest.mark.rule("CRD-08")
def test_the_last_notice_is_sent_again(counter):
    case = counter.made()
    before = counter.count(s.outbox)
    assert counter.do(counter.desk, case, "resend_notice").status_code == 302
    assert counter.count(s.outbox) == before + 1
    page = counter.desk.get(f"/staff/cases/{case}/").text
    # Nothing is said to be done that a worker only does later.
    assert "通知已排入寄送" in page
    assert "已完成：補寄通知" not in page


def test_the_tables_of_a_case_write_their_moments_alike(counter):
    page = counter.desk.get(f"/staff/cases/{counter.made()}/?lang=en").text
    cells = "".join(re.findall(r"<td[^>]*>.*?</td>", page))
    assert re.search(r"\b2026-11-20 \d\d:\d\d\b", cells)
    assert not re.search(r"\d (November|December) 2026", cells)


@pytest.mark.rule("PIN-03", "UCR-01")
def test_the_desk_sees_the_button_for_a_locked_code_only_while_it_is_locked(counter):
    case = counter.applied()
    assert counter.do(counter.desk, case, "unlock_user_code", reason="電話確認").status_code == 409
    counter.put(case, user_code_tries=3)
    assert "解除用戶代碼鎖定" in counter.desk.get(f"/staff/cases/{case}/").text
    assert counter.do(counter.desk, case, "unlock_user_code", reason="").status_code == 400
    assert counter.do(counter.desk, case, "unlock_user_code", reason="電話確認").status_code == 302
    assert counter.do(counter.desk, case, "unlock_user_code", reason="電話確認").status_code == 409


def test_a_button_that_is_not_offered_has_no_page(counter, reset):
    assert counter.desk.get(f"/staff/cases/{reset}/do/tell_by_phone/").status_code == 409
    assert counter.desk.get(f"/staff/cases/{reset}/do/nonsense/").status_code == 409
    assert counter.desk.get(f"/staff/cases/{reset}/do/cancel/").status_code == 200


def test_the_operator_puts_a_dead_letter_back_to_work(counter):
    operator = counter.browser("operator")
    work = counter.dead_letter(counter.applied())
    assert "550 no such mailbox" in operator.get("/operator/").text
    operator.post("/operator/requeue/", outbox_id=str(work))
    assert counter.house.rows(s.outbox, id=work)[0].state == "waiting"
    assert operator.post("/operator/requeue/", outbox_id=str(work)).status_code == 404


def test_an_open_breaker_wants_a_reason(counter):
    operator = counter.browser("operator")
    now = counter.office.clock.now()
    counter.house.insert(s.breaker, name="sweep", open=True, count=900, allowance=0, reason="", at=now)
    assert "到期處理已暫停" in operator.get("/operator/").text
    assert operator.post("/operator/confirm-sweep/", reason="").status_code == 409
    assert "到期處理正常" in operator.post("/operator/confirm-sweep/", reason="已核對清單").text


@pytest.mark.rule("ACT-04")
def test_the_forecast_says_what_will_befall_certificates(counter, clock):
    counter.made()
    clock.move(days=85)
    page = counter.browser("operator").get("/operator/deadlines/").text
    assert "廢止" in page
    assert "開卡期限" in page


@pytest.mark.parametrize(
    "after", ["0001-01-01T00:00:00%2B14:00~1", "9999-12-31T23:59:59-14:00~1", "x~1", "~"]
)
def test_a_page_key_beyond_the_calendar_shows_the_first_page(counter, after):
    assert counter.browser("operator").get(f"/operator/deadlines/?after={after}").status_code == 200


@pytest.mark.rule("AUD-01")
def test_the_auditor_reads_the_log_and_filters_it(counter):
    counter.received()
    auditor = counter.browser("auditor")
    assert "letter_logged" in auditor.get("/operator/audit/").text
    page = auditor.get("/operator/audit/", query_string={"kind": "letter_logged", "since": "115/11/20"}).text
    assert "letter_logged" in page
    assert "<td>log_in</td>" not in page
    # A day is taken as either page shows it.
    assert auditor.get("/operator/audit/?kind=letter_logged&since=2026-11-20").text.count("<tbody") == 1
    assert "<tbody" not in auditor.get("/operator/audit/?kind=letter_logged&since=2026-11-21").text
    for wrong in ("tomorrow", "1200-01-01"):
        assert "不是民國日期" in auditor.get(f"/operator/audit/?since={wrong}").text
    assert "沒有「115/02/30」這一天" in auditor.get("/operator/audit/?since=2026-02-30").text


def test_the_work_list_counts_and_filters(counter):
    case = counter.in_second_review()
    page = counter.officer.get("/staff/worklist/").text
    assert counter.number(case) in page
    assert counter.number(case) not in counter.officer.get("/staff/worklist/?ca=gca").text
    assert counter.officer.get("/staff/worklist/?after=nonsense").status_code == 200
    assert "本組待辦（1）" in page


def test_the_case_page_draws_its_chart_and_explains_its_dates(counter):
    case = counter.made()
    page = counter.officer.get(f"/staff/cases/{case}/").text
    assert 'class="chart-state present' in page
    assert "ACT-04" in page
    assert "XCA slides" in page
    assert " style=" not in page
    assert "Chart of the case" in counter.officer.get(f"/staff/cases/{case}/?lang=en").text


def test_the_operator_sees_what_the_watches_found_until_it_is_mended(counter):
    operator = counter.browser("operator")
    assert "巡查無異常" in operator.get("/operator/").text
    found = Found(code="crl.expired", subject="xca/complete", zh="清冊已到期。", en="The list expired.")
    handle(counter.office, RecordWatch(watch=Watch.HALF_LIFE, examined=1, found=(found,)), SYSTEM)
    page = operator.get("/operator/").text
    assert "清冊已到期。" in page
    assert "crl.expired" in page
    handle(counter.office, RecordWatch(watch=Watch.HALF_LIFE, examined=1, found=()), SYSTEM)
    assert "巡查無異常" in operator.get("/operator/").text
