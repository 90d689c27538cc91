"""Where the certificates above a subscriber's are fetched, for people who install one (CRL-03, CRL-07, CSR-08)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflow import policies
from workflow.authorities import OCSP_PATH, bundle_path, certificate_path, crl_path
from workflow.days import taipei_day
from workflow.store.roots import root_of
from workflow.views import papers
from workflow.vocabulary import AuthorityState, RequestKind

if TYPE_CHECKING:
    from datetime import date

    from workflow.office import Office
    from workflow.views.papers import AuthorityLine
    from workflow.vocabulary import Ca


@dataclass(frozen=True, slots=True)
class ChainLine:
    """An authority with the whole addresses of what a server or a relying party needs of it.

    `kinds` are the certificates that its CA issues for signing requests now (P-11); none for an authority that has
    stopped issuing.
    """

    name: str
    ca: Ca
    zh: str
    en: str
    root: str
    certificate: str
    bundle: str
    root_certificate: str
    crl: str
    ocsp: str
    kinds: frozenset[RequestKind]


def chains(office: Office) -> tuple[ChainLine, ...]:
    """Return the CAs' authorities, those first that issue for TLS servers; nothing before the ceremony."""
    today = taipei_day(office.clock.now())
    with office.reading() as connection:
        lines = [one for one in papers.authorities(connection) if one.ca is not None]
        above = [root_of(connection, one.name) for one in lines]
    found = [_line(office, one, root, today) for one, root in zip(lines, above, strict=True) if root]
    return tuple(sorted(found, key=lambda one: RequestKind.TLS not in one.kinds))


def _line(office: Office, one: AuthorityLine, root: str, today: date) -> ChainLine:
    host = office.settings.repository_url
    assert one.ca is not None  # noqa: S101 - `chains` asks for the CAs' own.
    return ChainLine(
        name=one.name,
        ca=one.ca,
        zh=one.zh,
        en=one.en,
        root=root,
        certificate=host + certificate_path(one.name),
        bundle=host + bundle_path(one.name),
        root_certificate=host + certificate_path(root),
        crl=host + crl_path(one.name, 0),
        ocsp=host + OCSP_PATH,
        kinds=_kinds(one, one.ca, today),
    )


def _kinds(one: AuthorityLine, ca: Ca, today: date) -> frozenset[RequestKind]:
    if one.state is not AuthorityState.ACTIVE:
        return frozenset()
    try:
        return policies.in_force(ca, today).request_kinds.value
    except LookupError:
        return frozenset()
