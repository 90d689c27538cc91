"""Let the root revoke authorities: every row stays; going back, none may be revoked."""

from __future__ import annotations

import sqlalchemy as sa

from tests.migrations import awkward_rows
from tests.migrations.added_tables import Upgrade

__all__ = ["Downgrade", "Upgrade"]


class Downgrade:
    """Back to authorities that nobody revokes, from a registry where nobody has."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM authority_revocation"))
            connection.execute(sa.text("UPDATE authority SET state = 'retired' WHERE state = 'revoked'"))
            connection.execute(sa.text("UPDATE key_task SET task = 'ceremony' WHERE task = 'revocation'"))
        self.before = awkward_rows.contents(engine)

    def check(self, engine, _random):
        before = {name: rows for name, rows in self.before.items() if name != "authority_revocation"}
        assert awkward_rows.contents(engine) == before
