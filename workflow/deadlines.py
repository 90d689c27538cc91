"""When a deadline falls due, and why: pure arithmetic on days in Asia/Taipei.

Days are calendar days (the sources say so unless they say 工作天). The last day counts whole: a deadline is due at the
midnight that ends it. Reminders go out at nine in the morning of their day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from workflow.days import add_months, end_of, morning_of, taipei_day

if TYPE_CHECKING:
    from workflow.cases.table import DeadlineKind
    from workflow.facts import CaseFacts
    from workflow.policy import Policy, Sourced

__all__ = ["FINAL", "Rung", "Why", "add_months", "rungs", "taipei_day", "why"]

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
