"""Accounts of places: opening, what came and went by its kind, closing, and the cards behind each figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.errors import NotFound
from workflow.stock_words import AccountState, EntryKind
from workflow.store import schema as s

if TYPE_CHECKING:
    from datetime import date, datetime

A, P, E = s.stock_account.c, s.stock_place.c, s.stock_entry.c
PAGE = 50


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a place. Expected and closing numbers are known only once it was counted, as it always was."""

    id: int
    place: str
    place_english: str
    day: date
    state: AccountState
    opening: int
    expected: int
    counted: int
    closing: int | None
    counted_by: str
    counted_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Figure:
    """So many cards came (positive) or went (negative) in one way."""

    kind: EntryKind
    cards: int


@dataclass(frozen=True, slots=True)
class Moved:
    """One card's step in an account."""

    csn: str
    kind: EntryKind
    came: bool
    at: datetime
    by_name: str


def accounts(connection: sa.Connection, before: int | None = None) -> tuple[tuple[Account, ...], int | None]:
    """Return accounts, newest first, and where the next page begins."""
    query = _query().order_by(A.id.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(A.id < before)
    found = tuple(_account(row) for row in connection.execute(query))
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def to_confirm(connection: sa.Connection) -> tuple[Account, ...]:
    """Return the accounts that are not closed, oldest first."""
    query = _query().where(A.state != str(AccountState.CLOSED)).order_by(A.id)
    return tuple(_account(row) for row in connection.execute(query))


def account(connection: sa.Connection, account_id: int) -> Account:
    """Return one account; NotFound without it."""
    row = connection.execute(_query().where(A.id == account_id)).first()
    if row is None:
        raise NotFound("stock.not_found")
    return _account(row)


def figures(connection: sa.Connection, account_id: int) -> tuple[Figure, ...]:
    """Return what came and went, by kind in the order of the words; their sum is closing less opening."""
    found: dict[tuple[EntryKind, bool], int] = {}
    for column, came in ((E.to_account, True), (E.from_account, False)):
        query = sa.select(E.kind, sa.func.count()).where(column == account_id).group_by(E.kind)
        for kind, count in connection.execute(query):
            found[EntryKind(kind), came] = count if came else -count
    order = {kind: position for position, kind in enumerate(EntryKind)}
    ways = sorted(found, key=lambda way: (not way[1], order[way[0]]))
    return tuple(Figure(kind, found[kind, came]) for kind, came in ways)


def moved(connection: sa.Connection, account_id: int) -> tuple[Moved, ...]:
    """Return the steps that an account counts, in their order."""
    query = sa.select(s.stock_entry).where(sa.or_(E.to_account == account_id, E.from_account == account_id))
    return tuple(
        Moved(row.csn, EntryKind(row.kind), row.to_account == account_id, row.at, row.by_name)
        for row in connection.execute(query.order_by(E.id))
    )


def _query() -> sa.Select[Any]:
    return sa.select(s.stock_account, P.name.label("place"), P.english.label("place_english")).join(
        s.stock_place, P.id == A.place_id
    )


def _account(row: Any) -> Account:
    return Account(
        id=row.id,
        place=row.place,
        place_english=row.place_english,
        day=row.day,
        state=AccountState(row.state),
        opening=row.opening,
        expected=row.expected,
        counted=row.counted,
        closing=row.closing,
        counted_by=row.counted_by,
        counted_at=row.counted_at,
        confirmed_by=row.confirmed_by or "",
        confirmed_at=row.confirmed_at,
    )
