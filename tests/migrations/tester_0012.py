"""Give authorities generations: every row stays, each certificate is its CA's first generation's."""

from __future__ import annotations

import sqlalchemy as sa

from tests.migrations import awkward_rows

GIVEN = {"authority": ("ca", "generation", "state", "key_reference"), "certificate": ("authority",)}


def _without_given(contents):
    return {
        name: [{key: row[key] for key in row if key not in GIVEN.get(name, ())} for row in rows]
        for name, rows in contents.items()
    }


class Upgrade:
    """From one key a CA to its generations."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        tables = sa.MetaData()
        tables.reflect(engine)
        with engine.begin() as connection:
            for number, name in enumerate(("root", "gca", "ocsp:gca"), 100):
                values = {
                    "id": number,
                    "name": name,
                    "certificate": b"c",
                    "sealed_key": b"k",
                    "at": awkward_rows.MOMENTS[0],
                }
                connection.execute(tables.tables["authority"].insert().values(**values))
        self.before = awkward_rows.by_column(engine)

    def check(self, engine, _random):
        after = awkward_rows.by_column(engine)
        assert _without_given(after) == self.before
        assert all(row["authority"] == row["ca"] for row in after["certificate"])
        cas = {row["name"]: row["ca"] for row in after["authority"]}
        assert (cas["root"], cas["gca"], cas["ocsp:gca"]) == (None, "gca", None)
        assert {(row["generation"], row["state"]) for row in after["authority"]} == {(1, "active")}


class Downgrade:
    """Back to one key a CA."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE authority SET sealed_key = certificate"))
        self.before = awkward_rows.by_column(engine)

    def check(self, engine, _random):
        assert awkward_rows.by_column(engine) == _without_given(self.before)
