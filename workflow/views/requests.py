"""Batches of certificate requests as people see them: the batch, each item with its findings or its certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.errors import NotFound
from workflow.store import schema as s
from workflow.views.case_page import case_head
from workflow.vocabulary import Ca, CaseKind, ItemState, Word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from workflow.facts import Actor


@dataclass(frozen=True, slots=True)
class ItemPart:
    """One signing request of a batch; `serial` and `der` stay empty until its certificate is there."""

    id: int
    position: int
    label: str
    csr_sha256: str
    said: Mapping[str, Any]
    """What the submitter asked to be written into the certificate."""
    state: ItemState
    findings: Sequence[Mapping[str, str]]
    examined_at: datetime | None
    settled_at: datetime | None
    authority: str
    serial: str
    subject: str
    der: bytes | None


@dataclass(frozen=True, slots=True)
class BatchPage:
    """A batch in its current revision."""

    case_id: int
    number: str
    ca: Ca
    state: Word
    version: int
    subject_name: str
    snapshot_sha256: str
    profile: str
    organisation_oid: str
    contact: Mapping[str, str]
    items: tuple[ItemPart, ...]

    @property
    def waiting(self) -> int:
        """Items that may be issued, or wait for their turn."""
        return self._count(ItemState.WAITING)

    @property
    def issued(self) -> int:
        """Items with a certificate."""
        return self._count(ItemState.ISSUED)

    @property
    def refused(self) -> int:
        """Items with findings."""
        return self._count(ItemState.REFUSED)

    def _count(self, state: ItemState) -> int:
        return sum(1 for item in self.items if item.state is state)


def batch_page(connection: sa.Connection, actor: Actor, case_id: int) -> BatchPage:
    """Return a batch that the actor may see; NotFound for any other case."""
    head = case_head(connection, actor, case_id)
    if head.kind is not CaseKind.CERTIFICATE_REQUEST:
        raise NotFound("case.not_found")
    f = s.form_revision.c
    values = connection.execute(
        sa.select(f["values"]).where(f.case_id == case_id, f.revision == head.revision)
    ).scalar_one()
    return BatchPage(
        case_id=case_id,
        number=head.number,
        ca=head.ca,
        state=head.state,
        version=head.version,
        subject_name=head.subject_name,
        snapshot_sha256=head.snapshot_sha256,
        profile=values["profile"],
        organisation_oid=values["organisation"],
        contact={name: values.get(name, "") for name in ("contact_name", "contact_email", "contact_phone")},
        items=_items(connection, case_id, head.revision, values["items"]),
    )


def _items(
    connection: sa.Connection, case_id: int, revision: int, lines: Sequence[Mapping[str, Any]]
) -> tuple[ItemPart, ...]:
    i, c = s.request_item.c, s.certificate.c
    query = (
        sa.select(
            i.id, i.position, i.label, i.csr_sha256, i.state, i.findings, i.examined_at, i.settled_at,
            c.authority, c.serial, c.subject, c.der,
        )
        .outerjoin(s.certificate, c.item_id == i.id)
        .where(i.case_id == case_id, i.revision == revision)
        .order_by(i.position)
    )  # fmt: skip
    return tuple(
        ItemPart(
            id=row.id,
            position=row.position,
            label=row.label,
            csr_sha256=row.csr_sha256,
            said=lines[row.position - 1]["subject"],
            state=ItemState(row.state),
            findings=row.findings,
            examined_at=row.examined_at,
            settled_at=row.settled_at,
            authority=row.authority or "",
            serial=(row.serial or "") if row.der is not None else "",
            subject=row.subject or "",
            der=bytes(row.der) if row.der is not None else None,
        )
        for row in connection.execute(query)
    )


def item_certificate(connection: sa.Connection, actor: Actor, item_id: int) -> tuple[str, str, bytes]:
    """Return the name of the authority, serial and DER of an item's certificate; NotFound when there is none that the actor may see."""
    i, c = s.request_item.c, s.certificate.c
    row = connection.execute(
        sa.select(i.case_id, c.authority, c.serial, c.der)
        .join(s.certificate, c.item_id == i.id)
        .where(i.id == item_id, c.der.is_not(None))
    ).first()
    if row is None:
        raise NotFound("case.not_found")
    case_head(connection, actor, row.case_id)
    return row.authority, row.serial, bytes(row.der)
