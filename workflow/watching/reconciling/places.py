"""Places of cards against their states and entries, and accounts against what they count (CRD-01, CRD-02)."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.commands_of_watches import Found
from workflow.stock_words import STORES, EntryKind, PlaceKind
from workflow.store import schema as t
from workflow.vocabulary import CardState
from workflow.watching.reconciling.card_certificates import about_card

if TYPE_CHECKING:
    from collections.abc import Iterator

K, P, E, A = t.card.c, t.stock_place.c, t.stock_entry.c, t.stock_account.c
_OUTSIDE = None
_FITTING: dict[CardState, tuple[PlaceKind | None, ...]] = {
    CardState.BLANK: (*STORES, PlaceKind.ARRIVAL, PlaceKind.TRANSIT),
    CardState.PERSONALISING: (PlaceKind.LINE,),
    CardState.MADE: (PlaceKind.SHELF, PlaceKind.RETURNED),
    CardState.POSTED: (_OUTSIDE,),
    CardState.ACTIVE: (_OUTSIDE,),
    CardState.QUARANTINED: (PlaceKind.QUARANTINE,),
    CardState.SPOILED: (PlaceKind.BIN, PlaceKind.MISSING, _OUTSIDE),
}


def place_faults(connection: sa.Connection) -> Iterator[Found]:
    """Give cards in a place that does not go with their state or that their entries do not lead to, and false accounts."""
    yield from _places(connection)
    yield from _accounts(connection)


def _places(connection: sa.Connection) -> Iterator[Found]:
    broken = _broken(connection)
    last = _last_entries()
    query = (
        sa.select(K.id, K.csn, K.state, P.kind.label("place"), E.kind.label("entry"))
        .outerjoin(t.stock_place, P.id == K.place_id)
        .outerjoin(last, last.c.csn == K.csn)
        .outerjoin(t.stock_entry, E.id == last.c.id)
    )
    for card in connection.execute(query.order_by(K.id)):
        if card.csn in broken:
            yield about_card(
                card, "stock.entries", "庫存帳的去處前後不接", "is where its entries do not lead to"
            )
        elif not _fits(CardState(card.state), card.place and PlaceKind(card.place), card.entry):
            state = CardState(card.state)
            yield about_card(
                card,
                "stock.state",
                f"是{state.zh}，與存放處不符",
                f"is {state.en.lower()}, which does not go with its place",
            )
    yield from _no_cards(connection)


def _last_entries() -> sa.Subquery:
    return sa.select(E.csn, sa.func.max(E.id).label("id")).group_by(E.csn).subquery()


def _broken(connection: sa.Connection) -> frozenset[str]:
    """Return the cards one of whose entries does not begin where the one before ended.

    The database compares them: a house has many more entries than cards, and its histories are no matter for memory.
    """
    before = sa.func.lag(E.to_id).over(partition_by=E.csn, order_by=E.id)
    steps = sa.select(E.csn, E.from_id, before.label("before")).subquery().c
    parted = sa.func.coalesce(steps.from_id, 0) != sa.func.coalesce(steps.before, 0)
    return frozenset(connection.execute(sa.select(steps.csn).where(parted)).scalars())


def _no_cards(connection: sa.Connection) -> Iterator[Found]:
    """Give what has entries and is no card. A blank that became a staff card left the stock and the cards with it."""
    last = _last_entries()
    query = (
        sa.select(E.csn)
        .join(last, last.c.id == E.id)
        .where(E.kind != str(EntryKind.STAFF), ~sa.select(K.id).where(K.csn == E.csn).exists())
    )
    for csn in connection.execute(query.order_by(E.csn)).scalars():
        zh, en = (
            f"庫存帳有晶片序號 {csn}，卻無此卡片。",
            f"The books of the stock have {csn}, which is no card.",
        )
        yield Found(code="stock.no_card", subject=csn, zh=zh, en=en)


def _fits(state: CardState, kind: PlaceKind | None, entry: str | None) -> bool:
    """Tell whether a card may be in such a place; without an entry it may only be outside, as cards of before are.

    `entry` is the kind of its last entry.
    """
    if state is CardState.SPOILED and kind is None:
        return entry is None or entry == str(EntryKind.DESTROYED)
    return kind in _FITTING[state]


def _accounts(connection: sa.Connection) -> Iterator[Found]:
    """Give accounts whose numbers are not those of their entries, or that do not begin where the one before ended."""
    change: Counter[int] = Counter()
    for column, sign in ((E.to_account, 1), (E.from_account, -1)):
        query = sa.select(column, sa.func.count()).where(column.is_not(None)).group_by(column)
        for account_id, count in connection.execute(query):
            change[account_id] += sign * count
    closing: dict[int, int] = defaultdict(int)
    for row in connection.execute(sa.select(t.stock_account).order_by(A.id)):
        adds_up = row.closing is None or row.closing == row.opening + change[row.id]
        if row.opening != closing[row.place_id] or not adds_up:
            yield Found(
                code="stock.account",
                subject=str(row.id),
                zh=f"庫存日結 {row.id} 的期初、異動與期末不相符。",
                en=f"Account {row.id} of the stock does not add up, or does not go on from the one before.",
                rows=(f"stock_account:{row.id}",),
            )
        closing[row.place_id] = row.closing if row.closing is not None else row.opening
