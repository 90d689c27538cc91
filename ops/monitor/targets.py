"""What a relying party would fetch: every address in a sample of each live profile's certificates and in the CAs' own.

Addresses come out of the signed certificates, not out of today's settings: whoever holds an old card goes where it says.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID as Access

from workflow.authorities import addresses, crl_path, link_path
from workflow.crl_scope import PARTITIONS, partition_number
from workflow.store import schema as t
from workflow.store.crl_lists import newest_list
from workflow.store.roots import is_root, links, signer_of
from workflow.vocabulary import AuthorityState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from workflow.office import Office
    from workflow.store.roots import Link

A, C = t.authority.c, t.certificate.c


class Kind(Enum):
    """What an address should give."""

    CRL = "CRL"
    BUNDLE = "caIssuers"
    CERTIFICATE = "CA certificate"
    OCSP = "OCSP"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to fetch: where, what should come, and of which authority.

    `number` is the newest list's number, below which none may come. `certificate` is the certificate that is asked
    about at an OCSP address, None for a serial that was never issued; at a link's address it is what should come, where
    otherwise the authority's own should.
    """

    kind: Kind
    url: str
    authority: str
    partition: int = 0
    number: int = 0
    certificate: bytes | None = None
    serial: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """The authorities' certificates by name, and what to fetch."""

    certificates: Mapping[str, bytes]
    targets: tuple[Target, ...]


def known(office: Office) -> Known:
    """Gather the targets of a round."""
    with office.reading() as connection:
        certificates = _authorities(connection)
        samples = [*_samples(connection, office.clock.now())]
        numbers = {
            (name, part): found.number
            for name in certificates
            for part in range(PARTITIONS + 1)
            if (found := newest_list(connection, name, part)) is not None
        }
        linked = [one for one in links(connection) if one.signer in certificates]
    targets = dict.fromkeys(
        (*_targets(office, certificates, samples, numbers), *_of_links(office, linked, numbers))
    )
    return Known(certificates, tuple(targets))


def _authorities(connection: sa.Connection) -> dict[str, bytes]:
    query = sa.select(A.name, A.certificate).where(
        A.name.not_like("ocsp:%"), A.state != str(AuthorityState.DESTROYED)
    )
    return {name: bytes(certificate) for name, certificate in connection.execute(query.order_by(A.id))}


def _samples(connection: sa.Connection, now: datetime) -> Iterator[tuple[str, bytes]]:
    """Give the newest and the oldest certificate of each authority and profile that has not expired.

    Where the repository moved, the oldest still names the place that has to be kept up until the last such one ends.
    """
    both = (
        sa.select(sa.func.max(C.id).label("newest"), sa.func.min(C.id).label("oldest"))
        .where(C.der.is_not(None), C.not_after > now)
        .group_by(C.authority, C.profile, C.purpose)
        .cte()
    )
    ids = sa.select(both.c.newest).union(sa.select(both.c.oldest))
    query = sa.select(C.authority, C.der).where(C.id.in_(ids)).order_by(C.id)
    for authority, der in connection.execute(query):
        yield authority, bytes(der)


def _targets(
    office: Office,
    certificates: Mapping[str, bytes],
    samples: list[tuple[str, bytes]],
    numbers: Mapping[tuple[str, int], int],
) -> Iterator[Target]:
    subordinates = [
        (root, der)
        for name, der in certificates.items()
        if not is_root(name) and (root := signer_of(der, certificates)) is not None
    ]
    for issuer, der in (*subordinates, *samples):
        if issuer in certificates:
            yield from _named_in(der, issuer, numbers)
    for name in certificates:
        host = office.settings.repository_url
        yield Target(Kind.CERTIFICATE, f"{host}/repository/{name}/Certs/{name}.crt", name)
        if is_root(name):
            continue
        # A partition of which no sample speaks is named by cards all the same.
        for serial in range(PARTITIONS):
            for part, url in zip(
                (partition_number(serial), 0), addresses(office, name, serial).crl, strict=True
            ):
                yield Target(Kind.CRL, url, name, part, numbers.get((name, part), 0))
        responder = addresses(office, name, 0).ocsp
        if responder:
            yield Target(Kind.OCSP, responder, name, serial=secrets.randbits(126) | 1 << 126)


def _of_links(
    office: Office, linked: Iterable[Link], numbers: Mapping[tuple[str, int], int]
) -> Iterator[Target]:
    """Give each link between roots, and the addresses in it, where the root that signed it still answers for it."""
    host = office.settings.repository_url
    for one in linked:
        url = host + link_path(one.subject, one.name)
        yield Target(Kind.CERTIFICATE, url, one.signer, certificate=one.certificate)
        yield from _named_in(one.certificate, one.signer, numbers)


def _named_in(der: bytes, issuer: str, numbers: Mapping[tuple[str, int], int]) -> Iterator[Target]:
    """Give the addresses in one certificate; one that cannot be read is the reconciliation's to find."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        extensions = certificate.extensions
    except ValueError:
        return
    for url in _crl_urls(extensions):
        complete = url.endswith(crl_path(issuer, 0))
        part = 0 if complete else partition_number(certificate.serial_number)
        yield Target(Kind.CRL, url, issuer, part, numbers.get((issuer, part), 0))
    for method, url in _access_urls(extensions):
        if method == Access.CA_ISSUERS:
            yield Target(Kind.BUNDLE, url, issuer)
        elif method == Access.OCSP:
            yield Target(Kind.OCSP, url, issuer, certificate=der, serial=certificate.serial_number)


def _crl_urls(extensions: x509.Extensions) -> Iterator[str]:
    try:
        points = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return
    for point in points:
        for name in point.full_name or ():
            yield str(name.value)


def _access_urls(extensions: x509.Extensions) -> Iterator[tuple[x509.ObjectIdentifier, str]]:
    try:
        found = extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return
    for one in found:
        yield one.access_method, str(one.access_location.value)
