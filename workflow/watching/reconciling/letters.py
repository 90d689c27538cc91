"""Certificates against the official letters without which nothing is decided (LTR-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow import guards
from workflow.commands_of_watches import Found
from workflow.machine import TABLES
from workflow.store import schema as t
from workflow.vocabulary import LetterDirection

if TYPE_CHECKING:
    from collections.abc import Iterator

K, C, L = t.case.c, t.certificate.c, t.letter_case.c


def letter_faults(connection: sa.Connection) -> Iterator[Found]:
    """Give cases that got certificates though no letter came for them, where their table asks for one."""
    kinds = [
        str(kind)
        for kind, table in TABLES.items()
        if any(guards.letter_is_here in row.guards for row in table.rows)
    ]
    came = (
        sa.exists()
        .where(L.case_id == K.id, L.letter_id == t.letter.c.id)
        .where(t.letter.c.direction == str(LetterDirection.INCOMING))
    )
    certified = sa.exists().where(C.case_id == K.id, C.der.is_not(None))
    query = sa.select(K.id, K.number).where(K.kind.in_(kinds), certified, ~came)
    for row in connection.execute(query.order_by(K.id)):
        yield Found(
            code="letter.missing",
            subject=row.number,
            zh=f"案件 {row.number} 已發憑證，卻查無公文。",
            en=f"Case {row.number} has certificates, and no official letter came for it.",
            rows=(f"registry_case:{row.id}",),
        )
