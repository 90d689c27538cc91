"""The manufacturing line as people see it: batches and their progress, readers, and cards in quarantine (CRD-01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.errors import NotFound
from workflow.store import schema as s
from workflow.store.line_jobs import on_the_line
from workflow.vocabulary import OPEN_JOBS, Ca, CardState, CaseKind, JobState, ReaderState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

PAGE = 50
J, B, K, C = s.line_job.c, s.line_batch.c, s.card.c, s.case.c
_RUNNING = (str(JobState.WAITING), str(JobState.WORKING))


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch with how many of its cards are in each state."""

    id: int
    by_name: str
    at: datetime
    stopped_at: datetime | None
    stop_reason: str
    counts: Mapping[JobState, int]

    @property
    def total(self) -> int:
        """How many cards the batch asks for."""
        return sum(self.counts.values())

    @property
    def made(self) -> int:
        """How many are made."""
        return self.counts[JobState.MADE]

    @property
    def ended(self) -> bool:
        """Whether nothing of it waits or is on a reader."""
        return self.made + self.counts[JobState.LEFT] == self.total


@dataclass(frozen=True, slots=True)
class Job:
    """One card of a batch. `step` is how far its card has come, in the line's own word."""

    position: int
    case_id: int
    case_number: str
    subject_name: str
    state: JobState
    reader: str
    csn: str
    card_number: str
    step: str
    spoiled: int
    said: str


@dataclass(frozen=True, slots=True)
class LineReader:
    """A reader of the line."""

    name: str
    state: ReaderState
    worker: str
    failures: int
    said: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A card set aside, with what is known of it. Only one without recorded keys may be a blank again."""

    csn: str
    number: str
    box: str
    step: str
    reason: str
    case_id: int | None
    case_number: str
    holds_keys: bool
    since: datetime


def candidates(connection: sa.Connection, ca: Ca | None, most: int) -> tuple[int, ...]:
    """Return approved applications that wait in no batch, the oldest in the queue first."""
    query = (
        sa.select(C.id)
        .where(C.kind == str(CaseKind.CARD_APPLICATION), C.state == "approved")
        .order_by(C.queued_at, C.id)
    )
    if ca is not None:
        query = query.where(C.ca == str(ca))
    approved = connection.execute(query).scalars().all()
    taken = set(on_the_line(connection, approved))
    return tuple(case_id for case_id in approved if case_id not in taken)[:most]


def batches(connection: sa.Connection, before: int | None = None) -> tuple[tuple[Batch, ...], int | None]:
    """Return batches, newest first, and where the next page begins."""
    query = sa.select(s.line_batch).order_by(B.id.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(B.id < before)
    rows = connection.execute(query).all()
    return _batches(connection, rows[:PAGE]), rows[PAGE - 1].id if len(rows) > PAGE else None


def batch(connection: sa.Connection, batch_id: int) -> Batch:
    """Return one batch; NotFound when there is none."""
    rows = connection.execute(sa.select(s.line_batch).where(B.id == batch_id)).all()
    if not rows:
        raise NotFound("line.no_batch", batch=batch_id)
    return _batches(connection, rows)[0]


def _batches(connection: sa.Connection, rows: Any) -> tuple[Batch, ...]:
    ids = [row.id for row in rows]
    counted = connection.execute(
        sa.select(J.batch_id, J.state, sa.func.count())
        .where(J.batch_id.in_(ids))
        .group_by(J.batch_id, J.state)
    )
    counts = {batch_id: dict.fromkeys(JobState, 0) for batch_id in ids}
    for batch_id, state, count in counted:
        counts[batch_id][JobState(state)] = count
    return tuple(
        Batch(row.id, row.by_name, row.at, row.stopped_at, row.stop_reason or "", counts[row.id])
        for row in rows
    )


def jobs(connection: sa.Connection, batch_id: int) -> tuple[Job, ...]:
    """Return the cards of a batch, in its order."""
    in_hand = (K.case_id == J.case_id) & (K.state == str(CardState.PERSONALISING))
    query = (
        sa.select(s.line_job, C.number, C.subject_name, C.card_number, K.csn, K.step)
        .select_from(s.line_job.join(s.case, C.id == J.case_id).outerjoin(s.card, in_hand))
        .where(J.batch_id == batch_id)
        .order_by(J.position)
    )
    return tuple(
        Job(
            position=row.position,
            case_id=row.case_id,
            case_number=row.number,
            subject_name=row.subject_name,
            state=JobState(row.state),
            reader=row.reader or "",
            csn=row.csn or "",
            card_number=(row.card_number or "") if row.state == str(JobState.MADE) else "",
            step=row.step or "",
            spoiled=row.spoiled,
            said=row.said,
        )
        for row in connection.execute(query)
    )


def still_running(connection: sa.Connection, batch_id: int | None = None) -> int:
    """Return how many cards wait or are being made, in one batch or in all; an interrupted one waits for people."""
    query = sa.select(sa.func.count()).where(J.state.in_(_RUNNING))
    if batch_id is not None:
        query = query.where(J.batch_id == batch_id)
    return connection.execute(query).scalar_one()


def unfinished(connection: sa.Connection, batch_id: int | None = None) -> int:
    """Return how many cards wait, are being made or were interrupted, in one batch or in all."""
    query = sa.select(sa.func.count()).where(J.state.in_([str(state) for state in OPEN_JOBS]))
    if batch_id is not None:
        query = query.where(J.batch_id == batch_id)
    return connection.execute(query).scalar_one()


def made_and_all(connection: sa.Connection, batch_id: int | None = None) -> tuple[int, int]:
    """Return how many cards are made and asked for: in one batch, or in all in which something is unfinished."""
    unended = sa.select(J.batch_id).where(J.state.in_([str(state) for state in OPEN_JOBS]))
    query = sa.select(sa.func.count(sa.case((J.state == str(JobState.MADE), 1))), sa.func.count())
    query = query.where(J.batch_id == batch_id if batch_id is not None else J.batch_id.in_(unended))
    made, total = connection.execute(query.where(J.state != str(JobState.LEFT))).one()
    return made, total


def line_readers(connection: sa.Connection) -> tuple[LineReader, ...]:
    """Return what the line's readers were last doing, by name."""
    rows = connection.execute(sa.select(s.line_reader).order_by(s.line_reader.c.name))
    return tuple(
        LineReader(row.name, ReaderState(row.state), row.worker, row.failures, row.said, row.updated_at)
        for row in rows
    )


def quarantined(connection: sa.Connection) -> tuple[Quarantined, ...]:
    """Return the cards in quarantine, the longest there first."""
    rows = connection.execute(
        sa.select(s.card, C.number.label("case_number"))
        .select_from(s.card.outerjoin(s.case, C.id == K.case_id))
        .where(K.state == str(CardState.QUARANTINED))
        .order_by(K.updated_at, K.id)
    )
    return tuple(
        Quarantined(
            csn=row.csn,
            number=row.number or "",
            box=row.box,
            step=row.step,
            reason=row.reason,
            case_id=row.case_id,
            case_number=row.case_number or "",
            holds_keys=row.signature_spki is not None or row.encipherment_spki is not None,
            since=row.updated_at,
        )
        for row in rows
    )


def is_set_aside(connection: sa.Connection, reader: str) -> bool:
    """Tell whether somebody has to look at a reader before it is used again."""
    query = sa.select(s.line_reader.c.state).where(s.line_reader.c.name == reader)
    return connection.execute(query).scalar() == str(ReaderState.SET_ASIDE)
