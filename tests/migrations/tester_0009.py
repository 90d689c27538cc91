"""Add session epochs: accounts keep their rows and begin at epoch 0; going back forgets the epochs alone."""

from __future__ import annotations

from tests.migrations import awkward_rows


def _without_epoch(rows):
    return {name: [row[:-1] for row in found] if name == "account" else found for name, found in rows.items()}


class Upgrade:
    """From accounts without epochs to accounts at epoch 0."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = awkward_rows.contents(engine)

    def check(self, engine, _random):
        after = awkward_rows.contents(engine)
        assert _without_epoch(after) == self.before
        assert {row[-1] for row in after["account"]} == {0}


class Downgrade:
    """From accounts at any epoch to accounts without."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = awkward_rows.contents(engine)

    def check(self, engine, _random):
        assert awkward_rows.contents(engine) == _without_epoch(self.before)
