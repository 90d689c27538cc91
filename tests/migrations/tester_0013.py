"""An index: every row stays as it was, forwards and back."""

from __future__ import annotations

from tests.migrations import awkward_rows


class Upgrade:
    """From certificates without the index to those with it."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = awkward_rows.contents(engine)

    def check(self, engine, _random):
        assert awkward_rows.contents(engine) == self.before


class Downgrade(Upgrade):
    """From certificates with the index to those without it."""
