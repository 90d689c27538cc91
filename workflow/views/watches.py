"""What the watches found and when each last ran: for the operator's screen, the metrics and the worker's schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.store import schema as t
from workflow.vocabulary import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

F, R = t.watch_finding.c, t.watch_run.c
PAGE = 100


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """Something that is wrong since `first_at`."""

    watch: Watch
    code: str
    subject: str
    zh: str
    en: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run of a watch."""

    watch: Watch
    at: datetime
    examined: int
    found: int


def open_findings(connection: sa.Connection) -> tuple[OpenFinding, ...]:
    """Return what is not mended, the oldest first, at most a page."""
    columns = (F.watch, F.code, F.subject, F.zh, F.en, F.first_at, F.last_at)
    query = sa.select(*columns).where(F.cleared_at.is_(None)).order_by(F.first_at, F.id).limit(PAGE)
    return tuple(OpenFinding(Watch(row.watch), *row[1:]) for row in connection.execute(query))


def counted(connection: sa.Connection, since: datetime | None = None) -> Mapping[Watch, int]:
    """Return how many findings of each watch are not mended; of those, with `since`, the ones that stood then already."""
    query = sa.select(F.watch, sa.func.count()).where(F.cleared_at.is_(None)).group_by(F.watch)
    if since is not None:
        query = query.where(F.first_at <= since)
    return dict.fromkeys(Watch, 0) | {Watch(name): count for name, count in connection.execute(query)}


def last_runs(connection: sa.Connection) -> Mapping[Watch, LastRun]:
    """Return the newest run of each watch that ever ran."""
    found = {}
    for watch in Watch:
        row = connection.execute(
            sa.select(R.at, R.examined, R.found)
            .where(R.watch == str(watch))
            .order_by(R.at.desc(), R.id.desc())
            .limit(1)
        ).first()
        if row is not None:
            found[watch] = LastRun(watch, *row)
    return found
