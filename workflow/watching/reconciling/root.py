"""Each root's newest list and its signed answers against the authorities and links that were revoked (CRL-01, CRL-05)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.issuing import serial_text
from workflow.commands_of_watches import Found
from workflow.crl_scope import crl_reason
from workflow.store import schema as t
from workflow.store.roots import certified_by, link_name, roots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from workflow.store.crl_lists import PublishedList

SILENT: Final = (-2, None)
"""What stands for no answer: an offline root may have no responder, which the watch over responders tells of."""
A, L, R = t.authority.c, t.root_link.c, t.authority_revocation.c


def root_faults(
    connection: sa.Connection,
    one: PublishedList,
    listed: Mapping[int, Any],
    asked: Callable[[bytes, int], Any],
) -> Iterator[Found]:
    """Give every authority and link that a root signed of which the books, the root's list and the root's answers do not say the same.

    `listed` are time and reason by serial as they stand on the list; `asked` asks the responder about a serial.
    """
    revoked = {row.authority: row for row in connection.execute(sa.select(R.authority, R.at, R.reason))}
    root, rows = roots(connection)[one.authority], _rows(connection)
    for name, der in certified_by(connection, one.authority).items():
        fields, row = read_certificate(der), revoked.get(name)
        place = _Place(one.authority, name, rows[name])
        said = None if row is None else (crl_reason(row.reason).value, row.at.replace(microsecond=0))
        told = asked(root, fields.serial)
        if told not in (said, SILENT):
            yield _about(place, fields.serial, "ocsp.differs", "OCSP 答覆不符", "has another OCSP answer")
        # A later revocation is on the next list; one that has ended may have left it.
        stood = row is None or row.at <= one.this_update < fields.not_after
        if stood and listed.get(fields.serial) != said:
            yield _about(
                place, fields.serial, "crl.differs", "根清冊所載不符", "stands otherwise on the root's list"
            )


@dataclass(frozen=True, slots=True)
class _Place:
    """Whose list or answer is looked at, and the name and row of what it speaks of."""

    root: str
    name: str
    row: str


def _rows(connection: sa.Connection) -> dict[str, str]:
    """Return the rows of authorities and links by their names."""
    found = {row.name: f"authority:{row.id}" for row in connection.execute(sa.select(A.id, A.name))}
    linked = connection.execute(sa.select(L.id, L.subject, L.signer))
    return found | {link_name(row.subject, row.signer): f"root_link:{row.id}" for row in linked}


def _about(place: _Place, serial: int, code: str, zh: str, en: str) -> Found:
    return Found(
        code=code,
        subject=f"{place.root} {serial_text(serial)}",
        zh=f"憑證機構或連結憑證 {place.name}：{zh}。",
        en=f"The authority or link {place.name} {en}.",
        rows=(place.row,),
    )
