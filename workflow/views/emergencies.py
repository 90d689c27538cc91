"""Requests for an emergency suspension, as the help desk sees them (SUS-04)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.store import schema as s
from workflow.vocabulary import EmergencyPaper, EmergencyState

if TYPE_CHECKING:
    from datetime import datetime

SETTLED_SHOWN = 20
E, C = s.emergency.c, s.case.c


@dataclass(frozen=True, slots=True)
class Emergency:
    """A request: who asks for whose card, with which papers, and what came of it."""

    id: int
    case_id: int
    case_number: str
    card_number: str
    subject_name: str
    state: EmergencyState
    paper: EmergencyPaper
    asked_by: str = field(repr=False)
    phone: str = field(repr=False)
    reason: str
    taken_by: str
    at: datetime
    said: str
    decided_by: str
    decided_at: datetime | None


def waiting(connection: sa.Connection) -> tuple[Emergency, ...]:
    """Return the requests whose call back is due, the oldest first."""
    return _found(connection, E.state == str(EmergencyState.WAITING), E.id, None)


def settled(connection: sa.Connection) -> tuple[Emergency, ...]:
    """Return the requests that were settled last, the newest first."""
    return _found(connection, E.state != str(EmergencyState.WAITING), E.id.desc(), SETTLED_SHOWN)


def _found(
    connection: sa.Connection,
    where: sa.ColumnElement[bool],
    order: sa.ColumnElement[int],
    most: int | None,
) -> tuple[Emergency, ...]:
    query = (
        sa.select(s.emergency, C.number, C.card_number, C.subject_name)
        .join(s.case, C.id == E.case_id)
        .where(where)
        .order_by(order)
        .limit(most)
    )
    return tuple(
        Emergency(
            id=row.id,
            case_id=row.case_id,
            case_number=row.number,
            card_number=row.card_number or "",
            subject_name=row.subject_name,
            state=EmergencyState(row.state),
            paper=EmergencyPaper(row.paper),
            asked_by=row.asked_by,
            phone=row.phone,
            reason=row.reason,
            taken_by=row.taken_by,
            at=row.at,
            said=row.said,
            decided_by=row.decided_by or "",
            decided_at=row.decided_at,
        )
        for row in connection.execute(query)
    )
