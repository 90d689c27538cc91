from __future__ import annotations

import pytest

from workflow.store import schema as s


def test_the_staff_log_in_and_out(visitor, house):
    house.account("audit", "auditor")
    page = visitor.log_in("audit")
    assert page.status_code == 200
    assert "登出" in visitor.get("/").text
    assert "您已登出" in visitor.post("/logout/").text
    assert 'action="/logout/"' not in visitor.get("/").text
    assert {"logged_in", "logged_out"} <= {row.kind for row in house.rows(s.audit_entry)}


def test_a_wrong_password_keeps_the_account_name_and_not_the_password(visitor, house):
    house.account("audit", "auditor")
    answer = visitor.log_in("audit", "wrong-pass")
    assert answer.status_code == 403
    assert 'value="audit"' in answer.text
    assert "wrong-pass" not in answer.text
    assert "帳號或密碼不正確" in answer.text


@pytest.mark.rule("WEB-01")
def test_too_many_wrong_passwords_lock_the_account_for_a_while(visitor, house, office, clock):
    house.account("audit", "auditor")
    for _ in range(office.settings.log_in_tries):
        visitor.log_in("audit", "wrong-pass")
    answer = visitor.log_in("audit")
    assert answer.status_code == 423
    assert "帳號已鎖定" in answer.text
    clock.move(minutes=office.settings.lock_minutes + 1)
    assert visitor.log_in("audit").status_code == 200


def is_in(visitor):
    return not visitor.get("/staff/").headers["Location"].startswith("/login/")


def test_a_cookie_that_was_copied_ends_with_the_log_out(visitor, make_visitor, app, house):
    house.account("audit", "auditor")
    visitor.log_in("audit")
    thief = make_visitor(app)
    thief.client.set_cookie("guanfang", visitor.client.get_cookie("guanfang").value)
    assert is_in(thief)
    visitor.get("/")
    visitor.post("/logout/")
    assert not is_in(thief)
    assert visitor.log_in("audit").status_code == 200


def test_nobody_stays_logged_in_for_more_than_half_a_day(visitor, house, clock):
    house.account("audit", "auditor")
    visitor.log_in("audit")
    for _ in range(35):
        clock.move(minutes=20)
        assert is_in(visitor)
    clock.move(minutes=20)
    assert not is_in(visitor)


@pytest.mark.parametrize(
    "onward",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:x",
        "/\r\nX: y",
        "/\nx",
        "/\t/evil.example/",
        "//[evil.example/",
        "https://[evil.example/",
        "//℀.example/",
    ],
)
def test_the_log_in_never_leads_to_another_site(visitor, house, onward):
    house.account("audit", "auditor")
    answer = visitor.post("/login/", follow=False, login="audit", password="correct horse", next=onward)
    assert answer.headers["Location"] == "/staff/"


def test_missing_entries_are_named(visitor):
    page = visitor.log_in("", "").text
    assert "請輸入帳號" in page
    assert "請輸入密碼" in page
