"""The work list: what waits for a person's roles, late cases first, then by the place in the queue (APP-33)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow import policies
from workflow.cases.table import NEW
from workflow.deadlines import FINAL
from workflow.machine import TABLES, offers
from workflow.store import schema as s
from workflow.store.columns import UtcDateTime
from workflow.views.scope import latest_by, visible
from workflow.vocabulary import Ca, CaseKind, DeadlineState, Rank, Role, Word

if TYPE_CHECKING:
    from workflow.facts import Actor

PAGE = 50
FAR = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for "no deadline" in the order of the list."""
UNPROMPTED = frozenset({"mail_returned", "card_spoiled", "card_lost", "cancel"})
"""Triggers that record a mishap: they are possible at any time and make a case nobody's turn."""
FORSAKEN = frozenset({"paper_overdue_suspended", "paper_overdue_revoked"})
"""States that late paper can still leave, but in which nobody waits for it."""

Key = tuple[datetime, datetime, int]


class Tab(Word):
    """The two halves of the work list."""

    TEAM = "team", "本組待辦", "My team's"
    MINE = "mine", "我的案件", "Mine"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What part of the list is wanted; `after` is the key of the last line of the page before."""

    tab: Tab = Tab.TEAM
    ca: Ca | None = None
    kind: CaseKind | None = None
    state: str = ""
    after: Key | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One case in a list. `due_at` is the end of its nearest waiting deadline, in UTC."""

    case_id: int
    number: str
    ca: Ca
    kind: CaseKind
    state: Word
    subject_name: str
    rank: Rank | None
    card_number: str
    window_name: str
    queued_at: datetime
    state_since: datetime
    due_at: datetime | None
    overdue: bool
    version: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of lines, and the key from which the next one goes on; None at the end."""

    lines: tuple[Line, ...]
    after: Key | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases wait, for the navigation."""

    team: int
    mine: int
    late: int


def actionable(roles: frozenset[Role]) -> sa.ColumnElement[bool]:
    """Return the condition that these roles can act on the case now, from the tables and each policy's rows."""
    found: dict[tuple[CaseKind, tuple[str, ...]], list[str]] = defaultdict(list)
    for kind, table in TABLES.items():
        for policy in policies.ALL:
            if policy.ca not in table.served:
                continue
            states = tuple(
                sorted(
                    str(state)
                    for state in table.states
                    if state not in FORSAKEN
                    and any(row.trigger not in UNPROMPTED for row in offers(kind, state, policy, roles))
                )
            )
            if states:
                found[kind, states].append(policy.version)
    parts = [
        sa.and_(s.case.c.kind == kind, s.case.c.policy_version.in_(versions), s.case.c.state.in_(states))
        for (kind, states), versions in found.items()
    ]
    return sa.or_(*parts) if parts else sa.false()


def due() -> sa.ScalarSelect[datetime | None]:
    """Return the end of a case's nearest waiting deadline, as a column; reminders do not count."""
    return (
        sa.select(sa.func.min(s.deadline.c.due_at, type_=UtcDateTime()))
        .where(
            s.deadline.c.case_id == s.case.c.id,
            s.deadline.c.state == DeadlineState.WAITING,
            s.deadline.c.rung == FINAL,
        )
        .correlate(s.case)
        .scalar_subquery()
    )


def unfinished() -> sa.ColumnElement[bool]:
    """Return the condition that a case still has a way on."""
    return sa.or_(
        *(
            sa.and_(s.case.c.kind == kind, s.case.c.state.not_in([NEW, *sorted(map(str, table.finals))]))
            for kind, table in TABLES.items()
        )
    )


