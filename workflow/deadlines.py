"""When a deadline falls due, and why: pure arithmetic on days in Asia/Taipei.

Days are calendar days (the sources say so unless they say 工作天). The last day counts whole: a deadline is due at the
midnight that ends it. Reminders go out at nine in the morning of their day.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from workflow.cases.table import DeadlineKind
    from workflow.facts import CaseFacts
    from workflow.policy import Policy, Sourced

TAIPEI = ZoneInfo("Asia/Taipei")
UTC = ZoneInfo("UTC")
MORNING = time(9, 0)
FINAL = 0
"""The rung number of the deadline's end; reminders carry their day's number."""


@dataclass(frozen=True)
class Rung:
    """One moment of a deadline: a reminder, or its end (rung 0)."""

    kind: str
    rung: int
    trigger: str
    basis_at: datetime
    budget: int
    in_months: bool
    due_at: datetime


@dataclass(frozen=True)
class Why:
    """Why a deadline falls on its date."""

    rule_ids: tuple[str, ...]
    source: str
    budget: int
    in_months: bool


def add_months(day: date, months: int) -> date:
    """Return the same day `months` later, or that month's last day when it has no such day (Civil Code art. 121)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def taipei_day(moment: datetime) -> date:
    """Return the day in Taipei of a moment."""
    return moment.astimezone(TAIPEI).date()


def end_of(day: date) -> datetime:
    """Return the midnight that ends a day in Taipei, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(0), TAIPEI).astimezone(UTC)


def morning_of(day: date) -> datetime:
    """Return nine in the morning of a day in Taipei, in UTC."""
    return datetime.combine(day, MORNING, TAIPEI).astimezone(UTC)


def rungs(kind: DeadlineKind, case: CaseFacts, policy: Policy, now: datetime) -> tuple[Rung, ...]:
    """Return the reminders and the end of a deadline that starts now. A reminder already past is left out."""
    basis = kind.basis(case, policy, now)
    day = taipei_day(basis)
    made = []
    if kind.reminders:
        for after in policy.get(kind.reminders):
            due = morning_of(day + timedelta(days=after))
            made.append(
                Rung(kind.name, after, kind.reminder_trigger, basis, after, in_months=False, due_at=due)
            )
    if kind.trigger:
        budget = policy.get(kind.budget)
        last = add_months(day, budget) if kind.in_months else day + timedelta(days=budget)
        made.append(Rung(kind.name, FINAL, kind.trigger, basis, budget, kind.in_months, end_of(last)))
    return tuple(rung for rung in made if rung.rung == FINAL or rung.due_at > now)


def why(kind: DeadlineKind, policy: Policy, rung: int) -> Why:
    """Return the rules and the source that set a rung's date."""
    field = kind.budget if rung == FINAL else kind.reminders
    sourced: Sourced[object] = getattr(policy, field)
    budget = policy.get(kind.budget) if rung == FINAL else rung
    return Why(sourced.rules, sourced.source, budget, kind.in_months and rung == FINAL)
