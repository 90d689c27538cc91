"""What the registry remembers of keys: each that was ever certified, and each that is known to be compromised.

A key is compromised when it stands on the list, or when a certificate was revoked for that reason: the second needs no
entry of its own, so no revocation can be forgotten. Neither ever ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.keygate import KeyRecords
from workflow.errors import Refused
from workflow.store import schema as t
from workflow.store.among import among
from workflow.vocabulary import CertificateStatus, RevocationReason

if TYPE_CHECKING:
    from collections.abc import Sequence

C, K = t.certificate.c, t.compromised_key.c


@dataclass(frozen=True)
class _Found:
    """Answers `in` by a query; `query` finds one row for a digest that is in."""

    connection: sa.Connection
    query: sa.Select[tuple[str]]

    def __contains__(self, digest: object) -> bool:
        if not isinstance(digest, bytes):
            return False
        return self.connection.execute(self.query, {"digest": digest.hex()}).first() is not None


_DIGEST = sa.bindparam("digest", type_=sa.Text)
_USED = sa.select(C.spki_sha256).where(C.spki_sha256 == _DIGEST)
_COMPROMISED_HERE = sa.select(C.spki_sha256).where(
    C.status == str(CertificateStatus.REVOKED), C.reason == str(RevocationReason.KEY_COMPROMISE)
)
_COMPROMISED = sa.union_all(
    sa.select(K.spki_sha256).where(K.spki_sha256 == _DIGEST),
    _COMPROMISED_HERE.where(C.spki_sha256 == _DIGEST),
)


def key_records(connection: sa.Connection) -> KeyRecords:
    """Return the records for the gate of keys, cards' and requests' alike (rule CSR-04)."""
    return KeyRecords(_Found(connection, _USED), _Found(connection, _COMPROMISED))  # type: ignore[arg-type]  # a union selects like any other


def require_unknown_key(connection: sa.Connection, spki_sha256: str) -> None:
    """Raise Refused for a key that was certified before, by whichever authority, or is compromised (CSR-04)."""
    if known_compromised(connection, [spki_sha256]):
        raise Refused("certificate.key_compromised")
    twin = connection.execute(sa.select(C.serial).where(C.spki_sha256 == spki_sha256)).scalar()
    if twin is not None:
        raise Refused("certificate.key_reused", serial=twin)


def known_keys(connection: sa.Connection, digests: Sequence[str]) -> set[str]:
    """Return those of the digests whose keys were certified before, by whichever authority, or are compromised (CSR-04)."""
    certified = sa.select(C.spki_sha256).where(among(C.spki_sha256, digests))
    listed = sa.select(K.spki_sha256).where(among(K.spki_sha256, digests))
    return set(connection.execute(sa.union_all(certified, listed)).scalars())


def known_compromised(connection: sa.Connection, digests: Sequence[str]) -> set[str]:
    """Return those of the digests whose keys are compromised, by the list or by a revocation for that reason."""
    if not digests:
        return set()
    listed = sa.select(K.spki_sha256).where(among(K.spki_sha256, digests))
    here = _COMPROMISED_HERE.where(among(C.spki_sha256, digests))
    return set(connection.execute(sa.union_all(listed, here)).scalars())


def already_listed(connection: sa.Connection, digests: Sequence[str]) -> set[str]:
    """Return those of the digests that stand on the list."""
    query = sa.select(K.spki_sha256).where(among(K.spki_sha256, digests))
    return set(connection.execute(query).scalars())