def worklist(connection: sa.Connection, actor: Actor, wanted: Wanted, now: datetime) -> Page:
    """Return one page of the actor's list, at most 50 cases."""
    due_at = due().label("due_at")
    order = (
        sa.func.coalesce(due(), sa.literal(FAR, UtcDateTime()), type_=UtcDateTime()),
        s.case.c.queued_at,
        s.case.c.id,
    )
    query = _lines(due_at).where(visible(actor), _tab(actor, wanted.tab), *_filters(wanted)).order_by(*order)
    if wanted.after:
        at, queued, case_id = wanted.after
        last = (sa.literal(at, UtcDateTime()), sa.literal(queued, UtcDateTime()), sa.literal(case_id))
        query = query.where(sa.tuple_(*order) > sa.tuple_(*last))
    lines = [line(row, now) for row in connection.execute(query.limit(PAGE + 1))]
    more = len(lines) > PAGE
    shown = tuple(lines[:PAGE])
    return Page(shown, (shown[-1].due_at or FAR, shown[-1].queued_at, shown[-1].case_id) if more else None)


def counts(connection: sa.Connection, actor: Actor, now: datetime) -> Counts:
    """Count what waits for the actor's roles, what is the actor's own, and what of the former is overdue."""

    def count(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return (
            sa.select(sa.func.count())
            .select_from(s.case)
            .where(visible(actor), *conditions)
            .scalar_subquery()
        )

    team = _tab(actor, Tab.TEAM)
    late = sa.and_(team, due() < sa.literal(now, UtcDateTime()))
    row = connection.execute(sa.select(count(team), count(_tab(actor, Tab.MINE)), count(late))).one()
    return Counts(*row)


def lines_where(
    connection: sa.Connection,
    actor: Actor,
    now: datetime,
    *conditions: sa.ColumnElement[bool],
    limit: int = 200,
) -> tuple[Line, ...]:
    """Return the visible cases that meet the conditions, oldest place in the queue first."""
    query = _lines(due().label("due_at")).where(visible(actor), *conditions)
    query = query.order_by(s.case.c.queued_at, s.case.c.id).limit(limit)
    return tuple(line(row, now) for row in connection.execute(query))


def in_states(
    connection: sa.Connection, actor: Actor, now: datetime, *states: str, limit: int = 200
) -> tuple[Line, ...]:
    """Return the visible cases in some states, oldest place in the queue first."""
    return lines_where(
        connection, actor, now, s.case.c.state.in_([str(state) for state in states]), limit=limit
    )


def line(row: sa.Row[Any], now: datetime) -> Line:
    """Make a line of a row of `_lines`."""
    kind = CaseKind(row.kind)
    return Line(
        case_id=row.id,
        number=row.number,
        ca=Ca(row.ca),
        kind=kind,
        state=TABLES[kind].states(row.state),
        subject_name=row.subject_name,
        rank=Rank(row.rank) if row.rank else None,
        card_number=row.card_number or "",
        window_name=row.window_name or "",
        queued_at=row.queued_at,
        state_since=row.state_since,
        due_at=row.due_at,
        overdue=row.due_at is not None and row.due_at <= now,
        version=row.version,
    )


def _lines(due_at: sa.Label[Any]) -> sa.Select[Any]:
    case = s.case.c
    columns = (
        case.id, case.number, case.ca, case.kind, case.state, case.subject_name, case.rank, case.card_number,
        case.queued_at, case.state_since, case.version,
    )  # fmt: skip
    source = s.case.outerjoin(s.review_window, s.review_window.c.id == case.window_id)
    return sa.select(*columns, s.review_window.c.name.label("window_name"), due_at).select_from(source)


def _tab(actor: Actor, tab: Tab) -> sa.ColumnElement[bool]:
    if tab is Tab.TEAM:
        return actionable(actor.roles)
    return sa.and_(unfinished(), sa.or_(s.case.c.assigned_to == actor.account_id, latest_by(actor.person_id)))


def _filters(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    pairs = ((s.case.c.ca, wanted.ca), (s.case.c.kind, wanted.kind), (s.case.c.state, wanted.state))
    return [column == value for column, value in pairs if value]


def states() -> tuple[Word, ...]:
    """Return the states of all case kinds that a case can wait in, for the filter."""
    return tuple(
        state for table in TABLES.values() for state in table.states if str(state) not in table.finals
    )
