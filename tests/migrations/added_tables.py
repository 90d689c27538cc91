"""The tester of a migration that only adds tables: the rows of the others stay, and the new ones take awkward rows."""

from __future__ import annotations

from tests.migrations import awkward_rows


class Upgrade:
    """From the tables before, filled, to those after."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = awkward_rows.contents(engine)

    def check(self, engine, random):
        assert awkward_rows.contents(engine, self.before) == self.before
        awkward_rows.load(engine, random, but=self.before.keys())
        assert all(len(rows) == awkward_rows.ROWS for rows in awkward_rows.contents(engine).values())


class Downgrade:
    """From all tables, filled, to those before."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = awkward_rows.contents(engine)

    def check(self, engine, _random):
        after = awkward_rows.contents(engine)
        assert after.keys() < self.before.keys()
        assert after == {name: self.before[name] for name in after}
