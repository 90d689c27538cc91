"""A refusal's page leads on: to the log-in, to the case, to one's own work; never back to the same refusal."""

from __future__ import annotations

import re

import pytest


def ways(answer):
    """Return the addresses that a refusal's page offers, the main one first."""
    return re.findall(r'class="button button-(?:primary|plain)" href="([^"]+)"', answer.text)


def test_a_late_second_reviewer_is_led_to_the_case(counter):
    case = counter.in_second_review()
    counter.decide(counter.officer, "officer", case, "approve_second")
    late = counter.browser("second_reviewer", name="late")
    answer = late.get(f"/officer/cases/{case}/")
    assert answer.status_code == 409
    assert ways(answer) == [f"/staff/cases/{case}/", "/staff/"]
    assert late.get(ways(answer)[0]).status_code == 200


def test_a_decision_on_a_stale_page_may_also_be_looked_at_again(counter):
    case = counter.in_second_review()
    answer = counter.decide(counter.officer, "officer", case, "approve_second", seen_sha256="0" * 64)
    assert answer.status_code == 409
    assert ways(answer) == [f"/staff/cases/{case}/", f"/officer/cases/{case}/", "/staff/"]


def test_a_page_of_another_role_leads_to_ones_own_work(counter):
    assert ways(counter.clerk.get("/officer/")) == ["/staff/"]


@pytest.mark.parametrize("with_token", [True, False])
def test_a_post_after_the_log_in_ended_leads_back_through_the_log_in(counter, clock, with_token):
    case = counter.in_second_review()
    officer = counter.officer
    fields = counter.seen(case) | {"decision": "approve_second", "password": "correct horse"}
    clock.move(minutes=31)
    path = f"/officer/cases/{case}/"
    answer = officer.post(path, **fields) if with_token else officer.client.post(path, data=fields)
    assert answer.status_code == 403
    assert "重新登入" in answer.text
    assert ways(answer)[0] == f"/login/?next={path}"
    assert counter.state(case) == "second_review"


def test_a_log_in_ends_when_idle_and_holds_while_in_use(counter, clock):
    for _ in range(3):
        clock.move(minutes=29)
        assert counter.officer.get("/officer/").status_code == 200
    clock.move(minutes=30)
    assert "/login/?next=" in counter.officer.get("/officer/").headers["Location"]
