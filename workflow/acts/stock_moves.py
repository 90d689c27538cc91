"""Blank cards carried from store to store: one person hands them out, another counts what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.acts.stock_people import differs, require_number, require_person, require_store
from workflow.commands_of_stock import HandOut, TakeIn
from workflow.errors import BadInput, FieldProblem, Refused
from workflow.outcome import Outcome
from workflow.stock_words import KEEPERS, EntryKind, MoveState, PlaceKind
from workflow.store import schema as t
from workflow.store.stock_books import Step, carry, enter, standard_place
from workflow.vocabulary import CardState, Role

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

CENTRE = frozenset({Role.CARD_CENTRE})
K, M, E = t.card.c, t.stock_move.c, t.stock_entry.c
AT_ONCE = 1000
NAMED = 10


def _hand_out(work: UnitOfWork, command: HandOut, actor: Actor, _prepared: None) -> Outcome:
    person = require_person(actor)
    source, dest = require_store(work, command.from_id), require_store(work, command.to_id)
    if source.id == dest.id:
        zh, en = "撥出與撥入的存放處不得相同。", "The two places must differ."
        raise BadInput(FieldProblem("to_id", "same", zh, en))
    cards = _handed(work, command, source)
    transit = standard_place(work.connection, PlaceKind.TRANSIT, work.now)
    move_id = work.insert(
        t.stock_move,
        from_id=source.id,
        to_id=dest.id,
        cards=len(cards),
        state=str(MoveState.WAITING),
        handed_by=actor.name,
        hander_id=person,
        handed_at=work.now,
    )
    enter(work, cards, Step(EntryKind.HANDED_OUT, transit, actor, matter_of(move_id)))
    said = {"from": source.name, "to": dest.name, "csns": [card.csn for card in cards]}
    work.audit("stock_handed_out", actor, said | {"move": move_id})
    return Outcome(created_id=move_id)


def matter_of(move_id: int) -> str:
    """Return what the entries of a move belong to."""
    return f"move:{move_id}"


def _handed(work: UnitOfWork, command: HandOut, source: Any) -> list[Any]:
    """Lock the cards that are handed out; each must be a blank that lies there."""
    csns = tuple(dict.fromkeys(csn.strip().lower() for csn in command.csns if csn.strip()))
    if bool(csns) == bool(command.box):
        zh, en = (
            "請選擇整盒，或列出晶片序號，兩者擇一。",
            "Choose a whole box, or list serial numbers: one of the two.",
        )
        raise BadInput(FieldProblem("csns", "either", zh, en))
    there = sa.and_(K.place_id == source.id, K.state == str(CardState.BLANK))
    query = sa.select(K.id, K.csn, K.place_id).order_by(K.id).with_for_update()
    if command.box:
        found = list(work.connection.execute(query.where(there, K.box == command.box)))
        missing: tuple[str, ...] = () if found else (command.box,)
    else:
        found = []
        for start in range(0, len(csns), AT_ONCE):
            found += work.connection.execute(query.where(there, K.csn.in_(csns[start : start + AT_ONCE])))
        missing = tuple(sorted(set(csns) - {card.csn for card in found}))
    if missing:
        raise Refused("stock.not_at_place", place=source.name, cards="、".join(missing[:NAMED]))
    return found


def _take_in(work: UnitOfWork, command: TakeIn, actor: Actor, _prepared: None) -> Outcome:
    require_number("counted", command.counted)
    query = sa.select(t.stock_move).where(M.id == command.move_id, M.state == str(MoveState.WAITING))
    move = work.connection.execute(query.with_for_update()).first()
    if move is None:
        raise Refused("stock.not_waiting")
    person = require_person(actor, move.hander_id)
    transit = standard_place(work.connection, PlaceKind.TRANSIT, work.now)
    expected = work.connection.execute(
        sa.select(sa.func.count()).select_from(t.card).where(on_the_way(move.id, transit))
    ).scalar_one()
    agrees = command.counted == expected
    state = MoveState.RECEIVED if agrees else MoveState.DIFFERS
    values = {"counted": command.counted, "counted_by": actor.name, "counter_id": person}
    work.connection.execute(
        sa.update(t.stock_move).where(M.id == move.id).values(state=str(state), counted_at=work.now, **values)
    )
    if agrees:
        arrive(work, move, actor)
    else:
        differs(work, matter_of(move.id), transit, (expected, command.counted), (move.hander_id, person))
    said = {"move": move.id, "counted": command.counted, "expected": expected}
    work.audit("stock_taken_in", actor, said)
    return Outcome(created_id=move.id, number=str(state))


def on_the_way(move_id: int, transit: int) -> sa.ColumnElement[bool]:
    """Return the condition that a card was handed out in a move and has not arrived."""
    mine = sa.select(E.csn).where(E.matter == matter_of(move_id), E.kind == str(EntryKind.HANDED_OUT))
    return sa.and_(K.place_id == transit, K.csn.in_(mine))


def arrive(work: UnitOfWork, move: Any, actor: Actor) -> None:
    """Carry what is on the way in a move to where it goes."""
    transit = standard_place(work.connection, PlaceKind.TRANSIT, work.now)
    step = Step(EntryKind.TAKEN_IN, move.to_id, actor, matter_of(move.id))
    carry(work, on_the_way(move.id, transit), step)


ACTS = (Act(HandOut, _hand_out, CENTRE), Act(TakeIn, _take_in, KEEPERS))
