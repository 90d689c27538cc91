"""Settling a count that differed: somebody else counts again and names the cards that are not there, with a reason.

A card that is missing and turns up again goes through quarantine (`stock_found`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.acts.stock_intake import shelve
from workflow.acts.stock_moves import arrive, on_the_way
from workflow.acts.stock_people import require_number, require_person
from workflow.commands_of_stock import SettleDifference
from workflow.errors import Refused
from workflow.outcome import Outcome
from workflow.stock_words import KEEPERS, AccountState, BoxState, EntryKind, MoveState, PlaceKind
from workflow.store import schema as t
from workflow.store.certificates import relied_on
from workflow.store.stock_books import Step, enter, standard_place
from workflow.vocabulary import CardState

if TYPE_CHECKING:
    from collections.abc import Collection

    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

D, K, B, M, E = t.stock_difference.c, t.card.c, t.stock_box.c, t.stock_move.c, t.stock_entry.c
P, C = t.stock_place.c, t.certificate.c
_LOST = tuple(
    str(state) for state in (CardState.BLANK, CardState.SPOILED, CardState.QUARANTINED, CardState.MADE)
)
"""States of cards that may be missing, once no certificate of theirs is alive; one being made is quarantined first."""
NAMED = 10


def _settle(work: UnitOfWork, command: SettleDifference, actor: Actor, _prepared: None) -> Outcome:
    require_number("recounted", command.recounted)
    if not command.reason.strip():
        raise Refused("case.reason_missing")
    query = sa.select(t.stock_difference).where(D.id == command.difference_id, D.settled_at.is_(None))
    found = work.connection.execute(query.with_for_update()).first()
    if found is None:
        raise Refused("stock.not_waiting")
    person = require_person(actor, *found.people)
    missing = tuple(dict.fromkeys(csn.strip().lower() for csn in command.missing if csn.strip()))
    if command.recounted + len(missing) != found.expected:
        # Whoever counts again is not told what to arrive at.
        raise Refused("stock.does_not_settle", recounted=command.recounted, missing=len(missing))
    _write_off(work, found, missing, command.reason, actor)
    _go_on(work, found, command.recounted, actor)
    work.connection.execute(
        sa.update(t.stock_difference)
        .where(D.id == found.id)
        .values(
            recounted=command.recounted,
            missing=list(missing),
            reason=command.reason,
            settled_by=actor.name,
            settler_id=person,
            settled_at=work.now,
        )
    )
    said = {"matter": found.matter, "missing": list(missing), "reason": command.reason}
    work.audit("stock_difference_settled", actor, said | {"recounted": command.recounted})
    return Outcome(created_id=found.id)


def _write_off(work: UnitOfWork, found: Any, missing: tuple[str, ...], reason: str, actor: Actor) -> None:
    """Put the missing cards where missing cards are in the books; their absence counts in the account that missed them."""
    missing = _booked_late(work, found, missing)
    if not missing:
        return
    which = sa.and_(K.csn.in_(missing), K.place_id == found.place_id, K.state.in_(_LOST))
    kind, number = _parts(found.matter)
    if kind == "box":
        which &= K.box == sa.select(B.label).where(B.id == number).scalar_subquery()
    elif kind == "move":
        which &= on_the_way(number, found.place_id)
    query = sa.select(K.id, K.csn, K.place_id).where(which).order_by(K.id)
    cards = work.connection.execute(query.with_for_update()).all()
    place = work.connection.execute(sa.select(P.name).where(P.id == found.place_id)).scalar_one()
    _refuse("stock.not_at_place", set(missing) - {card.csn for card in cards}, place)
    if kind == "account":
        _refuse("stock.came_later", _came_later(work, found, missing), place)
    _refuse("stock.still_certified", _certified(work, missing), place)
    work.connection.execute(
        sa.update(t.card)
        .where(K.id.in_([card.id for card in cards]))
        .values(state=str(CardState.SPOILED), reason=reason)
    )
    nowhere = standard_place(work.connection, PlaceKind.MISSING, work.now)
    account_id = number if kind == "account" else None
    enter(work, cards, Step(EntryKind.MISSING, nowhere, actor, found.matter, account_id))


def _refuse(code: str, csns: Collection[str], place: str) -> None:
    if csns:
        raise Refused(code, place=place, cards="、".join(sorted(csns)[:NAMED]))


def _came_later(work: UnitOfWork, found: Any, csns: tuple[str, ...]) -> set[str]:
    """Return which cards came to an account's place after it was counted."""
    later = sa.select(E.csn).where(E.to_id == found.place_id, E.to_account.is_(None), E.csn.in_(csns))
    return set(work.connection.execute(later).scalars())


def _certified(work: UnitOfWork, csns: tuple[str, ...]) -> set[str]:
    """Return which cards have a certificate that somebody might rely on."""
    alive = sa.select(C.csn).where(C.csn.in_(csns), relied_on(work.now))
    return set(work.connection.execute(alive).scalars())


def _booked_late(work: UnitOfWork, found: Any, missing: tuple[str, ...]) -> tuple[str, ...]:
    """Let an account count the cards that had left when it was counted and were booked as gone only later.

    Returns the others. A card that came after the count and left again is none of them.
    """
    kind, number = _parts(found.matter)
    if kind != "account":
        return missing
    came = sa.select(E.csn).where(E.to_id == found.place_id, E.to_account.is_(None))
    late = work.connection.execute(
        sa.update(t.stock_entry)
        .where(E.from_id == found.place_id, E.from_account.is_(None), E.csn.in_(missing), E.csn.not_in(came))
        .values(from_account=number)
        .returning(E.csn)
    ).scalars()
    return tuple(sorted(set(missing) - set(late)))


def _go_on(work: UnitOfWork, found: Any, recounted: int, actor: Actor) -> None:
    """Let what waited for the settlement go on."""
    kind, number = _parts(found.matter)
    if kind == "box":
        box = work.connection.execute(sa.select(t.stock_box).where(B.id == number)).one()
        shelve(work, box, actor)
        _set_state(work, t.stock_box, number, state=str(BoxState.COUNTED))
    elif kind == "move":
        move = work.connection.execute(sa.select(t.stock_move).where(M.id == number)).one()
        arrive(work, move, actor)
        _set_state(work, t.stock_move, number, state=str(MoveState.RECEIVED))
    else:
        _set_state(work, t.stock_account, number, state=str(AccountState.COUNTED), closing=recounted)


def _set_state(work: UnitOfWork, table: sa.Table, number: int, **values: object) -> None:
    work.connection.execute(sa.update(table).where(table.c.id == number).values(**values))


def _parts(matter: str) -> tuple[str, int]:
    kind, _, number = matter.partition(":")
    return kind, int(number)


ACTS = (Act(SettleDifference, _settle, KEEPERS),)
