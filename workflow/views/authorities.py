"""The authorities and responders, as people and operators see them: no key, only where it is."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.names import describe_name
from workflow.store import schema as t
from workflow.vocabulary import AuthorityState

if TYPE_CHECKING:
    from datetime import datetime

A = t.authority.c


@dataclass(frozen=True, slots=True)
class AuthorityLine:
    """One authority or responder. `place` is software, token or gone; the fingerprint is of the certificate."""

    name: str
    generation: int
    state: AuthorityState
    subject: str
    not_before: datetime
    not_after: datetime
    place: str
    reference: str | None
    fingerprint: str


def authorities(connection: sa.Connection) -> tuple[AuthorityLine, ...]:
    """Return all of them in the order in which they were made."""
    rows = connection.execute(
        sa.select(
            A.name,
            A.generation,
            A.state,
            A.certificate,
            A.key_reference,
            A.sealed_key.is_(None).label("bare"),
        ).order_by(A.id)
    )
    return tuple(_line(row) for row in rows)


def _line(row: Any) -> AuthorityLine:
    certificate = bytes(row.certificate)
    fields = read_certificate(certificate)
    digest = sha256(certificate).hexdigest()
    place = "token" if row.key_reference else "gone" if row.bare else "software"
    return AuthorityLine(
        name=row.name,
        generation=row.generation,
        state=AuthorityState(row.state),
        subject=describe_name(fields.subject_name),
        not_before=fields.not_before,
        not_after=fields.not_after,
        place=place,
        reference=row.key_reference,
        fingerprint=":".join(digest[at : at + 4] for at in range(0, len(digest), 4)),
    )
