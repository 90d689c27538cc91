"""Add certificate requests: all rows stay forwards; back, batches go and their certificates stay."""

from __future__ import annotations

from tests.migrations import added_tables, awkward_rows

NEW_COLUMNS = 3


def _as_before(rows):
    return {
        name: [row[:-NEW_COLUMNS] for row in found] if name == "certificate" else found
        for name, found in rows.items()
    }


class Upgrade(added_tables.Upgrade):
    """From cards alone to batches as well."""

    def check(self, engine, random):
        after = awkward_rows.contents(engine)
        assert _as_before({name: after[name] for name in self.before}) == self.before
        awkward_rows.load(engine, random, but=self.before.keys())
        assert len(awkward_rows.contents(engine)["request_item"]) == awkward_rows.ROWS


class Downgrade:
    """From batches to cards alone."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = awkward_rows.contents(engine)

    def check(self, engine, _random):
        after = awkward_rows.contents(engine)
        assert "request_item" not in after
        batches = {row[0] for row in self.before["registry_case"] if row[3] == "certificate_request"}
        left = [row for row in self.before["registry_case"] if row[0] not in batches]
        assert [row[0] for row in after["registry_case"]] == [row[0] for row in left]
        # A certificate lives on whatever becomes of its case.
        assert [row[:3] for row in after["certificate"]] == [row[:3] for row in self.before["certificate"]]
        assert len(after["history"]) == len(left)
