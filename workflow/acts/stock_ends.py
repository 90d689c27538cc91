"""The ends of cards, and of books: spoiled cards destroyed before two people, places opened, old cards taken up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.acts.stock_people import require_person
from workflow.commands_of_stock import AddPlace, ProposeDestruction, TakeUpCards, WitnessDestruction
from workflow.days import taipei_day
from workflow.errors import BadInput, FieldProblem, Refused
from workflow.outcome import Outcome
from workflow.stock_words import KEEPERS, STORES, EntryKind, PlaceKind
from workflow.store import schema as t
from workflow.store.stock_books import Step, carry, standard_place
from workflow.vocabulary import CardState, Role

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

CENTRE = frozenset({Role.CARD_CENTRE})
K, P, X, E = t.card.c, t.stock_place.c, t.stock_destruction.c, t.stock_entry.c
LONGEST = 60
MOST = 500
"""Cards in one destruction: what two people look at one by one."""
_WHERE = {
    CardState.BLANK: PlaceKind.LINE,
    CardState.PERSONALISING: PlaceKind.LINE,
    CardState.MADE: PlaceKind.SHELF,
    CardState.QUARANTINED: PlaceKind.QUARANTINE,
    CardState.SPOILED: PlaceKind.BIN,
}
"""Where the cards of before the books lie, by their state; others are outside the house."""


def _propose(work: UnitOfWork, command: ProposeDestruction, actor: Actor, _prepared: None) -> Outcome:
    person = require_person(actor)
    csns = tuple(dict.fromkeys(csn.strip().lower() for csn in command.csns if csn.strip()))
    _check_proposal(command, len(csns))
    bin_id = standard_place(work.connection, PlaceKind.BIN, work.now)
    there = work.connection.execute(
        sa.select(K.csn).where(K.csn.in_(csns), K.place_id == bin_id).order_by(K.id).with_for_update()
    ).scalars()
    open_lists = work.connection.execute(sa.select(X.csns).where(X.witnessed_at.is_(None))).scalars()
    wrong = set(csns) - set(there) | set(csns) & {csn for listed in open_lists for csn in listed}
    if wrong:
        raise Refused("stock.not_in_bin", cards="、".join(sorted(wrong)[:10]))
    destruction_id = work.insert(
        t.stock_destruction,
        method=command.method.strip(),
        csns=list(csns),
        proposed_by=actor.name,
        proposer_id=person,
        proposed_at=work.now,
    )
    said = {"destruction": destruction_id, "csns": list(csns), "method": command.method}
    work.audit("destruction_proposed", actor, said)
    return Outcome(created_id=destruction_id)


def _check_proposal(command: ProposeDestruction, number: int) -> None:
    problems = []
    if not 0 < number <= MOST:
        zh, en = (
            f"請列出 1 至 {MOST} 張廢卡的晶片序號。",
            f"List the serial numbers of 1 to {MOST} spoiled cards.",
        )
        problems.append(FieldProblem("csns", "csns", zh, en))
    if not 0 < len(command.method.strip()) <= LONGEST:
        zh, en = "請說明銷毀方式，例如碎卡。", "Say how they are destroyed, such as shredding."
        problems.append(FieldProblem("method", "required", zh, en))
    if problems:
        raise BadInput(*problems)


def _witness(work: UnitOfWork, command: WitnessDestruction, actor: Actor, _prepared: None) -> Outcome:
    query = sa.select(t.stock_destruction).where(X.id == command.destruction_id, X.witnessed_at.is_(None))
    found = work.connection.execute(query.with_for_update()).first()
    if found is None:
        raise Refused("stock.not_waiting")
    person = require_person(actor, found.proposer_id)
    bin_id = standard_place(work.connection, PlaceKind.BIN, work.now)
    step = Step(EntryKind.DESTROYED, None, actor, f"destruction:{found.id}")
    gone = carry(work, sa.and_(K.csn.in_(found.csns), K.place_id == bin_id), step)
    if set(gone) != set(found.csns):
        raise Refused("stock.not_in_bin", cards="、".join(sorted(set(found.csns) - set(gone))[:10]))
    work.connection.execute(
        sa.update(t.stock_destruction)
        .where(X.id == found.id)
        .values(witnessed_by=actor.name, witness_id=person, witnessed_at=work.now)
    )
    work.audit(
        "cards_destroyed", actor, {"destruction": found.id, "csns": list(gone), "method": found.method}
    )
    return Outcome(created_id=found.id)


def _add_place(work: UnitOfWork, command: AddPlace, actor: Actor, _prepared: None) -> Outcome:
    name, english = command.name.strip(), command.english.strip()
    known = work.connection.execute(sa.select(P.id).where(P.name == name)).first()
    reserved = name in {kind.zh for kind in PlaceKind}
    if known is not None or reserved or not 0 < len(name) <= LONGEST or len(english) > LONGEST:
        zh, en = "請填寫尚未使用、60 字以內的名稱。", "Give a name of at most 60 letters that no place has."
        raise BadInput(FieldProblem("name", "name", zh, en))
    if command.kind not in {str(kind) for kind in STORES}:
        kinds = "、".join(STORES)
        zh, en = f"種類應為 {kinds} 之一。", f"The kind is one of {', '.join(STORES)}."
        raise BadInput(FieldProblem("kind", "kind", zh, en))
    # The standard place of the kind stays the first one.
    standard_place(work.connection, PlaceKind(command.kind), work.now)
    place_id = work.insert(
        t.stock_place,
        name=name,
        english=english or name,
        kind=command.kind,
        daily=True,
        opened_at=work.now,
    )
    work.audit("stock_place_added", actor, {"name": name, "kind": command.kind})
    return Outcome(created_id=place_id)


def _take_up(work: UnitOfWork, _command: TakeUpCards, actor: Actor, _prepared: None) -> Outcome:
    """Give cards of before the books their places; the first account then counts them. Done once, it is refused."""
    done = work.connection.execute(
        sa.select(sa.func.min(E.at, type_=E.at.type)).where(E.kind == str(EntryKind.TAKEN_UP))
    ).scalar()
    if done is not None:
        raise Refused("stock.taken_up_already", day=taipei_day(done).isoformat())
    taken: list[str] = []
    for state, kind in _WHERE.items():
        place_id = standard_place(work.connection, kind, work.now)
        which = sa.and_(K.state == str(state), K.place_id.is_(None), ~_has_entries())
        taken += carry(work, which, Step(EntryKind.TAKEN_UP, place_id, actor))
    if not taken:
        raise Refused("stock.nothing_to_take_up")
    work.audit("stock_taken_up", actor, {"count": len(taken), "csns": taken})
    return Outcome(created_id=len(taken))


def _has_entries() -> sa.ColumnElement[bool]:
    return sa.select(E.id).where(E.csn == K.csn).exists()


ACTS = (
    Act(ProposeDestruction, _propose, CENTRE),
    Act(WitnessDestruction, _witness, KEEPERS),
    Act(AddPlace, _add_place, frozenset({Role.ADMINISTRATOR})),
    Act(TakeUpCards, _take_up, CENTRE),
)
