"""What the registry remembers of keys: each that was ever certified, and each that is known to be compromised.

A key is compromised when it stands on the list, or when a certificate was revoked for that reason: the second needs no
entry of its own, so no revocation can be forgotten. Neither ever ends. The keys of the authorities themselves, of every
generation, and of the responders in use count as certified, as those of holders do.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.issuing import serial_text
from pki.keygate import spki_sha256
from workflow.errors import Refused
from workflow.store import schema as t
from workflow.store.among import among
from workflow.vocabulary import CertificateStatus, RevocationReason

if TYPE_CHECKING:
    from collections.abc import Sequence

C, K = t.certificate.c, t.compromised_key.c
_COMPROMISED_HERE = sa.select(C.spki_sha256).where(
    C.status == str(CertificateStatus.REVOKED), C.reason == str(RevocationReason.KEY_COMPROMISE)
)


def certified_for(connection: sa.Connection, digests: Sequence[str]) -> dict[str, set[int | None]]:
    """Return those of the digests whose keys were certified by whichever authority, each with the items it was for (CSR-04).

    None stands for every other purpose: a card, the house's own services, an authority.
    """
    found: dict[str, set[int | None]] = {}
    query = sa.select(C.spki_sha256, C.item_id).where(among(C.spki_sha256, digests))
    for row in connection.execute(query):
        found.setdefault(row.spki_sha256, set()).add(row.item_id)
    for digest in _of_authorities(connection).keys() & set(digests):
        found.setdefault(digest, set()).add(None)
    return found


def serial_over(connection: sa.Connection, digest: str) -> str | None:
    """Return the serial of a certificate over a key, issued by whichever authority; None for a key that has none."""
    of_holder = sa.select(C.serial).where(C.spki_sha256 == digest)
    return connection.execute(of_holder).scalar() or _of_authorities(connection).get(digest)


def require_unknown_key(connection: sa.Connection, digest: str) -> None:
    """Raise Refused for a key that was certified before, by whichever authority, or is compromised (CSR-04)."""
    if known_compromised(connection, [digest]):
        raise Refused("certificate.key_compromised")
    twin = serial_over(connection, digest)
    if twin is not None:
        raise Refused("certificate.key_reused", serial=twin)


def known_keys(connection: sa.Connection, digests: Sequence[str]) -> set[str]:
    """Return those of the digests whose keys were certified before, by whichever authority, or are compromised (CSR-04)."""
    return certified_for(connection, digests).keys() | already_listed(connection, digests)


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


def _of_authorities(connection: sa.Connection) -> dict[str, str]:
    """Return the keys of authorities and responders by their digests, each with the serial of its certificate; there are few."""
    return dict(
        _key_and_serial(bytes(one))
        for one in connection.execute(sa.select(t.authority.c.certificate)).scalars()
    )


# The same few certificates are asked about with every batch and every card.
@lru_cache(maxsize=256)
def _key_and_serial(certificate: bytes) -> tuple[str, str]:
    fields = read_certificate(certificate)
    return spki_sha256(fields.spki_der).hex(), serial_text(fields.serial)
