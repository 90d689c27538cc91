"""Numbers that say how the registry is doing, each from one query: for metrics, health checks and the clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.store import schema as t
from workflow.store.columns import UtcDateTime
from workflow.views import audit, outbox
from workflow.vocabulary import DeadlineState, Lane, OutboxState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Measures:
    """How the registry is doing; ages are in seconds."""

    outbox: Mapping[tuple[Lane, OutboxState], int]
    oldest_work: Mapping[Lane, float]
    """How long the earliest work of a lane has been due."""
    unsealed: int
    unsealed_age: float
    overdue: int
    """Deadlines that are due and were not carried out."""
    crl_age: Mapping[str, float]
    crl_left: Mapping[str, float]
    """How long the newest list of each authority is still good; below 0 it has expired."""
    breaker_open: bool


def measure(connection: sa.Connection, now: datetime, wall: datetime) -> Measures:
    """Measure the registry. `now` is the office's time, `wall` the real one, by which the outbox runs."""
    lanes = outbox.lanes(connection)
    counted = {}
    for line in lanes:
        counted[line.lane, OutboxState.WAITING] = line.waiting
        counted[line.lane, OutboxState.CLAIMED] = line.claimed
        counted[line.lane, OutboxState.DEAD] = line.dead
    sealing = audit.sealing(connection)
    lists = _lists(connection)
    return Measures(
        outbox=counted,
        oldest_work={line.lane: _age(line.oldest_due_at, wall) for line in lanes},
        unsealed=sealing.unsealed,
        unsealed_age=_age(sealing.oldest_unsealed_at, now),
        overdue=_overdue(connection, now),
        crl_age={name: _age(this, now) for name, (this, _) in lists.items()},
        crl_left={name: (following - now).total_seconds() for name, (_, following) in lists.items()},
        breaker_open=any(line.open for line in outbox.breakers(connection)),
    )


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _overdue(connection: sa.Connection, now: datetime) -> int:
    d = t.deadline.c
    due = sa.select(sa.func.count()).where(
        d.state == str(DeadlineState.WAITING), d.due_at <= sa.literal(now, UtcDateTime())
    )
    return int(connection.execute(due).scalar_one())


def _lists(connection: sa.Connection) -> dict[str, tuple[datetime, datetime]]:
    """Return when each authority's oldest current list was made and when it ends."""
    c = t.crl.c
    newest = (
        sa.select(c.authority, c.partition, sa.func.max(c.number).label("number"))
        .group_by(c.authority, c.partition)
        .subquery()
    )
    query = (
        sa.select(
            c.authority,
            sa.func.min(c.this_update, type_=UtcDateTime()),
            sa.func.min(c.next_update, type_=UtcDateTime()),
        )
        .join(
            newest,
            (newest.c.authority == c.authority)
            & (newest.c.partition == c.partition)
            & (newest.c.number == c.number),
        )
        .group_by(c.authority)
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def clock_offset(engine: sa.Engine) -> int:
    """Return by how many seconds the demonstration's clock runs ahead; 0 where there is no such clock."""
    c = t.clock_offset.c
    with engine.connect() as connection:
        return connection.execute(sa.select(c.seconds).where(c.id == 1)).scalar() or 0
