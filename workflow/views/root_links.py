"""The links between roots, as the repository, operators and programs see them (RFC 4210 §4.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.certificates import read_certificate
from workflow.store import schema as t
from workflow.store.roots import links
from workflow.vocabulary import AuthorityRevocationReason

if TYPE_CHECKING:
    from datetime import datetime

R = t.authority_revocation.c


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A root's name and key, certified by another root; `revocation` is when and why that root took it back."""

    name: str
    subject: str
    signer: str
    not_before: datetime
    not_after: datetime
    der: bytes = field(repr=False)
    revocation: tuple[datetime, AuthorityRevocationReason] | None = None

    @property
    def sha256(self) -> str:
        """The fingerprint of the certificate."""
        return sha256(self.der).hexdigest()


def root_links(connection: sa.Connection) -> tuple[LinkLine, ...]:
    """Return the links between roots, the oldest first."""
    revoked = {
        row.authority: (row.at, AuthorityRevocationReason(row.reason))
        for row in connection.execute(sa.select(R.authority, R.at, R.reason))
    }
    found = ((one, read_certificate(one.certificate)) for one in links(connection))
    return tuple(
        LinkLine(
            one.name,
            one.subject,
            one.signer,
            fields.not_before,
            fields.not_after,
            one.certificate,
            revoked.get(one.name),
        )
        for one, fields in found
    )
