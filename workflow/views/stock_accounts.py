"""Accounts of places: opening, what came and went by its kind, closing, and the cards behind each figure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.errors import NotFound, Refused
from workflow.stock_words import AccountState, EntryKind
from workflow.store import schema as s
from workflow.views.stock_counts import hidden_from, withheld

if TYPE_CHECKING:
    from datetime import date, datetime

    from workflow.facts import Actor

A, P, E = s.stock_account.c, s.stock_place.c, s.stock_entry.c
PAGE = 50


@dataclass(frozen=True, slots=True)
class Numbers:
    """What an account says: with how many cards it opened, how many it expected, how many were counted."""

    opening: int
    expected: int
    counted: int
    closing: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a place. `numbers` are withheld, None, while they lead to what the next count has to find."""

    id: int
    place: str
    place_english: str
    day: date
    state: AccountState
    numbers: Numbers | None
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


def accounts(
    connection: sa.Connection, hidden: frozenset[int], before: int | None = None
) -> tuple[tuple[Account, ...], int | None]:
    """Return accounts, newest first, and where the next page begins; without the numbers that lead to hidden places."""
    query = _query().order_by(A.id.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(A.id < before)
    found = _accounts(connection, query, hidden)
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def to_confirm(connection: sa.Connection, hidden: frozenset[int]) -> tuple[Account, ...]:
    """Return the accounts that are not closed, oldest first."""
    query = _query().where(A.state != str(AccountState.CLOSED)).order_by(A.id)
    return _accounts(connection, query, hidden)


def account(connection: sa.Connection, hidden: frozenset[int], account_id: int) -> Account:
    """Return one account; NotFound without it."""
    found = _accounts(connection, _query().where(A.id == account_id), hidden)
    if not found:
        raise NotFound("stock.not_found")
    return found[0]


def told_account(connection: sa.Connection, actor: Actor, account_id: int) -> tuple[Account, Numbers]:
    """Return an account for a sheet; NotFound without it, Refused to somebody from whom its numbers are withheld."""
    found = account(connection, hidden_from(connection, actor), account_id)
    if found.numbers is None:
        raise Refused("stock.count_open", place=found.place)
    return found, found.numbers


def _accounts(
    connection: sa.Connection, query: sa.Select[Any], hidden: frozenset[int]
) -> tuple[Account, ...]:
    silent = withheld(connection, hidden)
    found = (_account(row) for row in connection.execute(query))
    return tuple(replace(one, numbers=None) if one.id in silent else one for one in found)


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
        numbers=Numbers(row.opening, row.expected, row.counted, row.closing),
        counted_by=row.counted_by,
        counted_at=row.counted_at,
        confirmed_by=row.confirmed_by or "",
        confirmed_at=row.confirmed_at,
    )
