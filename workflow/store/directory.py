"""The directory of certificates: the terms that each one is found by, written when it is recorded (STA-02)."""

from __future__ import annotations

import logging
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pki.errors import DerRefusedError
from pki.search_terms import DNS, EMAIL, OID, search_terms
from workflow.store.writing import writes_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import sqlalchemy as sa

    from pki.search_terms import Term

_LOG = logging.getLogger(__name__)
COUNTRY = "C"
NOT_NAMES = frozenset({EMAIL, OID, COUNTRY})
"""Terms that are not searched by a part: addresses and OIDs want to be complete, and the country is everybody's."""
__all__ = [
    "COUNTRY",
    "DNS",
    "EMAIL",
    "NOT_NAMES",
    "OID",
    "grams",
    "index_certificate",
    "index_certificates",
    "normal",
]


def normal(text: str) -> str:
    """Return a text in the one form in which names are stored and sought: composed, capitals kept (STA-02)."""
    return unicodedata.normalize("NFC", text.replace("\x00", "")).strip()


def grams(text: str) -> frozenset[str]:
    """Return the pairs of neighbouring characters of a text; a single character has none."""
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))


def index_certificate(connection: sa.Connection, certificate_id: int, der: bytes) -> None:
    """Write the terms of a certificate that was just recorded."""
    index_certificates(connection, [(certificate_id, der)])


def index_certificates(connection: sa.Connection, recorded: Iterable[tuple[int, bytes]]) -> None:
    """Write the terms of certificates that were just recorded.

    One that can't be read is kept without them: the record of a signature must never fail for the sake of a search.
    """
    parts: list[dict[str, object]] = []
    rows: list[dict[str, object]] = []
    for certificate_id, der in recorded:
        try:
            found = _found_by(search_terms(der))
        except DerRefusedError:
            _LOG.warning("certificate %d can't be read and will not be found by name", certificate_id)
            continue
        parts += [
            {"certificate_id": certificate_id, "position": position, "kind": kind, "value": value}
            for position, (kind, value) in enumerate(found.terms)
        ]
        rows += [{"gram": gram, "certificate_id": certificate_id} for gram in found.grams]
    writes = writes_of(connection.dialect)
    if parts:
        writes.insert(connection, "certificate_part", parts)
    if rows:
        writes.insert(connection, "certificate_gram", rows)


@dataclass(frozen=True, slots=True)
class _FoundBy:
    """What a certificate is found by, as it is stored."""

    terms: tuple[tuple[str, str], ...]
    grams: tuple[str, ...]


# A batch carries few names.
@lru_cache(maxsize=256)
def _found_by(found: tuple[Term, ...]) -> _FoundBy:
    terms = tuple((term.label, normal(term.value)) for term in found)
    named = {gram for kind, value in terms if kind not in NOT_NAMES for gram in grams(value)}
    return _FoundBy(terms, tuple(sorted(named)))
