"""The books of the card stock: every step of a card is one entry, and a card is in exactly one place (CRD-01, CRD-02).

Entries hold a reference to their places, so that a place that is being counted, which is locked, gets no new ones; what
comes a moment later belongs to its next account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.stock_words import STORES, AccountState, PlaceKind
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from workflow.facts import Actor
    from workflow.stock_words import EntryKind
    from workflow.store.unit_of_work import UnitOfWork

K, P, E, A = t.card.c, t.stock_place.c, t.stock_entry.c, t.stock_account.c
AT_ONCE = 1000
"""Cards in one statement."""
DEMONSTRATION = "示範製卡區"
"""The line of a demonstration, whose clock leaps: it is not counted every day."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where cards go and why. `to_id` None is out of the house; `account_id` the account that counts their leaving."""

    kind: EntryKind
    to_id: int | None
    actor: Actor
    matter: str | None = None
    account_id: int | None = None


def standard_place(connection: sa.Connection, kind: PlaceKind, now: datetime) -> int:
    """Return the first place of a kind that is in use; a house without one gets it now, under the kind's own name."""
    query = sa.select(P.id).where(P.kind == str(kind), P.closed_at.is_(None), P.name != DEMONSTRATION)
    found = connection.execute(query.order_by(P.id).limit(1)).scalar()
    return int(found) if found is not None else _opened(connection, kind, (kind.zh, kind.en), now)


def demonstration_line(connection: sa.Connection, now: datetime) -> int:
    """Return the line of a demonstration, and open it first where there is none."""
    found = connection.execute(sa.select(P.id).where(P.name == DEMONSTRATION)).scalar()
    names = (DEMONSTRATION, "Line of the demonstration")
    return int(found) if found is not None else _opened(connection, PlaceKind.LINE, names, now, daily=False)


def _opened(
    connection: sa.Connection,
    kind: PlaceKind,
    names: tuple[str, str],
    now: datetime,
    *,
    daily: bool | None = None,
) -> int:
    name, english = names
    values = {
        "name": name,
        "english": english,
        "kind": str(kind),
        "daily": kind in STORES if daily is None else daily,
        "opened_at": now,
    }
    # Two who need it at once: the second breaks the name's uniqueness, is run again, and finds it.
    return int(connection.execute(sa.insert(t.stock_place).values(**values).returning(P.id)).scalar_one())


def carry(work: UnitOfWork, which: sa.ColumnElement[bool], step: Step) -> tuple[str, ...]:
    """Carry all cards that meet a condition; returns their serial numbers. Those that are there already stay."""
    cards = work.connection.execute(
        sa.select(K.id, K.csn, K.place_id).where(which).order_by(K.id).with_for_update()
    ).all()
    moving = [card for card in cards if card.place_id != step.to_id]
    enter(work, moving, step)
    return tuple(card.csn for card in moving)


def enter(work: UnitOfWork, cards: Sequence[Any], step: Step) -> None:
    """Write the entries of locked cards (rows with id, csn and place_id), and where they are from now on."""
    for start in range(0, len(cards), AT_ONCE):
        ids = [card.id for card in cards[start : start + AT_ONCE]]
        work.connection.execute(
            sa.update(t.card).where(K.id.in_(ids)).values(place_id=step.to_id, updated_at=work.now)
        )
    for card in cards:
        note(work, card.csn, card.place_id, step)


def note(work: UnitOfWork, csn: str, from_id: int | None, step: Step) -> None:
    """Write one entry, for a card whose row its caller writes itself."""
    work.add(
        "stock_entry",
        csn=csn,
        kind=str(step.kind),
        from_id=from_id,
        to_id=step.to_id,
        at=work.now,
        by_name=step.actor.name,
        matter=step.matter,
        from_account=step.account_id,
    )


def carry_to(
    work: UnitOfWork, which: sa.ColumnElement[bool], kind: EntryKind, place: PlaceKind | None, actor: Actor
) -> tuple[str, ...]:
    """Carry cards to the standard place of a kind, or out of the house."""
    to_id = None if place is None else standard_place(work.connection, place, work.now)
    return carry(work, which, Step(kind, to_id, actor))


def lock_place(connection: sa.Connection, place_id: int) -> Any:
    """Return a place that is in use and keep cards from coming and going until the commit; None without one."""
    query = sa.select(t.stock_place).where(P.id == place_id, P.closed_at.is_(None))
    return connection.execute(query.with_for_update()).first()


def opening_of(connection: sa.Connection, place_id: int) -> int:
    """Return the closing number of a place's last account: nothing before its first."""
    query = sa.select(A.closing).where(A.place_id == place_id).order_by(A.id.desc()).limit(1)
    return int(connection.execute(query).scalar() or 0)


def take_entries(connection: sa.Connection, place_id: int, account_id: int) -> int:
    """Give a locked place's entries that no account has to one; returns by how many cards they raise the number."""
    came = connection.execute(
        sa.update(t.stock_entry)
        .where(E.to_id == place_id, E.to_account.is_(None))
        .values(to_account=account_id)
    ).rowcount
    went = connection.execute(
        sa.update(t.stock_entry)
        .where(E.from_id == place_id, E.from_account.is_(None))
        .values(from_account=account_id)
    ).rowcount
    return came - went


def open_since(connection: sa.Connection, place_ids: Collection[int]) -> dict[int, datetime]:
    """Return for each place when its oldest step was that no closed account counts; none for places without one."""
    still_open = (
        connection.execute(sa.select(A.id).where(A.state != str(AccountState.CLOSED))).scalars().all()
    )
    found: dict[int, datetime] = {}
    for place, account in ((E.from_id, E.from_account), (E.to_id, E.to_account)):
        # Two questions, each of which an index answers, for entries are many and those that are open are few.
        for uncounted in (account.is_(None), account.in_(still_open)):
            query = (
                sa.select(place, sa.func.min(E.at, type_=E.at.type))
                .where(place.in_(place_ids), uncounted)
                .group_by(place)
            )
            for place_id, moment in connection.execute(query):
                found[place_id] = min(moment, found.get(place_id, moment))
    return found


def oldest_open(connection: sa.Connection) -> tuple[str, datetime] | None:
    """Return the daily place whose cards moved longest ago without a closed account, and when; None if all are closed."""
    places = {row.id: row.name for row in connection.execute(sa.select(P.id, P.name).where(P.daily))}
    if not places:
        return None
    found = open_since(connection, places)
    if not found:
        return None
    place_id = min(found, key=lambda one: (found[one], one))
    return places[place_id], found[place_id]
