"""What all acts of the card stock share: who may count, who is another person, which places are stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.errors import BadInput, FieldProblem, Refused
from workflow.stock_words import STORES, PlaceKind
from workflow.store import schema as t

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

P = t.stock_place.c


def require_person(actor: Actor, *before: int | None) -> int:
    """Return the natural person who acts; Refused for one of those who handled the cards before (ROL-07)."""
    if actor.person_id is None:
        raise Refused("stock.no_person")
    if actor.person_id in before:
        raise Refused("stock.same_person")
    return actor.person_id


def require_store(work: UnitOfWork, place_id: int) -> Any:
    """Return a store that is in use; Refused for any other place."""
    kinds = [str(kind) for kind in STORES]
    query = sa.select(t.stock_place).where(P.id == place_id, P.kind.in_(kinds), P.closed_at.is_(None))
    found = work.connection.execute(query).first()
    if found is None:
        raise Refused("stock.no_place", place=place_id)
    return found


def require_counted_in(work: UnitOfWork, card: Any) -> None:
    """Refuse a card that nobody has counted where it is going: without it that count would differ (CRD-02).

    `card` has `csn` and `place_id`. A card without a place is of before the books, or outside the house.
    """
    uncounted = [str(PlaceKind.ARRIVAL), str(PlaceKind.TRANSIT)]
    query = sa.select(P.name).where(P.id == card.place_id, P.kind.in_(uncounted))
    place = work.connection.execute(query).scalar()
    if place is not None:
        raise Refused("stock.not_counted_in", csn=card.csn, place=place)


def require_number(field: str, number: int) -> None:
    """Refuse a count that no place can hold."""
    if not 0 <= number < 10**9:
        zh, en = "張數應為 0 或正整數。", "The count is 0 or a whole number above."
        raise BadInput(FieldProblem(field, "number", zh, en))


def differs(
    work: UnitOfWork, matter: str, place_id: int, numbers: tuple[int, int], people: tuple[int, ...]
) -> None:
    """Open the finding that a count differs: (of the books, counted), and who may not settle it."""
    expected, counted = numbers
    work.add(
        "stock_difference",
        matter=matter,
        place_id=place_id,
        expected=expected,
        counted=counted,
        people=sorted(set(people)),
        opened_at=work.now,
    )
