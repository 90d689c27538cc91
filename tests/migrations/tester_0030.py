"""Find missing cards again: every row stays; going back, what was found is taken for quarantined."""

from __future__ import annotations

import sqlalchemy as sa

from tests.migrations import awkward_rows
from tests.migrations.added_tables import Upgrade as _Upgrade


class Upgrade(_Upgrade):
    """From entries that find nothing; those that may take awkward rows too."""

    def check(self, engine, _random):
        assert awkward_rows.contents(engine) == self.before


class Downgrade:
    """Back to entries that find nothing."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE stock_entry SET kind = 'found' WHERE id = 1"))
        self.before = self._kinds(engine)

    def check(self, engine, _random):
        after = self._kinds(engine)
        assert after == {one: "quarantined" if kind == "found" else kind for one, kind in self.before.items()}

    def _kinds(self, engine):
        with engine.connect() as connection:
            return {row.id: row.kind for row in connection.execute(sa.text("SELECT * FROM stock_entry"))}
