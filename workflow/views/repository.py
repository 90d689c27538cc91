"""What the repository publishes: CA certificates, bundles and lists. Read-only for the public (CRL-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.ceremony import p7b
from workflow.authorities import ROOT
from workflow.store import schema as t

if TYPE_CHECKING:
    from workflow.office import Office


def latest_crl(office: Office, authority: str, partition: int) -> bytes | None:
    """Return the newest list of an authority's partition (0 is the complete one), or None before the first."""
    r = t.crl.c
    with office.reading() as connection:
        return connection.execute(
            sa.select(r.der)
            .where(r.authority == authority, r.partition == partition)
            .order_by(r.number.desc())
            .limit(1)
        ).scalar()


def ca_certificate(office: Office, authority: str) -> bytes | None:
    """Return an authority's own certificate in DER, or None for one that does not exist."""
    if authority.startswith("ocsp:"):
        return None
    a = t.authority.c
    with office.reading() as connection:
        return connection.execute(sa.select(a.certificate).where(a.name == authority)).scalar()


def chain(office: Office, authority: str) -> tuple[bytes, ...]:
    """Return the certificates from an authority up to the root, or nothing before the ceremony."""
    own, root = ca_certificate(office, authority), ca_certificate(office, ROOT)
    if own is None or root is None:
        return ()
    return (own,) if authority == ROOT else (own, root)


def issued_to(office: Office, authority: str) -> bytes | None:
    """Return IssuedToThisCA.p7b: the chain from the authority up to the root, in DER."""
    found = chain(office, authority)
    return p7b(found) if found else None
