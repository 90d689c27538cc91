"""Lint urls_are_plain_http: CRL, OCSP and issuer addresses are http, and there are as many lists as the profile says.

Source: GPKI profile (partition list first, then the complete one) and RFC 5280 §8: fetching a list over TLS may need
that very list. In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki import der
from pki.lint.subject import Lint, LintSubject
from pki.profiles import Extension

# uniformResourceIdentifier is [6] in a GeneralName.
_URI_TAG: Final = 0x86


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    lists = _addresses(subject, Extension.CRL_DISTRIBUTION_POINTS)
    others = _addresses(subject, Extension.AUTHORITY_INFORMATION_ACCESS)
    for address in (*lists, *others):
        if not address.startswith("http://"):
            return f"{address} is not plain http"
    wanted = subject.profile.lists
    if len(set(lists)) != wanted or len(lists) != wanted:
        return f"the certificate names {len(lists)} lists, the profile {wanted}: the partition's, then the complete one"
    return None


def _addresses(subject: LintSubject, kind: Extension) -> tuple[str, ...]:
    found = subject.fields.extensions.get(kind.value)
    return () if found is None else tuple(_uris(der.read(found.value)))


def _uris(element: der.Element) -> list[str]:
    if element.tag == _URI_TAG:
        return [element.content.decode("ascii", errors="replace")]
    return [uri for part in element.children() for uri in _uris(part)] if element.tag & 0x20 else []


LINT: Final = Lint("urls_are_plain_http", "GPKI profile; RFC 5280 §8", date(2026, 11, 21), check)
