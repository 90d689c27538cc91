"""Begin the registry: whatever is awkward goes in, and all of it is gone after the way back."""

from __future__ import annotations

import sqlalchemy as sa

from tests.migrations import awkward_rows


class Upgrade:
    """From nothing to all tables."""

    def load(self, engine, random):
        """There is nothing to load into."""

    def check(self, engine, random):
        wanted = awkward_rows.load(engine, random)
        assert awkward_rows.counts(engine) == wanted


class Downgrade:
    """From all tables, filled, to nothing."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)

    def check(self, engine, _random):
        assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
