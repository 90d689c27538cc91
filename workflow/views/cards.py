"""The card centre's account: blank cards by box, cards by state, and whether the two agree (CRD-01, CRD-07)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.effects import Effect
from workflow.store import schema as s
from workflow.vocabulary import CardState, OutboxState

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

PAGE = 100


@dataclass(frozen=True, slots=True)
class BoxLine:
    """A box of the stock, with how many of its cards are in each state."""

    box: str
    counted_in: int
    blank: int
    spoiled: int
    used: int


@dataclass(frozen=True, slots=True)
class Account:
    """All cards that were ever counted in, by state."""

    boxes: tuple[BoxLine, ...]
    by_state: tuple[tuple[CardState, int], ...]
    counted_in: int
    made_for_cases: int
    """Cards beyond personalising that carry the number of a case's card."""

    @property
    def balances(self) -> bool:
        """Whether every card counted in is in exactly one state and every made card belongs to a case."""
        made = {CardState.MADE, CardState.POSTED, CardState.ACTIVE}
        return (
            sum(count for _state, count in self.by_state) == self.counted_in
            and sum(box.counted_in for box in self.boxes) == self.counted_in
            and sum(count for state, count in self.by_state if state in made) == self.made_for_cases
        )


@dataclass(frozen=True, slots=True)
class CardLine:
    """One card of the account."""

    csn: str
    number: str
    state: CardState
    box: str
    place: str
    """Where it is in the house; empty outside."""
    reason: str
    case_id: int | None
    case_number: str
    counted_in_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the manufacture of a case's card has come. `step` is the line's own word for it."""

    case_id: int
    step: str
    csn: str
    work: OutboxState | None
    attempts: int
    last_error: str


def account(connection: sa.Connection) -> Account:
    """Return the whole account in three counts."""
    card = s.card.c
    rows = connection.execute(
        sa.select(card.box, card.state, sa.func.count()).group_by(card.box, card.state).order_by(card.box)
    ).all()
    boxes: dict[str, dict[CardState, int]] = {}
    for box, state, count in rows:
        boxes.setdefault(box, {})[CardState(state)] = count
    made = sa.select(sa.func.count()).where(
        card.state.in_([CardState.MADE, CardState.POSTED, CardState.ACTIVE]),
        card.case_id.is_not(None),
        card.number.is_not(None),
    )
    return Account(
        boxes=tuple(_box(box, states) for box, states in boxes.items()),
        by_state=tuple(
            (state, sum(states.get(state, 0) for states in boxes.values())) for state in CardState
        ),
        counted_in=connection.execute(sa.select(sa.func.count()).select_from(s.card)).scalar_one(),
        made_for_cases=connection.execute(made).scalar_one(),
    )


def cards(
    connection: sa.Connection,
    state: CardState | None = None,
    after: int = 0,
    place: int = 0,
    hidden: Collection[int] = (),
) -> tuple[tuple[CardLine, ...], int | None]:
    """Return cards in the order they were counted in, after the card with id `after`, and where the next page begins.

    `state` and `place` narrow them down. Cards in a hidden place are passed over (`stock_counts`).
    """
    card = s.card.c
    query = (
        sa.select(s.card, s.case.c.number.label("case_number"), s.stock_place.c.name.label("place"))
        .select_from(s.card.outerjoin(s.case, s.case.c.id == card.case_id))
        .outerjoin(s.stock_place, s.stock_place.c.id == card.place_id)
        .where(card.id > after)
        .order_by(card.id)
        .limit(PAGE + 1)
    )
    if state is not None:
        query = query.where(card.state == state)
    if place:
        query = query.where(card.place_id == place)
    if hidden:
        query = query.where(sa.or_(card.place_id.is_(None), card.place_id.not_in(hidden)))
    rows = connection.execute(query).all()
    lines = tuple(
        CardLine(
            csn=row.csn,
            number=row.number or "",
            state=CardState(row.state),
            box=row.box,
            place=row.place or "",
            reason=row.reason,
            case_id=row.case_id,
            case_number=row.case_number or "",
            counted_in_at=row.counted_in_at,
            updated_at=row.updated_at,
        )
        for row in rows[:PAGE]
    )
    return lines, rows[PAGE - 1].id if len(rows) > PAGE else None


def progress(connection: sa.Connection, case_ids: tuple[int, ...]) -> dict[int, Progress]:
    """Return how far the cards of these cases have come, by case."""
    if not case_ids:
        return {}
    card, work = s.card.c, s.outbox.c
    jobs = (
        sa.select(s.outbox)
        .where(work.case_id.in_(case_ids), work.effect == Effect.MANUFACTURE)
        .order_by(work.id)
    )
    latest = {row.case_id: row for row in connection.execute(jobs)}
    making = sa.select(card.case_id, card.csn, card.step).where(
        card.case_id.in_(case_ids), card.state == CardState.PERSONALISING
    )
    held = {row.case_id: row for row in connection.execute(making)}
    return {
        case_id: Progress(
            case_id=case_id,
            step=held[case_id].step if case_id in held else "",
            csn=held[case_id].csn if case_id in held else "",
            work=OutboxState(latest[case_id].state) if case_id in latest else None,
            attempts=latest[case_id].attempts if case_id in latest else 0,
            last_error=(latest[case_id].last_error or "") if case_id in latest else "",
        )
        for case_id in case_ids
    }


def _box(box: str, states: dict[CardState, int]) -> BoxLine:
    whole = sum(states.values())
    blank, spoiled = states.get(CardState.BLANK, 0), states.get(CardState.SPOILED, 0)
    return BoxLine(box, whole, blank, spoiled, whole - blank - spoiled)
