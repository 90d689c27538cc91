"""The line's jobs in the database: which comes next, and what the end of a card means for its job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.store import schema as t
from workflow.vocabulary import OPEN_JOBS, JobState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

J = t.line_job.c
MOST_SPOILED = 3
"""A case that spoils so many cards leaves its batch: people look at it."""
_OPEN = tuple(map(str, OPEN_JOBS))


def next_job(connection: sa.Connection, batch_id: int | None) -> Any:
    """Lock the next waiting job that no other reader is taking; None when nothing waits."""
    query = sa.select(t.line_job).where(J.state == str(JobState.WAITING))
    if batch_id is not None:
        query = query.where(J.batch_id == batch_id)
    query = query.order_by(J.batch_id, J.position).limit(1).with_for_update(skip_locked=True)
    return connection.execute(query).first()


def job_of_card(connection: sa.Connection, case_id: int, worker: str, wall: datetime) -> Any:
    """Lock the job that a begun card belongs to, unless a living worker has it; None when there is none."""
    abandoned = (J.state == str(JobState.INTERRUPTED)) | (J.worker == worker) | (J.claimed_until < wall)
    query = sa.select(t.line_job).where(J.case_id == case_id, J.state.in_(_OPEN), abandoned)
    return connection.execute(query.with_for_update(skip_locked=True)).first()


def on_the_line(connection: sa.Connection, case_ids: Sequence[int]) -> tuple[int, ...]:
    """Return which of the cases wait in a batch already."""
    query = sa.select(J.case_id).where(J.case_id.in_(case_ids), J.state.in_(_OPEN)).order_by(J.case_id)
    return tuple(connection.execute(query).scalars())


_MADE = (
    sa.update(t.line_job)
    .where(J.case_id == sa.bindparam("b_case"), J.state.in_(_OPEN))
    .values(state=str(JobState.MADE), said="", claimed_until=None, updated_at=sa.bindparam("b_now"))
)


def job_made(connection: sa.Connection, case_id: int, now: datetime) -> None:
    """End the job of a case whose card is made; a case outside all batches has none."""
    connection.execute(_MADE, {"b_case": case_id, "b_now": now})


def made_card_gone(connection: sa.Connection, case_id: int, reason: str, now: datetime) -> None:
    """Take a case out of the batch that made a card which is no longer its own; another batch makes the next."""
    connection.execute(
        sa.update(t.line_job)
        .where(J.case_id == case_id, J.state == str(JobState.MADE))
        .values(state=str(JobState.LEFT), said=reason, updated_at=now)
    )


def job_spoiled(connection: sa.Connection, case_id: int, reason: str, now: datetime) -> None:
    """Let a case wait for another card; one that spoiled too many leaves the batch."""
    again = sa.case((J.spoiled + 1 < MOST_SPOILED, str(JobState.WAITING)), else_=str(JobState.LEFT))
    connection.execute(
        sa.update(t.line_job)
        .where(J.case_id == case_id, J.state.in_(_OPEN))
        .values(
            state=again,
            spoiled=J.spoiled + 1,
            said=reason,
            reader=None,
            worker=None,
            claimed_until=None,
            updated_at=now,
        )
    )
