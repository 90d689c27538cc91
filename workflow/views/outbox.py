"""The outbox and the sweeper's breaker, as the operator sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.effects import Effect
from workflow.store import schema as s
from workflow.store.columns import UtcDateTime
from workflow.vocabulary import Lane, OutboxState

if TYPE_CHECKING:
    from datetime import datetime

LIMIT = 200


@dataclass(frozen=True, slots=True)
class LaneLine:
    """How one lane stands. `oldest_due_at` is the earliest moment among its open work."""

    lane: Lane
    waiting: int
    claimed: int
    dead: int
    oldest_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Work that failed too often and waits for a person."""

    id: int
    lane: Lane
    effect: Effect | None
    template: str
    attempts: int
    created_at: datetime
    last_error: str
    case_id: int | None
    case_number: str


@dataclass(frozen=True, slots=True)
class BreakerLine:
    """The breaker of a sweep. When open, nothing is suspended or revoked until a person confirms."""

    name: str
    open: bool
    count: int
    allowance: int
    reason: str
    at: datetime


def lanes(connection: sa.Connection) -> tuple[LaneLine, ...]:
    """Return how each lane stands, all lanes in their order."""
    work = s.outbox.c
    query = (
        sa.select(work.lane, work.state, sa.func.count(), sa.func.min(work.due_at, type_=UtcDateTime()))
        .where(work.state != OutboxState.DONE)
        .group_by(work.lane, work.state)
    )
    found = {(Lane(row[0]), OutboxState(row[1])): (row[2], row[3]) for row in connection.execute(query)}
    made = []
    for lane in Lane:
        number = {state: found.get((lane, state), (0, None))[0] for state in OutboxState}
        dues = [
            found[lane, state][1]
            for state in (OutboxState.WAITING, OutboxState.CLAIMED)
            if (lane, state) in found
        ]
        made.append(
            LaneLine(
                lane,
                number[OutboxState.WAITING],
                number[OutboxState.CLAIMED],
                number[OutboxState.DEAD],
                min(dues) if dues else None,
            )
        )
    return tuple(made)


def dead_letters(connection: sa.Connection) -> tuple[DeadLetter, ...]:
    """Return the dead letters, oldest first, at most 200."""
    work = s.outbox.c
    query = (
        sa.select(s.outbox, s.case.c.number.label("case_number"))
        .select_from(s.outbox.outerjoin(s.case, s.case.c.id == work.case_id))
        .where(work.state == OutboxState.DEAD)
        .order_by(work.id)
        .limit(LIMIT)
    )
    effects = {str(effect): effect for effect in Effect}
    return tuple(
        DeadLetter(
            id=row.id,
            lane=Lane(row.lane),
            effect=effects.get(row.effect),
            template=row.template,
            attempts=row.attempts,
            created_at=row.created_at,
            last_error=row.last_error or "",
            case_id=row.case_id,
            case_number=row.case_number or "",
        )
        for row in connection.execute(query)
    )


def breakers(connection: sa.Connection) -> tuple[BreakerLine, ...]:
    """Return the breakers, those that are open first."""
    breaker = s.breaker.c
    query = sa.select(
        breaker.name, breaker.open, breaker.count, breaker.allowance, breaker.reason, breaker.at
    ).order_by(breaker.open.desc(), breaker.name)
    return tuple(BreakerLine(*row) for row in connection.execute(query))
