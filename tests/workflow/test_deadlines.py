"""When deadlines fall due: calendar days in Taipei, months that end, midnights."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow import policies
from workflow.days import add_months, end_of, morning_of, taipei_day
from workflow.deadlines import FINAL, rungs, why
from workflow.facts import CaseFacts
from workflow.machine import TABLES
from workflow.vocabulary import Ca, CaseKind

TAIPEI = timezone(timedelta(hours=8))
GCA, XCA, MOICA = (policies.in_force(ca, date(2026, 1, 1)) for ca in (Ca.GCA, Ca.XCA, Ca.MOICA))
ACTIVATION = TABLES[CaseKind.CARD_APPLICATION].deadlines["activation"]
LETTER = TABLES[CaseKind.CARD_APPLICATION].deadlines["letter"]
PAPER = TABLES[CaseKind.USERCODE_RESET].deadlines["paper"]
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive.


def a_case(policy, **data):
    return CaseFacts(1, "0" * 25, policy.ca, CaseKind.CARD_APPLICATION, "made", 3, policy.version, data=data)


def taipei(year, month, day, hour=0, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=TAIPEI)


def end(kind, policy, now, **data):
    return next(
        rung.due_at for rung in rungs(kind, a_case(policy, **data), policy, now) if rung.rung == FINAL
    )


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 3, 31), 1, date(2026, 4, 30)),
    ],
)
def test_a_month_ends_on_its_last_day_when_it_has_no_such_day(day, months, expected):
    assert add_months(day, months) == expected


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.integers(0, 120))
def test_months_are_never_longer_than_the_calendar(day, months):
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


@pytest.mark.rule("ACT-03")
def test_the_ninetieth_day_counts_whole_in_taipei():
    assert end(ACTIVATION, GCA, taipei(2026, 3, 2, 9)) == taipei(2026, 6, 1)


@pytest.mark.rule("P-06")
def test_taipeis_midnight_and_not_greenwichs_begins_the_day():
    late, early = taipei(2026, 3, 2, 23, 59), taipei(2026, 3, 3, 0, 0)
    assert late.astimezone(UTC).date() == early.astimezone(UTC).date()
    assert end(ACTIVATION, GCA, early) - end(ACTIVATION, GCA, late) == timedelta(days=1)


def test_ninety_days_run_through_a_leap_day_and_a_roc_year():
    assert end(ACTIVATION, GCA, taipei(2028, 1, 1, 12)) == taipei(2028, 4, 1)
    assert end(ACTIVATION, GCA, taipei(2026, 12, 1, 12)) == taipei(2027, 3, 2)


@pytest.mark.rule("P-08", "UCR-02", "UCR-03")
def test_the_paper_of_a_reset_has_one_month():
    assert end(PAPER, GCA, taipei(2026, 1, 31, 15)) == taipei(2026, 3, 1)
    assert end(PAPER, XCA, taipei(2026, 12, 31, 15)) == taipei(2027, 2, 1)


@pytest.mark.rule("ACT-04", "P-06")
def test_xca_counts_from_the_certificates_issue_and_gca_from_the_cards():
    issued = taipei(2026, 3, 1, 12)
    now = taipei(2026, 3, 5, 12)
    assert end(ACTIVATION, XCA, now, certificate_issued_at=issued.isoformat()) == taipei(2026, 5, 31)
    assert end(ACTIVATION, GCA, now, certificate_issued_at=issued.isoformat()) == taipei(2026, 6, 4)


def test_reminders_go_out_in_the_morning_before_the_end():
    made = rungs(ACTIVATION, a_case(GCA), GCA, taipei(2026, 3, 2, 12))
    assert [rung.rung for rung in made] == [30, 60, 80, FINAL]
    assert made[0].due_at == taipei(2026, 4, 1, 9)
    assert {rung.trigger for rung in made[:-1]} == {"remind_activation"}
    assert made[-1].trigger == "lapse_activation"


def test_a_reminder_whose_day_is_past_is_left_out_but_the_end_never():
    issued = taipei(2026, 3, 1, 12).isoformat()
    made = rungs(ACTIVATION, a_case(XCA, certificate_issued_at=issued), XCA, taipei(2026, 8, 1))
    assert [rung.rung for rung in made] == [FINAL]


@pytest.mark.rule("LTR-01")
def test_a_missing_letter_is_chased_twice_and_never_ends_a_case():
    made = rungs(LETTER, a_case(XCA), XCA, taipei(2026, 3, 2))
    assert [(rung.rung, rung.trigger) for rung in made] == [(14, "chase_letter"), (28, "chase_letter")]
    assert rungs(LETTER, a_case(MOICA), MOICA, taipei(2026, 3, 2)) == ()


@given(moments)
def test_a_day_in_taipei_ends_after_its_last_moment_and_no_later(moment):
    day = taipei_day(moment)
    assert moment < end_of(day) <= moment + timedelta(days=1)
    assert taipei_day(end_of(day)) == day + timedelta(days=1)
    assert taipei_day(morning_of(day)) == day


@given(moments, st.sampled_from([GCA, XCA, MOICA]))
def test_an_end_lies_ninety_whole_days_after_its_basis(moment, policy):
    due = end(ACTIVATION, policy, moment)
    assert timedelta(days=90) < due - moment <= timedelta(days=91)
    reminders = rungs(ACTIVATION, a_case(policy), policy, moment)[:-1]
    assert all(moment < rung.due_at < due for rung in reminders)


@pytest.mark.rule("P-08")
def test_a_date_can_say_which_rule_set_it():
    ends = why(PAPER, XCA, FINAL)
    assert (ends.budget, ends.in_months, ends.rule_ids) == (1, True, ("UCR-03", "P-08"))
    assert ends.source.startswith("XCA slides")
    reminds = why(PAPER, XCA, 14)
    assert (reminds.budget, reminds.in_months) == (14, False)
