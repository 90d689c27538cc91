"""Which places somebody has yet to count, and what therefore nobody who may count them is shown (CRD-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.stock_words import KEEPERS, AccountState, BoxState, MoveState, PlaceKind
from workflow.store import schema as s

if TYPE_CHECKING:
    from workflow.facts import Actor

P, B, M, A, E = s.stock_place.c, s.stock_box.c, s.stock_move.c, s.stock_account.c, s.stock_entry.c


def hidden_from(connection: sa.Connection, actor: Actor | None) -> frozenset[int]:
    """Return the places of which somebody is shown no number and no list of cards.

    Those are the places with a count open, for everybody who may count, and for whoever is not known. An auditor who
    may not count sees all.
    """
    if actor is not None and not actor.roles & KEEPERS:
        return frozenset()
    return open_counts(connection)


def open_counts(connection: sa.Connection) -> frozenset[int]:
    """Return the places with a count open.

    A place that is counted daily has one from the first card that comes or goes until somebody counted it; each place
    has one while its count differs, and the arrival area and the way while a box or a move waits or differs.
    """
    daily = sa.select(P.id).where(P.daily)
    differs = sa.select(A.place_id).where(A.state == str(AccountState.DIFFERS))
    box = sa.select(B.id).where(B.state != str(BoxState.COUNTED)).exists()
    move = sa.select(M.id).where(M.state != str(MoveState.RECEIVED)).exists()
    queries = (
        # Of each daily place one entry is looked for, which an index finds.
        daily.where(sa.select(E.id).where(E.from_id == P.id, E.from_account.is_(None)).exists()),
        daily.where(sa.select(E.id).where(E.to_id == P.id, E.to_account.is_(None)).exists()),
        differs,
        sa.select(P.id).where(P.kind == str(PlaceKind.ARRIVAL), box),
        sa.select(P.id).where(P.kind == str(PlaceKind.TRANSIT), move),
    )
    return frozenset(place_id for query in queries for place_id in connection.execute(query).scalars())


def withheld(connection: sa.Connection, hidden: frozenset[int]) -> frozenset[int]:
    """Return the accounts whose figures lead to what lies in a hidden place: its last closed one, and what follows."""
    closed = (
        sa.select(A.place_id, sa.func.max(A.id).label("id"))
        .where(A.state == str(AccountState.CLOSED))
        .group_by(A.place_id)
        .subquery()
    )
    query = (
        sa.select(A.id)
        .outerjoin(closed, closed.c.place_id == A.place_id)
        .where(A.place_id.in_(hidden), A.id >= sa.func.coalesce(closed.c.id, 0))
    )
    return frozenset(connection.execute(query).scalars()) if hidden else frozenset()
