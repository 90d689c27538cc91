"""Certificates that wait for their subscriber's word, as the subscriber checks them (ACT-06)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.store import schema as s
from workflow.vocabulary import CertificateStatus

if TYPE_CHECKING:
    from datetime import datetime

PAGE = 50


@dataclass(frozen=True, slots=True)
class ToCheck:
    """One certificate of a batch; `label` is what its request was called."""

    label: str
    serial: str
    status: CertificateStatus
    not_before: datetime
    not_after: datetime
    der: bytes


def to_check(connection: sa.Connection, case_id: int, page: int = 1) -> tuple[tuple[ToCheck, ...], int]:
    """Return a page of a batch's certificates in the order of their requests, and how many pages there are."""
    c, i = s.certificate.c, s.request_item.c
    mine = (c.case_id == case_id) & c.item_id.is_not(None) & c.der.is_not(None)
    count = connection.execute(sa.select(sa.func.count()).select_from(s.certificate).where(mine)).scalar_one()
    rows = connection.execute(
        sa.select(i.label, c.serial, c.status, c.not_before, c.not_after, c.der)
        .join(s.request_item, i.id == c.item_id)
        .where(mine)
        .order_by(i.position)
        .limit(PAGE)
        .offset((max(page, 1) - 1) * PAGE)
    )
    found = tuple(
        ToCheck(
            row.label,
            row.serial,
            CertificateStatus(row.status),
            row.not_before,
            row.not_after,
            bytes(row.der),
        )
        for row in rows
    )
    return found, max(1, -(-int(count) // PAGE))


def one_to_check(connection: sa.Connection, case_id: int, serial: str) -> bytes | None:
    """Return the DER of a batch's certificate; None for another's, or none."""
    if not serial.isalnum():
        # It stands in an address: what a database can't even look for is no serial either.
        return None
    c = s.certificate.c
    query = sa.select(c.der).where(c.case_id == case_id, c.item_id.is_not(None), c.serial == serial)
    return connection.execute(query).scalar()
