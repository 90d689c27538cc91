"""The card stock as its keepers and the auditor see it. Who has yet to count is shown no number to count towards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.days import taipei_day
from workflow.errors import NotFound
from workflow.stock_words import COUNTABLE, STORES, AccountState, BoxState, MoveState, PlaceKind
from workflow.store import schema as s
from workflow.store.stock_books import open_since

if TYPE_CHECKING:
    from datetime import date, datetime

    from workflow.vocabulary import Word

P, B, M, A = s.stock_place.c, s.stock_box.c, s.stock_move.c, s.stock_account.c
E, D, X, K = s.stock_entry.c, s.stock_difference.c, s.stock_destruction.c, s.card.c
PAGE = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the house; `there` is what the books say now, which is for the auditor alone.

    Of a hidden place (`stock_counts`) neither that nor the last closing number is known.
    """

    id: int
    name: str
    english: str
    kind: PlaceKind
    there: int | None
    closing: int | None
    closed_on: date | None
    open_since: date | None
    """The day of the oldest step that no closed account counts; None when all do."""
    is_hidden: bool

    @property
    def choice(self) -> tuple[str, str]:
        """Return it for a list to choose from."""
        return str(self.id), self.name

    @property
    def is_store(self) -> bool:
        """Whether people carry blanks from and to it."""
        return self.kind in STORES

    @property
    def is_countable(self) -> bool:
        """Whether its cards are counted at the end of a day."""
        return self.kind in COUNTABLE


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits for somebody at the stock, for the work list."""

    boxes: int
    moves: int
    differences: int
    accounts: int
    destructions: int

    @property
    def all(self) -> int:
        """Everything together."""
        return self.boxes + self.moves + self.differences + self.accounts + self.destructions


@dataclass(frozen=True, slots=True)
class Handling:
    """A box or a move: what it is, how it stands, and who had a hand in it.

    `cards` is known once the count agreed or was settled, and before that to those from whom nothing is hidden.
    """

    id: int
    title: str
    source: str
    dest: str
    state: Word
    first_by: str
    first_at: datetime
    cards: int | None
    counted_by: str
    counted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A count that differs. Whoever may settle it counts again, and is shown no number before (`stock_counts`)."""

    id: int
    matter: str
    title: str
    place: str
    expected: int | None
    counted: int | None
    opened_at: datetime
    recounted: int | None
    missing: tuple[str, ...]
    reason: str
    settled_by: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Destruction:
    """Spoiled cards that are destroyed before two people."""

    id: int
    method: str
    csns: tuple[str, ...]
    proposed_by: str
    proposed_at: datetime
    witnessed_by: str
    witnessed_at: datetime | None


def places(connection: sa.Connection, hidden: frozenset[int]) -> tuple[Place, ...]:
    """Return the places that are in use, in the order they were opened."""
    lying = connection.execute(sa.select(K.place_id, sa.func.count()).group_by(K.place_id))
    there = {place_id: int(cards) for place_id, cards in lying}
    last: dict[int, tuple[int, date]] = {}
    closed = sa.select(A.place_id, A.closing, A.day).where(A.state == str(AccountState.CLOSED))
    for row in connection.execute(closed.order_by(A.id)):
        last[row.place_id] = (row.closing, row.day)
    rows = connection.execute(sa.select(s.stock_place).where(P.closed_at.is_(None)).order_by(P.id)).all()
    since = open_since(connection, [row.id for row in rows if row.daily])
    return tuple(
        Place(
            row.id,
            row.name,
            row.english,
            PlaceKind(row.kind),
            None if row.id in hidden else there.get(row.id, 0),
            last[row.id][0] if row.id in last and row.id not in hidden else None,
            last[row.id][1] if row.id in last else None,
            taipei_day(since[row.id]) if row.id in since else None,
            row.id in hidden,
        )
        for row in rows
    )


def waiting(connection: sa.Connection) -> Waiting:
    """Count what waits."""

    def count(column: sa.ColumnElement[int], *where: sa.ColumnElement[bool]) -> int:
        return connection.execute(sa.select(sa.func.count(column)).where(*where)).scalar_one()

    return Waiting(
        boxes=count(B.id, B.state == str(BoxState.WAITING)),
        moves=count(M.id, M.state == str(MoveState.WAITING)),
        differences=count(D.id, D.settled_at.is_(None)),
        accounts=count(A.id, A.state == str(AccountState.COUNTED)),
        destructions=count(X.id, X.witnessed_at.is_(None)),
    )


def boxes(
    connection: sa.Connection, hidden: frozenset[int], box_id: int | None = None
) -> tuple[Handling, ...]:
    """Return the newest boxes, those that wait first; or one, by its number."""
    query = sa.select(s.stock_box, P.name.label("dest")).join(s.stock_place, P.id == B.place_id)
    if box_id is not None:
        query = query.where(B.id == box_id)
    rows = connection.execute(query.order_by(B.state != str(BoxState.WAITING), B.id.desc()).limit(PAGE))
    return tuple(
        Handling(
            id=row.id,
            title=row.label,
            source=PlaceKind.ARRIVAL.zh,
            dest=row.dest,
            state=BoxState(row.state),
            first_by=row.received_by,
            first_at=row.received_at,
            cards=None if hidden and row.state != str(BoxState.COUNTED) else row.listed,
            counted_by=row.counted_by or "",
            counted_at=row.counted_at,
        )
        for row in rows
    )


