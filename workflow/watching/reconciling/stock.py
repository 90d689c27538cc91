"""The books of the card stock against the cards: where each card is, and how many were handed out (CRD-01, CRD-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.commands_of_watches import Found
from workflow.stock_words import EntryKind
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Iterator

B, E, M, P = t.card.c, t.stock_entry.c, t.stock_move.c, t.stock_place.c


def stock_faults(connection: sa.Connection) -> Iterator[Found]:
    """Give cards that lie elsewhere than their last entry says, and moves of another number than their entries."""
    yield from _places(connection)
    yield from _moves(connection)


def _places(connection: sa.Connection) -> Iterator[Found]:
    last = sa.select(E.csn, sa.func.max(E.id).label("id")).group_by(E.csn).subquery()
    here, there = t.stock_place.alias("here"), t.stock_place.alias("there")
    query = (
        sa.select(B.id, B.csn, here.c.name.label("here"), there.c.name.label("there"))
        .outerjoin(last, last.c.csn == B.csn)
        .outerjoin(t.stock_entry, E.id == last.c.id)
        .outerjoin(here, here.c.id == B.place_id)
        .outerjoin(there, there.c.id == E.to_id)
        .where(sa.func.coalesce(B.place_id, 0) != sa.func.coalesce(E.to_id, 0))
    )
    for row in connection.execute(query.order_by(B.id)):
        here_is, there_is = row.here or "—", row.there or "—"
        yield Found(
            code="stock.place",
            subject=row.csn,
            zh=f"卡片 {row.csn} 登載於「{here_is}」，簿冊最後一筆卻是「{there_is}」。",
            en=f"Card {row.csn} is said to be at '{here_is}'; the last entry of the books says '{there_is}'.",
            rows=(f"card:{row.id}",),
        )


def _moves(connection: sa.Connection) -> Iterator[Found]:
    handed = (
        sa.select(sa.func.count())
        .where(
            E.kind == str(EntryKind.HANDED_OUT),
            E.matter == sa.literal("move:") + sa.cast(M.id, sa.Text),
        )
        .scalar_subquery()
    )
    query = sa.select(M.id, M.cards, handed.label("entries")).where(M.cards != handed)
    for row in connection.execute(query.order_by(M.id)):
        yield Found(
            code="stock.move",
            subject=f"move {row.id}",
            zh=f"撥卡 {row.id} 應為 {row.cards} 張，簿冊有 {row.entries} 筆。",
            en=f"Move {row.id} hands out {row.cards} cards; the books have {row.entries} entries.",
            rows=(f"stock_move:{row.id}",),
        )
