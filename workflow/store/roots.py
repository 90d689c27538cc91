"""The root authorities: the first, each generation of the root's key after it, and what links them (RV2-09, RFC 4210 §4.4).

Which root signed an authority is said by that authority's certificate and stored nowhere else, so it can't be told wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from pki.certificates import read_certificate
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Mapping

A, L = t.authority.c, t.root_link.c
FIRST_ROOT: Final = "root"
_LATER: Final = f"{FIRST_ROOT}-g"
IS_ROOT: Final = sa.or_(A.name == FIRST_ROOT, A.name.startswith(_LATER, autoescape=True))
"""The condition that a row of an authority is a root's."""


def is_root(name: str) -> bool:
    """Tell whether a name is a root's: `root`, then `root-g2` …, as generations of a CA are named."""
    return name == FIRST_ROOT or name.startswith(_LATER)


def name_of_root(generation: int) -> str:
    """Return the name of a generation of the root.

    >>> name_of_root(1), name_of_root(2)
    ('root', 'root-g2')
    """
    return FIRST_ROOT if generation == 1 else f"{_LATER}{generation}"


def roots(connection: sa.Connection) -> dict[str, bytes]:
    """Return the roots' certificates by name, the oldest first; those whose keys are gone too."""
    query = sa.select(A.name, A.certificate).where(IS_ROOT).order_by(A.generation)
    return {row.name: bytes(row.certificate) for row in connection.execute(query)}


def current_root(connection: sa.Connection) -> str | None:
    """Return the name of the newest root, which certifies new authorities; None before the ceremony."""
    return next(reversed(roots(connection)), None)


def root_of(connection: sa.Connection, name: str) -> str | None:
    """Return the name of the root that signed an authority, a root being its own; None for none of that name."""
    found = connection.execute(sa.select(A.certificate).where(A.name == name)).scalar()
    return signer_of(bytes(found), roots(connection)) if found is not None else None


def signer_of(certificate: bytes, among: Mapping[str, bytes]) -> str | None:
    """Return which of some authorities, their certificates by name, a certificate says it was signed by.

    They are told by name and key identifier (RFC 5280 §4.2.1.1); the signature is not verified.
    """
    fields = read_certificate(certificate)
    wanted = (fields.issuer_name, fields.authority_key_identifier)
    for name, der in among.items():
        issuer = read_certificate(der)
        if (issuer.subject_name, issuer.subject_key_identifier) == wanted:
            return name
    return None


def signed_by(connection: sa.Connection, root: str) -> dict[str, bytes]:
    """Return the certificates of the CAs' authorities that a root signed, by name in the order in which they were made."""
    wanted = {name: der for name, der in roots(connection).items() if name == root}
    rows = connection.execute(sa.select(A.name, A.certificate).where(A.ca.is_not(None)).order_by(A.id))
    found = {row.name: bytes(row.certificate) for row in rows}
    return {name: der for name, der in found.items() if signer_of(der, wanted) is not None}


@dataclass(frozen=True, slots=True)
class Link:
    """The certificate over the name and key of a root that another root signed; both by name."""

    subject: str
    signer: str
    certificate: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """What it is called in records and addresses."""
        return link_name(self.subject, self.signer)


def link_name(subject: str, signer: str) -> str:
    """Return what a link is called: `root-g2-by-root` is the newer key, certified by the older one."""
    return f"{subject}-by-{signer}"


def links(connection: sa.Connection) -> tuple[Link, ...]:
    """Return the links between roots, the oldest first."""
    query = sa.select(L.subject, L.signer, L.certificate).order_by(L.id)
    return tuple(Link(row.subject, row.signer, bytes(row.certificate)) for row in connection.execute(query))


def link_named(connection: sa.Connection, name: str) -> Link | None:
    """Return the link of a name such as `root-g2-by-root`; None for none of that name."""
    return next((one for one in links(connection) if one.name == name), None)


def certified_by(connection: sa.Connection, root: str) -> dict[str, bytes]:
    """Return all that a root certified and can revoke, by name: the CAs' authorities, then its links to other roots."""
    linked = {one.name: one.certificate for one in links(connection) if one.signer == root}
    return signed_by(connection, root) | linked
