"""Delivered boxes: one person takes them in from the maker's lists, another counts them, and only then they are stock."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.acts.stock_people import differs, require_number, require_person, require_store
from workflow.commands_of_stock import CountBox, ReceiveBoxes
from workflow.errors import BadInput, FieldProblem, Refused
from workflow.outcome import Outcome
from workflow.stock_words import KEEPERS, BoxState, EntryKind, PlaceKind
from workflow.store import schema as t
from workflow.store.stock_books import Step, carry, note, standard_place
from workflow.vocabulary import CardState, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

CENTRE = frozenset({Role.CARD_CENTRE})
B, K, S = t.stock_box.c, t.card.c, t.staff_card.c
CSN = re.compile(r"[0-9a-f]{8,64}")
LONGEST_NAME = 40
MOST = 20_000
"""Cards of one list."""
AT_ONCE = 1000
NAMED = 10
"""Bad lines that one refusal names."""


def label_of(order_number: str, number: str) -> str:
    """Return what cards carry as their box."""
    return f"{order_number}/{number}"


def _receive(work: UnitOfWork, command: ReceiveBoxes, actor: Actor, _prepared: None) -> Outcome:
    person = require_person(actor)
    # A house that takes its first box in has a vault and a line from then on.
    vault, _line = (
        standard_place(work.connection, kind, work.now) for kind in (PlaceKind.VAULT, PlaceKind.LINE)
    )
    place = require_store(work, command.place_id or vault)
    _check_boxes(work, command)
    _check_cards(work, command)
    arrival = standard_place(work.connection, PlaceKind.ARRIVAL, work.now)
    listed: dict[int, list[str]] = defaultdict(list)
    for at, _line, csn in command.cards:
        listed[at].append(csn)
    for at, (order, number) in enumerate(command.boxes):
        csns = listed[at]
        box_id = work.insert(
            t.stock_box,
            label=label_of(order, number),
            order_number=order,
            number=number,
            place_id=place.id,
            listed=len(csns),
            state=str(BoxState.WAITING),
            received_by=actor.name,
            receiver_id=person,
            received_at=work.now,
        )
        step = Step(EntryKind.RECEIVED, arrival, actor, f"box:{box_id}")
        add_blanks(work, csns, label_of(order, number), step)
        said = {"box": label_of(order, number), "count": len(csns), "csns": csns}
        work.audit("stock_added", actor, said)
    return Outcome(created_id=len(command.cards))


def add_blanks(work: UnitOfWork, csns: Iterable[str], box: str, step: Step) -> None:
    """Write blank cards that came into the house."""
    for csn in csns:
        work.add(
            "card",
            csn=csn,
            state=str(CardState.BLANK),
            box=box,
            place_id=step.to_id,
            step="",
            reason="",
            counted_in_at=work.now,
            updated_at=work.now,
        )
        note(work, csn, None, step)


def _check_boxes(work: UnitOfWork, command: ReceiveBoxes) -> None:
    labels = [label_of(*box) for box in command.boxes]
    filled = {at for at, _line, _csn in command.cards}
    whole = len(set(labels)) == len(labels) and filled == set(range(len(labels)))
    if (
        not labels
        or not whole
        or any(not 0 < len(part) <= LONGEST_NAME for box in command.boxes for part in box)
    ):
        raise BadInput(
            FieldProblem(
                "box",
                "box",
                f"每盒須有 1 至 {LONGEST_NAME} 字的訂單編號與盒號、各列一次，且至少有一張卡片。",
                f"Each box needs an order number and a number of up to {LONGEST_NAME} letters, once, and a card.",
            )
        )
    known = work.connection.execute(sa.select(B.label).where(B.label.in_(labels))).scalars().all()
    if known:
        said = "、".join(sorted(known))
        raise BadInput(
            FieldProblem(
                "box",
                "box_known",
                f"{said} 已經到貨登錄，請核對訂單編號與盒號。",
                f"Taken in already: {said}. Check order and box number.",
            )
        )


def _check_cards(work: UnitOfWork, command: ReceiveBoxes) -> None:
    """Refuse a list with a number that is none, that stands there twice, or that the registry knows; lines are named."""
    if len(command.cards) > MOST:
        said = (
            f"一份清單最多 {MOST} 張，請分次登錄。",
            f"A list holds {MOST} cards at most. Take it in by parts.",
        )
        raise BadInput(FieldProblem("csns", "too_many", *said))
    seen: dict[str, int] = {}
    bad: list[tuple[int, str, str, str]] = []
    for _at, line, csn in command.cards:
        if not CSN.fullmatch(csn):
            bad.append(
                (line, csn, "不是 8 至 64 位的十六進位序號", "is no serial number of 8 to 64 hex digits")
            )
        elif csn in seen:
            bad.append((line, csn, f"與第 {seen[csn]} 行重複", f"stands in line {seen[csn]} already"))
        seen.setdefault(csn, line)
    known = known_csns(work.connection, tuple(seen))
    bad += [(seen[csn], csn, "已在登錄冊中", "is in the registry already") for csn in known]
    if bad:
        raise BadInput(FieldProblem("csns", "csn", *_bad_lines(sorted(bad))))


def _bad_lines(bad: list[tuple[int, str, str, str]]) -> tuple[str, str]:
    shown, more = bad[:NAMED], len(bad) - NAMED
    zh = "；".join(f"第 {line} 行 {csn[:64]} {said}" for line, csn, said, _ in shown)
    en = "; ".join(f"line {line}: {csn[:64]} {said}" for line, csn, _, said in shown)
    if more > 0:
        zh, en = f"{zh}；另有 {more} 行", f"{en}; and {more} lines more"
    return f"{zh}。請更正清單後再登錄。", f"{en}. Correct the list."


def known_csns(connection: sa.Connection, csns: tuple[str, ...]) -> list[str]:
    """Return which of the serial numbers belong to a card of the registry, a holder's or the staff's."""
    found: list[str] = []
    for start in range(0, len(csns), AT_ONCE):
        part = csns[start : start + AT_ONCE]
        for column in (K.csn, S.csn):
            found += connection.execute(sa.select(column).where(column.in_(part))).scalars()
    return sorted(set(found))


def _count(work: UnitOfWork, command: CountBox, actor: Actor, _prepared: None) -> Outcome:
    require_number("counted", command.counted)
    box = _waiting_box(work, command.box_id)
    person = require_person(actor, box.receiver_id)
    arrival = standard_place(work.connection, PlaceKind.ARRIVAL, work.now)
    expected = work.connection.execute(
        sa.select(sa.func.count()).where(K.box == box.label, K.place_id == arrival)
    ).scalar_one()
    agrees = command.counted == expected
    values = {"counted": command.counted, "counted_by": actor.name, "counter_id": person}
    state = BoxState.COUNTED if agrees else BoxState.DIFFERS
    work.connection.execute(
        sa.update(t.stock_box).where(B.id == box.id).values(state=str(state), counted_at=work.now, **values)
    )
    matter = f"box:{box.id}"
    if agrees:
        shelve(work, box, actor)
    else:
        differs(work, matter, arrival, (expected, command.counted), (box.receiver_id, person))
    said = {"box": box.label, "counted": command.counted, "expected": expected}
    work.audit("box_counted", actor, said)
    return Outcome(created_id=box.id, number=str(state))


def _waiting_box(work: UnitOfWork, box_id: int) -> Any:
    query = sa.select(t.stock_box).where(B.id == box_id, B.state == str(BoxState.WAITING))
    box = work.connection.execute(query.with_for_update()).first()
    if box is None:
        raise Refused("stock.not_waiting")
    return box


def shelve(work: UnitOfWork, box: Any, actor: Actor) -> None:
    """Carry a counted box's cards into their store, where they are stock."""
    arrival = standard_place(work.connection, PlaceKind.ARRIVAL, work.now)
    step = Step(EntryKind.COUNTED_IN, box.place_id, actor, f"box:{box.id}")
    carry(work, sa.and_(K.box == box.label, K.place_id == arrival), step)


ACTS = (Act(ReceiveBoxes, _receive, CENTRE), Act(CountBox, _count, KEEPERS))
