"""Certificates by their serials, as operators look at them: intents and unrecorded ones included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.store import schema as s
from workflow.vocabulary import Ca, CertificateStatus

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """One row of the certificates; `der` is None for what was never recorded as signed."""

    ca: Ca
    serial: str
    status: CertificateStatus
    reason: str
    subject: str
    purpose: str
    profile: str
    case_number: str
    not_before: datetime
    not_after: datetime
    der: bytes | None
    status_at: datetime
    published: bool
    """Whether everybody can find it in the repository now."""


def by_serial(connection: sa.Connection, serial: str, ca: Ca | None = None) -> tuple[IssuedCertificate, ...]:
    """Return the certificates with a serial; serials are unique within a CA, and by chance between them."""
    c = s.certificate.c
    query = (
        sa.select(s.certificate, s.case.c.number)
        .outerjoin(s.case, s.case.c.id == c.case_id)
        .where(c.serial == serial)
        .order_by(c.id)
    )
    if ca is not None:
        query = query.where(c.ca == str(ca))
    return tuple(_issued(row) for row in connection.execute(query))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which certificates to list; what is left out admits all. `subject` is a part of the name, capitals kept."""

    ca: Ca | None = None
    status: CertificateStatus | None = None
    subject: str = ""
    case_number: str = ""
    limit: int = 100


def newest(connection: sa.Connection, wanted: Wanted) -> tuple[IssuedCertificate, ...]:
    """Return the newest certificates that are wanted, published or not."""
    c = s.certificate.c
    query = (
        sa.select(s.certificate, s.case.c.number)
        .outerjoin(s.case, s.case.c.id == c.case_id)
        .order_by(c.id.desc())
        .limit(wanted.limit)
    )
    if wanted.ca is not None:
        query = query.where(c.ca == str(wanted.ca))
    if wanted.status is not None:
        query = query.where(c.status == str(wanted.status))
    if wanted.subject:
        query = query.where(c.subject.contains(wanted.subject, autoescape=True))
    if wanted.case_number:
        query = query.where(s.case.c.number == wanted.case_number)
    return tuple(_issued(row) for row in connection.execute(query))


def _issued(row: Any) -> IssuedCertificate:
    return IssuedCertificate(
        ca=Ca(row.ca),
        serial=row.serial,
        status=CertificateStatus(row.status),
        reason=row.reason or "",
        subject=row.subject,
        purpose=row.purpose,
        profile=row.profile or "",
        case_number=row.number or "",
        not_before=row.not_before,
        not_after=row.not_after,
        der=bytes(row.der) if row.der is not None else None,
        status_at=row.status_at,
        published=row.published_at is not None and row.withdrawn_at is None,
    )
