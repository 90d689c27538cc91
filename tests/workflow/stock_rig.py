"""A house that keeps its card stock by the book: people who count, boxes, and what the books must always say."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow import commands_of_stock as c
from workflow.stock_words import PlaceKind
from workflow.store import schema as t
from workflow.store.stock_books import standard_place
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from tests.workflow.registry import Registry

K, E, A = t.card.c, t.stock_entry.c, t.stock_account.c


class Stock:
    """Four people around the stock of a registry."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.one = registry.centre
        self.two = registry.account(Role.CARD_CENTRE)
        self.guard = registry.account(Role.CONTROLLER)
        self.third = registry.account(Role.CARD_CENTRE)
        self._chips, self._boxes = count(0x10000000), count(1)
        self.vault = self.place(PlaceKind.VAULT)
        self.line = self.place(PlaceKind.LINE)

    def do(self, command, actor=None):
        return self.registry.do(command, actor or self.one)

    def place(self, kind):
        with transaction(self.registry.office) as work:
            return standard_place(work.connection, kind, work.now)

    def csns(self, number):
        return tuple(f"{next(self._chips):08x}" for _ in range(number))

    def listed(self, csns, order="A115-07", box=""):
        cards = tuple((0, line, csn) for line, csn in enumerate(csns, start=1))
        boxes = ((order, box or f"B{next(self._boxes)}"),)
        return c.ReceiveBoxes(place_id=self.vault, boxes=boxes, cards=cards)

    def delivered(self, number=5):
        """Take a box in; returns its number and its cards."""
        csns = self.csns(number)
        self.do(self.listed(csns))
        return self.registry.rows(t.stock_box)[-1].id, csns

    def counted(self, number=5):
        """Take a box in and count it; returns its cards."""
        box_id, csns = self.delivered(number)
        self.do(c.CountBox(box_id=box_id, counted=number), self.two)
        return csns

    def at_line(self, number=5):
        """Bring new cards to the line by the book; returns them."""
        csns = self.counted(number)
        self.move(self.vault, self.line, csns)
        return csns

    def move(self, source, dest, csns):
        out = c.HandOut(from_id=source, to_id=dest, csns=csns)
        move_id = self.do(out).created_id
        self.do(c.TakeIn(move_id=move_id, counted=len(csns)), self.guard)

    def close(self, place_id):
        """Count a place rightly and confirm it; returns the account."""
        account = self.do(c.CountPlace(place_id=place_id, counted=self.there(place_id))).created_id
        self.do(c.ConfirmAccount(account_id=account), self.two)
        return self.account(account)

    def there(self, place_id):
        """Count the cards that lie in a place, as somebody who stands before it."""
        return len(self.registry.rows(t.card, K.place_id == place_id))

    def account(self, account_id):
        return self.registry.rows(t.stock_account, A.id == account_id)[0]

    def kind_of(self, csn):
        """Return what kind of place a card is in; None outside the house."""
        card = self.registry.rows(t.card, K.csn == csn)[0]
        found = self.registry.rows(t.stock_place, t.stock_place.c.id == card.place_id)
        return found[0].kind if found else None

    def differences(self):
        d = t.stock_difference.c
        return self.registry.rows(t.stock_difference, d.settled_at.is_(None))

    def check(self):
        """Assert that the entries put each card in one place, the one its row names, and that accounts balance."""
        places: dict[str, int | None] = {}
        for entry in self.registry.rows(t.stock_entry):
            assert entry.csn not in places or places[entry.csn] == entry.from_id, entry
            places[entry.csn] = entry.to_id
        assert places == {card.csn: card.place_id for card in self.registry.rows(t.card)}
        closing: Counter[int] = Counter()
        for account in self.registry.rows(t.stock_account):
            assert account.opening == closing[account.place_id]
            came = len(self.registry.rows(t.stock_entry, E.to_account == account.id))
            went = len(self.registry.rows(t.stock_entry, E.from_account == account.id))
            if account.closing is not None:
                assert account.closing == account.opening + came - went
                closing[account.place_id] = account.closing
        self._check_open(closing)

    def _check_open(self, closing):
        """Assert that closing numbers and what came since make what lies there, where no difference is open."""
        differ = {one.place_id for one in self.differences() if one.matter.startswith("account")}
        for place in self.registry.rows(t.stock_place):
            if place.id in differ:
                continue
            came = self.registry.rows(t.stock_entry, E.to_id == place.id, E.to_account.is_(None))
            went = self.registry.rows(t.stock_entry, E.from_id == place.id, E.from_account.is_(None))
            assert closing[place.id] + len(came) - len(went) == self.there(place.id), place


def entries(registry, csn):
    """Return what befell a card, in words."""
    return [row.kind for row in registry.rows(t.stock_entry, sa.literal(csn) == E.csn)]
