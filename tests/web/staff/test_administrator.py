"""The administrator at the screen: whose accounts there are, unlocking and ending them."""

from datetime import timedelta

import pytest

from workflow.commands_of_watches import Found, RecordWatch
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.store import schema as s
from workflow.vocabulary import Watch


@pytest.fixture
def administrator(counter):
    return counter.browser("administrator")


def number(counter, login):
    return counter.house.rows(s.account, login=login)[0].id


def test_the_administrator_lands_on_the_accounts_and_sees_who_is_locked(counter, administrator):
    counter.house.account("late", "second_reviewer", person="晚到")
    until = counter.office.clock.now() + timedelta(minutes=15)
    counter.house.update(s.account, number(counter, "late"), locked_until=until)
    page = administrator.get("/staff/", follow_redirects=True).text
    assert "人員帳號" in page
    assert "晚到" in page
    assert "鎖定" in page
    assert "Locked" in administrator.get("/administrator/accounts/?lang=en").text


@pytest.mark.rule("ROL-02")
def test_the_administrator_sees_an_account_that_waits_for_another_person(counter, administrator):
    boss = number(counter, "administrator")
    counter.house.insert(
        s.account_proposal, login="newcomer", name="甄新人", roles=["second_reviewer"], statement="{}", signatures=[],
        state="open", reason="", proposed_by=boss, proposed_at=counter.office.clock.now(),
    )  # fmt: skip
    page = administrator.get("/administrator/accounts/").text
    assert "甄新人" in page
    assert "王administrator" in page


@pytest.mark.rule("ROL-09")
def test_an_account_is_unlocked_and_ended_at_the_screen_with_a_reason(counter, administrator):
    counter.house.account("late", "second_reviewer", person="晚到")
    address = f"/administrator/accounts/{number(counter, 'late')}/"
    assert administrator.post(address, do="unlock", reason="電話確認").status_code == 409
    counter.house.update(
        s.account, number(counter, "late"), locked_until=counter.office.clock.now() + timedelta(minutes=15)
    )
    assert "已解除鎖定" in administrator.post(address, do="unlock", reason="電話確認").text
    assert administrator.post(address, do="end", reason="").status_code == 400
    assert "帳號已停用" in administrator.post(address, do="end", reason="離職").text
    assert "不能再開啟" in administrator.get(address).text
    assert not counter.house.rows(s.account, login="late")[0].active


def test_whoever_is_ended_is_logged_out_at_once(counter, administrator):
    officer = counter.officer
    assert officer.get("/staff/worklist/", follow_redirects=False).status_code == 200
    administrator.post(
        f"/administrator/accounts/{number(counter, 'second_reviewer')}/", do="end", reason="離職"
    )
    assert "/login/" in officer.get("/staff/worklist/", follow_redirects=False).headers["Location"]


def test_an_administrator_finds_no_button_on_their_own_account(counter, administrator):
    page = administrator.get(f"/administrator/accounts/{number(counter, 'administrator')}/").text
    assert 'value="end"' not in page
    assert "另一位管理員" in page


def test_the_administrator_sees_alarms_and_dead_letters_and_leaves_them_to_the_operator(
    counter, administrator
):
    work = counter.dead_letter(counter.applied())
    page = administrator.get("/operator/").text
    assert "550 no such mailbox" in page
    assert "重新排入" not in page
    assert administrator.post("/operator/requeue/", outbox_id=str(work)).status_code == 403


def test_what_nobody_mends_is_marked_on_the_page(counter, administrator, clock):
    found = Found(code="published.pem", subject="http://x.example/a.crt", zh="是 PEM。", en="It is PEM.")
    handle(counter.office, RecordWatch(watch=Watch.MONITOR, examined=1, found=(found,)), SYSTEM)
    page = administrator.get("/operator/").text
    assert ("是 PEM。" in page, "逾期未處理" in page) == (True, False)
    clock.move(days=3)
    administrator.log_in("administrator")
    assert "逾期未處理" in administrator.get("/operator/").text


@pytest.mark.rule("AUD-01")
def test_the_log_names_people_and_events_in_words_and_is_searched_by_both(counter):
    counter.received()
    auditor = counter.browser("auditor")
    page = auditor.get("/operator/audit/?kind=letter_logged").text
    assert "登錄公文" in page
    assert "王letter_clerk" in page
    assert "letter logged" in auditor.get("/operator/audit/?kind=letter_logged&lang=en").text
    auditor.get("/operator/audit/?lang=zh")
    named = auditor.get("/operator/audit/", query_string={"actor": "王letter", "kind": "letter_logged"}).text
    assert "沒有符合的紀錄" not in named
    assert "沒有符合的紀錄" in auditor.get("/operator/audit/", query_string={"actor": "趙"}).text
