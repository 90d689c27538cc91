"""Cards against their certificates, cases and mail, and the stock against what was counted in."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.commands_of_watches import Found
from workflow.store import schema as t
from workflow.vocabulary import CardState, CertificateStatus, MailState
from workflow.watching.reconciling.house import of_the_house

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

B, C, K, M = t.card.c, t.certificate.c, t.case.c, t.mail_item.c
_FINISHED = (CardState.MADE, CardState.POSTED, CardState.ACTIVE)
_OUT = (CardState.QUARANTINED, CardState.SPOILED)
_PURPOSES = ("signature", "encipherment")


def card_faults(connection: sa.Connection, now: datetime) -> Iterator[Found]:
    """Give every card that does not agree with its certificates, its case, its mail or the stock."""
    certificates: dict[str, list[Any]] = {}
    columns = (
        C.id,
        C.csn,
        C.serial,
        C.purpose,
        C.status,
        C.spki_sha256,
        C.der.is_not(None).label("signed"),
        C.not_after,
    )
    for row in connection.execute(sa.select(*columns).where(C.csn.is_not(None), ~of_the_house())):
        certificates.setdefault(row.csn, []).append(row)
    numbers = {row.id: row.card_number for row in connection.execute(sa.select(K.id, K.card_number))}
    cards = connection.execute(sa.select(t.card).order_by(B.id)).all()
    for card in cards:
        for code, zh, en in _faults_of(card, certificates.pop(card.csn, []), numbers, now):
            yield _about(card.csn, f"card:{card.id}", code, zh, en)
    for csn, rows in certificates.items():
        yield _about(
            csn,
            f"certificate:{rows[0].id}",
            "certificate.no_card",
            "有憑證而無卡片",
            "has certificates and is no card",
        )
    yield from _case_numbers(connection)
    yield from _mail(connection)
    staff = connection.execute(sa.select(t.staff_card.c.csn)).scalars()
    yield from _stock(connection, {card.csn for card in cards}, set(staff))


def _faults_of(
    card: Any, certificates: list[Any], numbers: dict[int, str | None], now: datetime
) -> Iterator[tuple[str, str, str]]:
    state = CardState(card.state)
    if (state is CardState.BLANK) == (card.case_id is not None) and state not in _OUT:
        yield (
            "card.case",
            f"{state.zh}卡的案件不符",
            f"is {state.en.lower()}, which does not go with its case",
        )
    signed = {row.purpose for row in certificates if row.signed}
    if state in _FINISHED and not set(_PURPOSES) <= signed:
        yield "card.no_certificate", "缺少憑證", "lacks a certificate"
    if state in _FINISHED and numbers.get(card.case_id) != card.number:
        yield "card.number", "卡號與案件不符", "has another number than its case"
    for row in certificates:
        spki = getattr(card, f"{row.purpose}_spki")
        if spki is None or hashlib.sha256(bytes(spki)).hexdigest() != row.spki_sha256:
            yield (
                "card.key",
                f"{row.purpose} 憑證的金鑰不是卡上的金鑰",
                f"holds another key than its {row.purpose} certificate",
            )
    yield from _statuses(
        state, {CertificateStatus(row.status) for row in certificates if row.not_after > now}
    )


def _statuses(state: CardState, statuses: set[CertificateStatus]) -> Iterator[tuple[str, str, str]]:
    s = CertificateStatus
    if state is CardState.ACTIVE and statuses & {s.INTENDED, s.ISSUED}:
        yield "card.not_valid", "已開卡，憑證卻未生效", "is activated, and its certificates are not"
    if state in (CardState.MADE, CardState.POSTED) and s.VALID in statuses:
        yield (
            "card.valid_too_early",
            "未開卡，憑證卻已生效",
            "is not activated, and its certificates are valid",
        )
    if state in _OUT and statuses & {s.VALID, s.ISSUED}:
        yield (
            "card.out_and_live",
            "已報廢或隔離，憑證卻有效",
            "is spoiled or quarantined, and its certificates live",
        )


def _case_numbers(connection: sa.Connection) -> Iterator[Found]:
    """Give cases without their card: a case that names a card number names a card that names the case."""
    mine = sa.select(B.id).where(
        B.number == K.card_number, sa.or_(B.case_id == K.id, B.case_id == K.parent_id)
    )
    query = sa.select(K.id, K.number, K.card_number).where(K.card_number.is_not(None), ~mine.exists())
    for row in connection.execute(query.order_by(K.id)):
        yield Found(
            code="case.card",
            subject=row.number,
            zh=f"案件 {row.number} 的卡片 {row.card_number} 不在帳上，或屬於其他案件。",
            en=f"Case {row.number} names card {row.card_number}, which is not there or is another's.",
            rows=(f"registry_case:{row.id}",),
        )


def _mail(connection: sa.Connection) -> Iterator[Found]:
    """Give cards that the books and the post place differently: a card is posted if a mail item is."""
    item = sa.select(M.id).where(M.card_number == B.number, M.state == str(MailState.POSTED))
    posted, made = B.state == str(CardState.POSTED), B.state == str(CardState.MADE)
    for row in connection.execute(sa.select(B.id, B.csn).where(posted, ~item.exists()).order_by(B.id)):
        yield _about(
            row.csn,
            f"card:{row.id}",
            "mail.no_item",
            "已寄出而無掛號紀錄",
            "is posted and no mail item says so",
        )
    for row in connection.execute(sa.select(B.id, B.csn).where(made, item.exists()).order_by(B.id)):
        yield _about(
            row.csn,
            f"card:{row.id}",
            "mail.not_posted",
            "掛號已寄而卡片未寄出",
            "is not posted, and a mail item says so",
        )


def _stock(connection: sa.Connection, present: set[str], staff: set[str]) -> Iterator[Found]:
    """Give what does not balance: every card that was ever counted in has its row, and no other card has one (CRD-02)."""
    e = t.audit_entry.c
    bodies = connection.execute(sa.select(e.body).where(e.kind == "stock_added")).scalars()
    counted = {str(csn) for body in bodies for csn in json.loads(body)["csns"]}
    # A blank that became a staff card left the stock.
    for csn in sorted(counted - present - staff):
        yield _about(
            csn, "", "stock.missing", "曾入庫而不在帳上", "was counted in and is gone from the books"
        )
    for csn in sorted(present - counted):
        yield _about(
            csn, "", "stock.uncounted", "在帳上而從未入庫", "is in the books and was never counted in"
        )


def _about(csn: str, row: str, code: str, zh: str, en: str) -> Found:
    return Found(
        code=code, subject=csn, zh=f"卡片 {csn}：{zh}。", en=f"Card {csn} {en}.", rows=(row,) if row else ()
    )
