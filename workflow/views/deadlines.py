"""Deadlines: why a case's date is what it is, and a forecast of what will fall due (ACT-03, ACT-04, P-08)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow import policies
from workflow.deadlines import FINAL, Why, why
from workflow.machine import TABLES, row_for
from workflow.store import schema as s
from workflow.store.columns import UtcDateTime
from workflow.vocabulary import Ca, CaseKind, DeadlineState, StatusChange, Word

if TYPE_CHECKING:
    from workflow.views.case_parts import Head

HORIZONS = (7, 30, 90)
"""Days ahead that the forecast looks."""
PAGE = 100


@dataclass(frozen=True, slots=True)
class DeadlinePart:
    """One rung of a case's deadline with its reason: rules, source, basis, budget and pauses."""

    id: int
    kind_zh: str
    kind_en: str
    rung: int
    basis_at: datetime
    due_at: datetime
    state: DeadlineState
    paused_at: datetime | None
    paused: timedelta
    settled_at: datetime | None
    reason: Why

    @property
    def is_end(self) -> bool:
        """Whether this is the deadline's end, not a reminder on the way."""
        return self.rung == FINAL


@dataclass(frozen=True, slots=True)
class PausePart:
    """A time in which a case's deadlines stood still."""

    paused_at: datetime
    resumed_at: datetime | None
    reason: str
    by_name: str


@dataclass(frozen=True, slots=True)
class ForecastLine:
    """How many cases will meet one consequence within each horizon, if nobody moves."""

    ca: Ca
    kind: CaseKind
    change: StatusChange
    dest: Word
    overdue: int
    within: tuple[int, ...]
    """Counts for `HORIZONS`; each includes the shorter ones and what is overdue."""


@dataclass(frozen=True, slots=True)
class DueLine:
    """A deadline that is waiting or paused, in the list of deadlines."""

    id: int
    case_id: int
    case_number: str
    ca: Ca
    case_kind: CaseKind
    kind_zh: str
    kind_en: str
    rung: int
    due_at: datetime
    overdue: bool
    change: StatusChange


Key = tuple[datetime, int]


def of_case(connection: sa.Connection, head: Head) -> tuple[DeadlinePart, ...]:
    """Return the deadlines of a case, each with why it falls on its date; what still runs comes first."""
    deadline = s.deadline.c
    query = (
        sa.select(s.deadline).where(deadline.case_id == head.case_id).order_by(deadline.due_at, deadline.id)
    )
    parts = [_part(row, head.kind) for row in connection.execute(query)]
    running = (DeadlineState.WAITING, DeadlineState.PAUSED)
    return tuple(sorted(parts, key=lambda part: part.state not in running))


def pauses(connection: sa.Connection, case_id: int) -> tuple[PausePart, ...]:
    """Return the times in which the case's deadlines stood still."""
    pause = s.deadline_pause.c
    query = sa.select(pause.paused_at, pause.resumed_at, pause.reason, pause.by_name)
    return tuple(
        PausePart(*row)
        for row in connection.execute(query.where(pause.case_id == case_id).order_by(pause.id))
    )


def forecast(connection: sa.Connection, now: datetime) -> tuple[ForecastLine, ...]:
    """Return what the waiting ends of deadlines will do to certificates, by consequence."""
    moments = (now, *(now + timedelta(days=days) for days in HORIZONS))
    deadline, case = s.deadline.c, s.case.c
    due = [
        sa.func.sum(sa.case((deadline.due_at <= sa.literal(moment, UtcDateTime()), 1), else_=0))
        for moment in moments
    ]
    query = (
        sa.select(case.ca, case.kind, case.state, deadline.policy_version, deadline.trigger, *due)
        .join(s.case, case.id == deadline.case_id)
        .where(
            deadline.state == DeadlineState.WAITING,
            deadline.rung == FINAL,
            deadline.due_at <= sa.literal(moments[-1], UtcDateTime()),
        )
        .group_by(case.ca, case.kind, case.state, deadline.policy_version, deadline.trigger)
    )
    counted: dict[tuple[Ca, CaseKind, StatusChange, Word], Counter[int]] = {}
    for row in connection.execute(query):
        found = consequence(CaseKind(row.kind), row.state, row.policy_version, row.trigger)
        if found is not None:
            numbers = counted.setdefault((Ca(row.ca), CaseKind(row.kind), *found), Counter())
            numbers.update(dict(enumerate(int(number) for number in row[5:])))
    return tuple(
        ForecastLine(
            *named, overdue=numbers[0], within=tuple(numbers[place] for place in range(1, len(moments)))
        )
        for named, numbers in sorted(counted.items())
    )


def upcoming(
    connection: sa.Connection, now: datetime, days: int, after: Key | None = None
) -> tuple[tuple[DueLine, ...], Key | None]:
    """Return the rungs that fall due within some days, nearest first, and the key from which the next page goes on."""
    deadline, case = s.deadline.c, s.case.c
    query = (
        sa.select(
            s.deadline, case.number, case.ca, case.kind.label("case_kind"), case.state.label("case_state")
        )
        .join(s.case, case.id == deadline.case_id)
        .where(
            deadline.state == DeadlineState.WAITING,
            deadline.due_at <= sa.literal(now + timedelta(days=days), UtcDateTime()),
        )
        .order_by(deadline.due_at, deadline.id)
        .limit(PAGE + 1)
    )
    if after:
        last = (sa.literal(after[0], UtcDateTime()), sa.literal(after[1]))
        query = query.where(sa.tuple_(deadline.due_at, deadline.id) > sa.tuple_(*last))
    lines = [_due(row, now) for row in connection.execute(query)]
    more = len(lines) > PAGE
    return tuple(lines[:PAGE]), (lines[PAGE - 1].due_at, lines[PAGE - 1].id) if more else None


def consequence(
    kind: CaseKind, state: str, policy_version: str, trigger: str
) -> tuple[StatusChange, Word] | None:
    """Return what a deadline would do to a case in this state: the change and the state after; None if nothing."""
    row = row_for(kind, state, trigger, policies.by_version(policy_version))
    return None if row is None else (row.change, TABLES[kind].states(row.dest))


def _part(row: sa.Row[Any], kind: CaseKind) -> DeadlinePart:
    named = TABLES[kind].deadlines[row.kind]
    return DeadlinePart(
        id=row.id,
        kind_zh=named.zh,
        kind_en=named.en,
        rung=row.rung,
        basis_at=row.basis_at,
        due_at=row.due_at,
        state=DeadlineState(row.state),
        paused_at=row.paused_at,
        paused=timedelta(seconds=row.paused_seconds),
        settled_at=row.settled_at,
        reason=why(named, policies.by_version(row.policy_version), row.rung),
    )


def _due(row: sa.Row[Any], now: datetime) -> DueLine:
    kind = CaseKind(row.case_kind)
    named = TABLES[kind].deadlines[row.kind]
    found = consequence(kind, row.case_state, row.policy_version, row.trigger)
    return DueLine(
        id=row.id,
        case_id=row.case_id,
        case_number=row.number,
        ca=Ca(row.ca),
        case_kind=kind,
        kind_zh=named.zh,
        kind_en=named.en,
        rung=row.rung,
        due_at=row.due_at,
        overdue=row.due_at <= now,
        change=found[0] if found else StatusChange.NONE,
    )