def moves(
    connection: sa.Connection, hidden: frozenset[int], move_id: int | None = None
) -> tuple[Handling, ...]:
    """Return the newest moves, those that wait first; or one, by its number."""
    source, dest = s.stock_place.alias(), s.stock_place.alias()
    query = (
        sa.select(s.stock_move, source.c.name.label("source"), dest.c.name.label("dest"))
        .join(source, source.c.id == M.from_id)
        .join(dest, dest.c.id == M.to_id)
    )
    if move_id is not None:
        query = query.where(M.id == move_id)
    rows = connection.execute(query.order_by(M.state != str(MoveState.WAITING), M.id.desc()).limit(PAGE))
    return tuple(
        Handling(
            id=row.id,
            title=str(row.id),
            source=row.source,
            dest=row.dest,
            state=MoveState(row.state),
            first_by=row.handed_by,
            first_at=row.handed_at,
            cards=None if hidden and row.state != str(MoveState.RECEIVED) else row.cards,
            counted_by=row.counted_by or "",
            counted_at=row.counted_at,
        )
        for row in rows
    )


def one(found: tuple[Handling, ...]) -> Handling:
    """Return the only one; NotFound without it."""
    if not found:
        raise NotFound("stock.not_found")
    return found[0]


def store_boxes(connection: sa.Connection) -> tuple[str, ...]:
    """Return the boxes of which blanks lie in a store, so that they can be handed out whole."""
    stores = sa.select(P.id).where(P.kind.in_([str(kind) for kind in STORES]), P.closed_at.is_(None))
    query = sa.select(K.box).where(K.state == "blank", K.place_id.in_(stores)).distinct().order_by(K.box)
    return tuple(connection.execute(query).scalars())


def spoiled_cards(connection: sa.Connection, hidden: frozenset[int]) -> tuple[str, ...]:
    """Return the cards in the box of spoiled cards that no open destruction names; none while it is hidden."""
    bins = sa.select(P.id).where(P.kind == str(PlaceKind.BIN), P.id.not_in(hidden))
    listed = connection.execute(sa.select(X.csns).where(X.witnessed_at.is_(None))).scalars()
    taken = {csn for csns in listed for csn in csns}
    there = connection.execute(sa.select(K.csn).where(K.place_id.in_(bins)).order_by(K.id).limit(500))
    return tuple(csn for csn in there.scalars() if csn not in taken)


def differences(
    connection: sa.Connection, hidden: frozenset[int], difference_id: int | None = None
) -> tuple[Difference, ...]:
    """Return the newest differences, open ones first; or one, by its number. Those of hidden places have no numbers."""
    query = sa.select(s.stock_difference, P.name.label("place")).join(s.stock_place, P.id == D.place_id)
    if difference_id is not None:
        query = query.where(D.id == difference_id)
    rows = connection.execute(query.order_by(D.settled_at.is_not(None), D.id.desc()).limit(PAGE)).all()
    return tuple(
        Difference(
            id=row.id,
            matter=row.matter,
            title=_title(connection, row.matter),
            place=row.place,
            expected=row.expected if _is_told(row, hidden) else None,
            counted=row.counted if _is_told(row, hidden) else None,
            opened_at=row.opened_at,
            recounted=row.recounted,
            missing=tuple(row.missing or ()),
            reason=row.reason or "",
            settled_by=row.settled_by or "",
            settled_at=row.settled_at,
        )
        for row in rows
    )


def difference(connection: sa.Connection, hidden: frozenset[int], difference_id: int) -> Difference:
    """Return one difference; NotFound without it."""
    found = differences(connection, hidden, difference_id)
    if not found:
        raise NotFound("stock.not_found")
    return found[0]


def _is_told(row: Any, hidden: frozenset[int]) -> bool:
    """Tell whether a difference's numbers may be shown; those of a settled box or move lead to no other count."""
    settled = row.settled_at is not None and not row.matter.startswith("account:")
    return settled or row.place_id not in hidden


def _title(connection: sa.Connection, matter: str) -> str:
    """Return what a difference is about: the box's label, or the number of the move or account."""
    kind, _, number = matter.partition(":")
    if kind != "box":
        return number
    return str(connection.execute(sa.select(B.label).where(B.id == int(number))).scalar())


def destructions(connection: sa.Connection, destruction_id: int | None = None) -> tuple[Destruction, ...]:
    """Return the newest destructions, open ones first; or one, by its number."""
    query = sa.select(s.stock_destruction)
    if destruction_id is not None:
        query = query.where(X.id == destruction_id)
    rows = connection.execute(query.order_by(X.witnessed_at.is_not(None), X.id.desc()).limit(PAGE))
    return tuple(
        Destruction(
            id=row.id,
            method=row.method,
            csns=tuple(row.csns),
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
            witnessed_by=row.witnessed_by or "",
            witnessed_at=row.witnessed_at,
        )
        for row in rows
    )


def destruction(connection: sa.Connection, destruction_id: int) -> Destruction:
    """Return one destruction; NotFound without it."""
    found = destructions(connection, destruction_id)
    if not found:
        raise NotFound("stock.not_found")
    return found[0]
