"""Let search terms stand without references: every row stays, forwards and back."""

from tests.migrations import awkward_rows


class Upgrade:
    """From terms that refer to their certificates."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = awkward_rows.contents(engine)

    def check(self, engine, _random):
        assert awkward_rows.contents(engine) == self.before


class Downgrade(Upgrade):
    """Back to them."""
