"""Each root's newest list and its signed answers against the authorities that were revoked (CRL-01, CRL-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.issuing import serial_text
from workflow.commands_of_watches import Found
from workflow.crl_scope import crl_reason
from workflow.store import schema as t
from workflow.store.roots import roots, signed_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from workflow.store.crl_lists import PublishedList

SILENT: Final = (-2, None)
"""What stands for no answer: an offline root may have no responder, which the watch over responders tells of."""
A, R = t.authority.c, t.authority_revocation.c


def root_faults(
    connection: sa.Connection,
    one: PublishedList,
    listed: Mapping[int, Any],
    asked: Callable[[bytes, int], Any],
) -> Iterator[Found]:
    """Give every authority under a root of which the books, the root's list and the root's answers do not say the same.

    `listed` are time and reason by serial as they stand on the list; `asked` asks the responder about a serial.
    """
    query = (
        sa.select(A.id, A.name, A.certificate, R.at, R.reason)
        .join_from(t.authority, t.authority_revocation, R.authority == A.name, isouter=True)
        .where(A.name.in_(tuple(signed_by(connection, one.authority))))
        .order_by(A.id)
    )
    found = connection.execute(query).all()
    root = roots(connection)[one.authority]
    for row in found:
        fields = read_certificate(bytes(row.certificate))
        said = None if row.at is None else (crl_reason(row.reason).value, row.at.replace(microsecond=0))
        told = asked(root, fields.serial)
        if told not in (said, SILENT):
            yield _about(one, row, fields.serial, "ocsp.differs", "OCSP 答覆不符", "has another OCSP answer")
        # A later revocation is on the next list; one that has ended may have left it.
        if (row.at is None or row.at <= one.this_update < fields.not_after) and listed.get(
            fields.serial
        ) != said:
            yield _about(
                one,
                row,
                fields.serial,
                "crl.differs",
                "根清冊所載不符",
                "stands otherwise on the root's list",
            )


def _about(one: PublishedList, row: Any, serial: int, code: str, zh: str, en: str) -> Found:
    return Found(
        code=code,
        subject=f"{one.authority} {serial_text(serial)}",
        zh=f"憑證機構 {row.name}：{zh}。",
        en=f"The authority {row.name} {en}.",
        rows=(f"authority:{row.id}",),
    )
