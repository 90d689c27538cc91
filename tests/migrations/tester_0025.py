"""Derive the secrets of cards: every row stays, and no card that has secrets of its own is taken for another."""

from __future__ import annotations

import sqlalchemy as sa

from tests.migrations import awkward_rows

GIVEN = {
    "card": {"master_key", "puk_generation", "next_puk_generation", "final_key_sealed"},
    "staff_card": {"master_key", "puk_generation", "next_puk_generation", "next_puk_sealed"},
}


def _rows(engine, left_out):
    tables = sa.MetaData()
    tables.reflect(engine)
    found = {}
    with engine.connect() as connection:
        for name in GIVEN:
            table = tables.tables[name]
            rows = connection.execute(sa.select(table).order_by(table.c.id)).mappings()
            found[name] = [
                {key: value for key, value in row.items() if key not in left_out.get(name, ())}
                for row in rows
            ]
    return found


class Upgrade:
    """From cards whose secrets are all sealed in their rows."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = _rows(engine, {})

    def check(self, engine, _random):
        assert _rows(engine, GIVEN) == self.before
        for rows in _rows(engine, {}).values():
            for row in rows:
                assert (row["master_key"], row["puk_generation"], row["next_puk_generation"]) == (
                    None,
                    0,
                    None,
                )


class Downgrade:
    """Back to them; what follows from a master key goes."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = _rows(engine, GIVEN)

    def check(self, engine, _random):
        assert _rows(engine, {}) == self.before
