"""What the repository publishes: CA certificates, bundles and lists. Read-only for the public (CRL-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.ceremony import p7b
from workflow.store import schema as t
from workflow.store.crl_lists import PublishedList, newest_list
from workflow.store.roots import link_name, link_named, links, root_of, roots

__all__ = [
    "PublishedList",
    "bytes_of",
    "ca_certificate",
    "certificate_beside",
    "certificate_in",
    "chain",
    "issued_to",
    "link_certificate",
    "newest",
    "size_of",
    "slice_of",
]

if TYPE_CHECKING:
    from workflow.office import Office


def newest(office: Office, authority: str, partition: int) -> PublishedList | None:
    """Return what is known of the newest list of an authority's partition (0 is the complete one)."""
    with office.reading() as connection:
        return newest_list(connection, authority, partition)


def bytes_of(office: Office, published: PublishedList) -> bytes:
    """Return a list in DER; LookupError for one that has left the database for the archive."""
    with office.reading() as connection:
        found = connection.execute(sa.select(t.crl.c.der).where(t.crl.c.id == published.id)).scalar()
    if found is None:
        raise LookupError(f"list {published.number} of {published.authority} is not here any more")
    return bytes(found)


def size_of(office: Office, published: PublishedList) -> int:
    """Return how many octets a list has, without reading them."""
    query = sa.select(sa.func.length(t.crl.c.der)).where(t.crl.c.id == published.id)
    with office.reading() as connection:
        return int(connection.execute(query).scalar_one())


def slice_of(office: Office, published: PublishedList, begin: int, size: int) -> bytes:
    """Return some octets of a list, from one on; the database reads no others where it keeps them apart.

    LookupError for a list that has left the database.
    """
    some = sa.func.substr(t.crl.c.der, begin + 1, size, type_=sa.LargeBinary)
    with office.reading() as connection:
        found = connection.execute(sa.select(some).where(t.crl.c.id == published.id)).scalar()
    if found is None:
        raise LookupError(f"list {published.number} of {published.authority} is not here any more")
    return bytes(found)


def ca_certificate(office: Office, authority: str) -> bytes | None:
    """Return an authority's own certificate in DER, or None for one that does not exist."""
    with office.reading() as connection:
        return certificate_in(connection, authority)


def certificate_in(connection: sa.Connection, authority: str) -> bytes | None:
    """Return the same over a connection that is open already."""
    if authority.startswith("ocsp:"):
        return None
    a = t.authority.c
    return connection.execute(sa.select(a.certificate).where(a.name == authority)).scalar()


def chain(office: Office, authority: str) -> tuple[bytes, ...]:
    """Return the certificates from an authority up to the root that signed it, or nothing before the ceremony."""
    with office.reading() as connection:
        own, root = certificate_in(connection, authority), root_of(connection, authority)
        if own is None or root is None:
            return ()
        return (own,) if authority == root else (own, roots(connection)[root])


def issued_to(office: Office, authority: str) -> bytes | None:
    """Return IssuedToThisCA.p7b in DER: the authority, other generations of its CA, the roots and their links (CRL-03).

    Whoever has a certificate of an earlier key finds that key's certificate here for as long as the CA is there; whoever
    trusts one root finds the way from there to what is under another.
    """
    found = chain(office, authority)
    if not found:
        return None
    a = t.authority.c
    ca = sa.select(a.ca).where(a.name == authority).scalar_subquery()
    query = sa.select(a.certificate).where(a.ca == ca, a.name != authority).order_by(a.generation.desc())
    with office.reading() as connection:
        others = tuple(map(bytes, connection.execute(query).scalars()))
        all_roots = roots(connection).values()
        linked = tuple(link.certificate for link in links(connection))
    return p7b(tuple(dict.fromkeys((*found[:1], *others, *found[1:], *all_roots, *linked))))


def certificate_beside(office: Office, authority: str, name: str) -> bytes | None:
    """Return what of this name is published under an authority in DER: its own certificate or a link to it; else None."""
    if name == authority:
        return ca_certificate(office, authority)
    with office.reading() as connection:
        link = link_named(connection, name)
    return link.certificate if link is not None and link.subject == authority else None


def link_certificate(office: Office, subject: str, signer: str) -> bytes | None:
    """Return the certificate over one root that another signed, in DER, or None for one that does not exist."""
    return certificate_beside(office, subject, link_name(subject, signer))
