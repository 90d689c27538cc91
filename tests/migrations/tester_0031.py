"""Link roots: every row stays; going back, none may be linked."""

from __future__ import annotations

import sqlalchemy as sa

from tests.migrations import awkward_rows
from tests.migrations.added_tables import Upgrade

__all__ = ["Downgrade", "Upgrade"]


class Downgrade:
    """Back to one root, from a registry where no other came after it."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM root_link"))
        self.before = awkward_rows.contents(engine)

    def check(self, engine, _random):
        before = {name: rows for name, rows in self.before.items() if name != "root_link"}
        assert awkward_rows.contents(engine) == before
