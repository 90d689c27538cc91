"""Let shares wait: every row stays; going back, what waited is taken for replaced."""

from __future__ import annotations

import sqlalchemy as sa

from tests.migrations import awkward_rows
from tests.migrations.added_tables import Upgrade as _Upgrade


class Upgrade(_Upgrade):
    """From sets that don't wait; those that may take awkward rows too."""

    def check(self, engine, _random):
        assert awkward_rows.contents(engine) == self.before


class Downgrade:
    """Back to sets that are in force or not."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = self._sets(engine)

    def check(self, engine, _random):
        after = self._sets(engine)
        assert after == {
            one: "replaced" if state == "pending" else state for one, state in self.before.items()
        }

    def _sets(self, engine):
        with engine.connect() as connection:
            return {row.set_id: row.state for row in connection.execute(sa.text("SELECT * FROM share_set"))}
