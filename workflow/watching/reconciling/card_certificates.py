"""Cards and certificates one by one: what was handed out holds its case's certificates, and each names its own card."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.commands_of_watches import Found
from workflow.store import schema as t
from workflow.vocabulary import CardState, CertificateStatus
from workflow.watching.reconciling.house import of_the_house

if TYPE_CHECKING:
    from collections.abc import Iterator

K, C = t.card.c, t.certificate.c
_HANDED_OUT = (CardState.POSTED, CardState.ACTIVE)


def pairing_faults(connection: sa.Connection) -> Iterator[Found]:
    """Give cards handed out that hold not exactly their case's certificates, and certificates that name another card."""
    on_card: dict[str, list[Any]] = defaultdict(list)
    of_case: dict[int, set[int]] = defaultdict(set)
    live = sa.and_(C.csn.is_not(None), C.status != str(CertificateStatus.REVOKED), ~of_the_house())
    columns = (C.id, C.csn, C.case_id, C.purpose, C.card_number)
    for row in connection.execute(sa.select(*columns).where(live).order_by(C.id)):
        on_card[row.csn].append(row)
        if row.case_id is not None:
            of_case[row.case_id].add(row.id)
    cards = connection.execute(sa.select(K.id, K.csn, K.number, K.state, K.case_id).order_by(K.id))
    for card in cards:
        here = on_card[card.csn]
        if CardState(card.state) in _HANDED_OUT and {row.id for row in here} != of_case[card.case_id]:
            yield about_card(
                card,
                "card.certificates",
                "卡上憑證與案件的憑證不一致",
                "does not hold exactly the certificates of its case",
            )
        if max(Counter(row.purpose for row in here).values(), default=0) > 1:
            yield about_card(
                card, "card.two_certificates", "同一用途有兩張憑證", "has two certificates for one purpose"
            )
        for row in here:
            if row.card_number is not None and row.card_number != card.number:
                yield about_card(
                    card,
                    "certificate.card_number",
                    "憑證所載卡號屬於另一張卡片",
                    "has a certificate that names the number of another card",
                )


def about_card(card: Any, code: str, zh: str, en: str) -> Found:
    """Return a finding about a card (a row with id and csn)."""
    zh, en = f"卡片 {card.csn}：{zh}。", f"Card {card.csn} {en}."
    return Found(code=code, subject=card.csn, zh=zh, en=en, rows=(f"card:{card.id}",))
