"""The directory of certificates: the terms that each one is found by, written when it is recorded (STA-02)."""

from __future__ import annotations

import logging
import unicodedata
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from pki.errors import DerRefusedError
from pki.search_terms import DNS, EMAIL, OID, search_terms
from workflow.store.writing import FEW, writes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    alike: dict[tuple[Term, ...], list[int]] = defaultdict(list)
    for certificate_id, der in recorded:
        try:
            alike[search_terms(der)].append(certificate_id)
        except DerRefusedError:
            _LOG.warning("certificate %d can't be read and will not be found by name", certificate_id)
    writes = writes_of(connection.dialect)
    single: dict[str, list[dict[str, object]]] = defaultdict(list)
    for terms, numbers in alike.items():
        for table, rows in _rows(terms).items():
            if len(numbers) > FEW:
                # The certificates of a batch mostly bear one name.
                writes.insert_for_each(connection, table, ("certificate_id", numbers), rows)
            else:
                single[table] += [{"certificate_id": number, **row} for number in numbers for row in rows]
    for table, rows in single.items():
        writes.insert(connection, table, rows)


# A batch carries few names.
@lru_cache(maxsize=256)
def _rows(found: tuple[Term, ...]) -> Mapping[str, Sequence[Mapping[str, object]]]:
    """Return what a certificate is found by: the rows of each table, without its number."""
    terms = [(term.label, normal(term.value)) for term in found]
    named = {gram for kind, value in terms if kind not in NOT_NAMES for gram in grams(value)}
    rows: dict[str, Sequence[Mapping[str, object]]] = {
        "certificate_part": [
            {"position": position, "kind": kind, "value": value}
            for position, (kind, value) in enumerate(terms)
        ],
        "certificate_gram": [{"gram": gram} for gram in sorted(named)],
    }
    return {table: tuple(of_table) for table, of_table in rows.items() if of_table}
