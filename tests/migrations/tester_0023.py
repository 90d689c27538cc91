"""Keep the card stock: every row stays, forwards and back; a card of before has no place."""

from __future__ import annotations

from tests.migrations import awkward_rows

NEW = {
    "stock_account", "stock_box", "stock_destruction", "stock_difference", "stock_entry", "stock_move", "stock_place",
}  # fmt: skip


def _rows(engine):
    found = awkward_rows.by_column(engine, but=NEW)
    found["card"] = [{key: value for key, value in row.items() if key != "place_id"} for row in found["card"]]
    return found


class Upgrade:
    """From cards without a place to cards that may have one."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = _rows(engine)

    def check(self, engine, _random):
        assert _rows(engine) == self.before
        assert all(row["place_id"] is None for row in awkward_rows.by_column(engine)["card"])


class Downgrade:
    """Back to cards without a place."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = _rows(engine)

    def check(self, engine, _random):
        assert _rows(engine) == self.before
