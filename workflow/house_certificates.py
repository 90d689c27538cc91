"""The certificates of the house's own people and services: whether one may be relied on, from the registry's own rows.

The registry asks itself, not its lists: what it signed and has not revoked is good, and nothing else is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.certificates import read_certificate, verify_chain
from pki.errors import PkiError
from pki.issuing import serial_text
from workflow.store import schema as t
from workflow.store.roots import IS_ROOT, signer_of
from workflow.vocabulary import CertificateStatus

if TYPE_CHECKING:
    from datetime import datetime

C, A = t.certificate.c, t.authority.c


class NotReliableError(Exception):
    """A certificate that is not to be relied on; the message says why and holds no secret."""


@dataclass(frozen=True, slots=True)
class Reliable:
    """A certificate that was good at the moment asked for."""

    serial: str
    ca: str
    spki: bytes
    csn: str | None


def require_reliable(connection: sa.Connection, der: bytes, profile: str, at: datetime) -> Reliable:
    """Return what a certificate of one of our profiles says; raises NotReliableError.

    It is one of ours, signed by the authority on its record, within its life at `at`, and not suspended or revoked by
    then.
    """
    try:
        fields = read_certificate(der)
    except PkiError as error:
        raise NotReliableError("the certificate is none of ours") from error
    # By its serial, for which there is an index; its bytes then have to be the very same.
    row: Any = connection.execute(
        sa.select(C.serial, C.ca, C.authority, C.csn, C.status, C.status_at).where(
            C.serial == serial_text(fields.serial), C.der == der, C.profile == profile
        )
    ).first()
    if row is None:
        raise NotReliableError("the certificate is none of ours")
    try:
        verify_chain(_chain(connection, der, row.authority), at)
    except PkiError as error:
        raise NotReliableError(f"its chain does not hold: {error.message}") from error
    # The moment at which a revoked certificate stopped being good is kept with its status.
    good = row.status == str(CertificateStatus.VALID) or (
        row.status in {str(CertificateStatus.REVOKED), str(CertificateStatus.SUSPENDED)}
        and row.status_at > at
    )
    if not good:
        raise NotReliableError("it was revoked or suspended by then")
    return Reliable(row.serial, row.ca, fields.spki_der, row.csn)


def _chain(connection: sa.Connection, der: bytes, authority: str) -> tuple[bytes, ...]:
    """Return the certificate, its authority's, and the root that the authority's names."""
    rows = connection.execute(sa.select(A.name, A.certificate).where(IS_ROOT | (A.name == authority)))
    known = {row.name: bytes(row.certificate) for row in rows}
    root = signer_of(known[authority], known) if authority in known else None
    if root is None:
        raise NotReliableError("its authority is none of ours")
    return der, known[authority], known[root]
