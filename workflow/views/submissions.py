"""What a program sees of the certificate requests that it sent in, and of nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.machine import TABLES
from workflow.store import schema as t
from workflow.vocabulary import Ca, CaseKind, ItemState, Word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from workflow.facts import Actor

K, R, F, C = t.case.c, t.request_item.c, t.form_revision.c, t.certificate.c


@dataclass(frozen=True, slots=True)
class ItemSeen:
    """One signing request of a batch; `findings` are what the gate and the lints say, `serial` its certificate's."""

    position: int
    label: str
    state: ItemState
    findings: tuple[Mapping[str, str], ...]
    serial: str | None


@dataclass(frozen=True, slots=True)
class SubmissionSeen:
    """A batch with its items."""

    number: str
    ca: Ca
    state: Word
    opened_at: datetime
    items: tuple[ItemSeen, ...]


def submission(connection: sa.Connection, who: Actor, number: str) -> SubmissionSeen | None:
    """Return a batch by its case number; None when there is none that this program sent in."""
    # Who filed the first revision is who sent the batch in.
    mine = sa.exists().where(F.case_id == K.id, F.revision == 1, F.by_name == who.name)
    row = connection.execute(
        sa.select(K.id, K.number, K.ca, K.state, K.revision, K.opened_at).where(
            K.number == number, K.kind == str(CaseKind.CERTIFICATE_REQUEST), mine
        )
    ).first()
    if row is None:
        return None
    return SubmissionSeen(
        number=row.number,
        ca=Ca(row.ca),
        state=TABLES[CaseKind.CERTIFICATE_REQUEST].states(row.state),
        opened_at=row.opened_at,
        items=_items(connection, row),
    )


def _items(connection: sa.Connection, case: Any) -> tuple[ItemSeen, ...]:
    rows = connection.execute(
        sa.select(R.position, R.label, R.state, R.findings, C.serial)
        .outerjoin(t.certificate, sa.and_(C.item_id == R.id, C.der.is_not(None)))
        .where(R.case_id == case.id, R.revision == case.revision)
        .order_by(R.position)
    )
    return tuple(
        ItemSeen(row.position, row.label, ItemState(row.state), tuple(row.findings), row.serial)
        for row in rows
    )
