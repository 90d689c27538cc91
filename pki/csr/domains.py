"""Is this text a domain for which a certificate can be issued? (rules CSR-05, CSR-06; CA/Browser Forum BR §7.1.4.2)"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import idna
from publicsuffixlist import PublicSuffixList

from pki.csr.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_DOMAIN: Final = 253
_LONGEST_LABEL: Final = 63
# X.520's upper bound of a CN, which is far shorter than a domain may be.
_LONGEST_COMMON_NAME: Final = 64
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_NOT_PLAIN: Final = re.compile(r"[/:@?#\\\s]")
_A_LABEL: Final = "xn--"
# RFC 6761, RFC 6762, RFC 7686, RFC 8375 and ICANN's resolution on .internal.
_RESERVED: Final = frozenset(
    {"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"}
)


def canonical_domain(text: str) -> str | Verdict:
    """Return a domain in lower-case A-labels, or the verdict that refuses it."""
    fault = _fault_of_text(text)
    if fault is not None:
        return fault
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True, std3_rules=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return Verdict.INTERNATIONAL
    domain = text.lower()
    return _fault_of_domain(domain) or domain


def common_name_of(domains: Sequence[str]) -> str | None:
    """Return the domain that becomes the CN: the first with room in it, or None where each is longer than 64 characters."""
    return next((domain for domain in domains if len(domain) <= _LONGEST_COMMON_NAME), None)


def looks_like_a_domain(text: str, *, lenient: bool = False) -> bool:
    """Whether a CN means a host rather than a name: it has a dot or star and no blank, or is an address.

    Leniently, any ASCII word means one, such as `localhost`.
    """
    dotted = "." in text or "*" in text or _is_address(text) or (lenient and text.isascii())
    return dotted and not any(character.isspace() for character in text.strip())


def _fault_of_text(text: str) -> Verdict | None:
    # The rough shape comes first: what follows is only asked of what could be a domain at all.
    if _is_address(text):
        return Verdict.ADDRESS
    rules = (
        (not text, Verdict.CHARACTERS),
        ("*" in text, Verdict.WILDCARD),
        (_NOT_PLAIN.search(text) is not None, Verdict.NOT_A_DOMAIN),
        ("_" in text, Verdict.UNDERSCORE),
        (text.endswith((".", "。")), Verdict.TRAILING_DOT),
        (len(text) > _LONGEST_DOMAIN, Verdict.DOMAIN_LENGTH),
    )
    return next((verdict for found, verdict in rules if found), None)


def _fault_of_domain(domain: str) -> Verdict | None:
    labels = domain.split(".")
    if len(domain) > _LONGEST_DOMAIN or any(len(label) > _LONGEST_LABEL for label in labels):
        return Verdict.DOMAIN_LENGTH
    if not all(_LABEL.fullmatch(label) for label in labels):
        return Verdict.CHARACTERS
    if not all(_is_sound_label(label) for label in labels):
        return Verdict.INTERNATIONAL
    if len(labels) == 1 or labels[-1] in _RESERVED:
        return Verdict.INTERNAL
    suffix = _suffixes().publicsuffix(domain)
    if suffix is None:
        # No registry hands out names under it, so nobody can own this one.
        return Verdict.INTERNAL
    return Verdict.PUBLIC_SUFFIX if suffix == domain else None


def _is_sound_label(label: str) -> bool:
    """Whether a label with hyphens in third and fourth place is a real A-label (RFC 5890 §2.3.1)."""
    if label[2:4] != "--":
        return True
    if not label.startswith(_A_LABEL):
        return False
    try:
        return idna.alabel(idna.ulabel(label)).decode("ascii") == label
    except (idna.IDNAError, UnicodeError):
        return False


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        # All digits and dots is an address that somebody mistyped, and never a domain.
        return re.fullmatch(r"[0-9.]+", text) is not None
    return True


@lru_cache
def _suffixes() -> PublicSuffixList:
    """Return the public suffix list that comes with its package; names under private suffixes belong to somebody."""
    return PublicSuffixList(accept_unknown=False, only_icann=True)
