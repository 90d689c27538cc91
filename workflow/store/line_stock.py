"""What the line may take: blank cards that lie at a line, while no account stays open for too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.days import taipei_day
from workflow.errors import Refused
from workflow.policies.card_stock import UNCLOSED_DAYS
from workflow.stock_words import PlaceKind
from workflow.store import schema as t
from workflow.store.stock_books import oldest_open

if TYPE_CHECKING:
    from datetime import datetime

P = t.stock_place.c


def require_at_line(connection: sa.Connection, card: Any, now: datetime) -> None:
    """Refuse to begin a blank (a row with csn and place_id) that the books have elsewhere, or with an account overdue."""
    place = connection.execute(sa.select(P.name, P.kind).where(P.id == card.place_id)).first()
    if place is None or place.kind != str(PlaceKind.LINE):
        raise Refused("stock.not_at_line", csn=card.csn, place=place.name if place else "—")
    oldest = oldest_open(connection)
    if oldest is None:
        return
    name, moment = oldest
    day = taipei_day(moment)
    if (taipei_day(now) - day).days > UNCLOSED_DAYS.value:
        raise Refused("stock.account_overdue", place=name, day=day.isoformat(), days=UNCLOSED_DAYS.value)
