"""Numbers that say how the registry is doing, each from one query: for metrics, health checks and the clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.crl_scope import COMPLETE
from workflow.store import schema as t
from workflow.store.columns import UtcDateTime
from workflow.store.crl_lists import failing_authorities, failures, newest_lists
from workflow.views import audit, outbox, watches
from workflow.vocabulary import DeadlineState, Lane, OutboxState, Watch

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
    crl_entries: Mapping[str, int]
    """How many certificates the newest complete list names."""
    crl_failures: Mapping[str, int]
    """Lists that were refused, ever."""
    crl_failing: Mapping[str, int]
    """Lists that were refused since the newest that was published."""
    breaker_open: bool
    watch_findings: Mapping[Watch, int]
    """What the watches found and nobody has mended."""
    watch_age: Mapping[Watch, float]
    """How long ago each watch ran last."""


def measure(connection: sa.Connection, now: datetime, wall: datetime) -> Measures:
    """Measure the registry. `now` is the office's time, `wall` the real one, by which the outbox runs."""
    lanes = outbox.lanes(connection)
    counted = {}
    for line in lanes:
        counted[line.lane, OutboxState.WAITING] = line.waiting
        counted[line.lane, OutboxState.CLAIMED] = line.claimed
        counted[line.lane, OutboxState.DEAD] = line.dead
    sealing = audit.sealing(connection)
    lists = newest_lists(connection)
    authorities = sorted({one.authority for one in lists})
    failed = {name: failures(connection, name) for name in {*authorities, *failing_authorities(connection)}}
    return Measures(
        outbox=counted,
        oldest_work={line.lane: _age(line.oldest_due_at, wall) for line in lanes},
        unsealed=sealing.unsealed,
        unsealed_age=_age(sealing.oldest_unsealed_at, now),
        overdue=_overdue(connection, now),
        # The oldest and the first to expire of an authority's lists speak for all of them.
        crl_age={
            name: max(_age(one.this_update, now) for one in lists if one.authority == name)
            for name in authorities
        },
        crl_left={
            name: min(one.left(now).total_seconds() for one in lists if one.authority == name)
            for name in authorities
        },
        crl_entries={one.authority: one.entries for one in lists if one.partition == COMPLETE},
        crl_failures={name: one.ever for name, one in failed.items()},
        crl_failing={name: one.in_a_row for name, one in failed.items()},
        breaker_open=any(line.open for line in outbox.breakers(connection)),
        watch_findings=watches.counted(connection),
        watch_age={watch: _age(run.at, now) for watch, run in watches.last_runs(connection).items()},
    )


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _overdue(connection: sa.Connection, now: datetime) -> int:
    d = t.deadline.c
    due = sa.select(sa.func.count()).where(
        d.state == str(DeadlineState.WAITING), d.due_at <= sa.literal(now, UtcDateTime())
    )
    return int(connection.execute(due).scalar_one())


def clock_offset(engine: sa.Engine) -> int:
    """Return by how many seconds the demonstration's clock runs ahead; 0 where there is no such clock."""
    c = t.clock_offset.c
    with engine.connect() as connection:
        return connection.execute(sa.select(c.seconds).where(c.id == 1)).scalar() or 0
