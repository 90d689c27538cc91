"""Lose cards in the post: every row stays; going back, what was lost or opened is taken for returned."""

from __future__ import annotations

import sqlalchemy as sa

from tests.migrations import awkward_rows
from tests.migrations.added_tables import Upgrade as _Upgrade


class Upgrade(_Upgrade):
    """From mail that is never lost; mail items that may take awkward rows too."""

    def check(self, engine, _random):
        assert awkward_rows.contents(engine) == self.before


class Downgrade:
    """Back to mail that is never lost."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        with engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE mail_item SET state = 'lost' WHERE id = (SELECT min(id) FROM mail_item)")
            )
        self.before = self._states(engine)

    def check(self, engine, _random):
        gone = {"lost", "opened"}
        assert gone & set(self.before.values())
        expected = {one: "returned" if state in gone else state for one, state in self.before.items()}
        assert self._states(engine) == expected

    def _states(self, engine):
        with engine.connect() as connection:
            return {
                row.id: row.state for row in connection.execute(sa.text("SELECT id, state FROM mail_item"))
            }
