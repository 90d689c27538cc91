"""Add the repository: certificates keep their rows, and those that can be read are found by what they say."""

from __future__ import annotations

import sqlalchemy as sa

from tests.certificates import an_organisation_certificate
from tests.migrations import added_tables, awkward_rows

NEW = frozenset({"certificate_part", "certificate_gram", "published_document", "api_token"})


def _without_new_columns(rows):
    return {
        name: [row[:-1] for row in found] if name == "certificate" else found for name, found in rows.items()
    }


class Upgrade:
    """From certificates without a directory to one that was filled from them."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        with engine.begin() as connection:
            statement = sa.text("UPDATE certificate SET der = :der WHERE id = 1")
            connection.execute(statement, {"der": an_organisation_certificate()})
        self.before = awkward_rows.contents(engine)

    def check(self, engine, random):
        after = awkward_rows.contents(engine)
        assert _without_new_columns({name: after[name] for name in self.before}) == self.before
        said = {(kind, value) for _id, _position, kind, value in after["certificate_part"]}
        assert said == {
            ("C", "TW"), ("L", "金門縣"), ("O", "農會"), ("email", "office@example.tw"), ("oid", "2.16.886.111.7"),
        }  # fmt: skip
        assert {gram for gram, _id in after["certificate_gram"]} == {"金門", "門縣", "農會"}
        with engine.begin() as connection:
            for name in ("certificate_gram", "certificate_part"):
                connection.execute(sa.text(f"DELETE FROM {name}"))  # noqa: S608 - names of our own tables.
        awkward_rows.load(engine, random, but=self.before.keys())


class Downgrade(added_tables.Downgrade):
    """From a full repository to none."""

    def check(self, engine, _random):
        after = awkward_rows.contents(engine)
        assert after.keys() == self.before.keys() - NEW
        assert after == _without_new_columns({name: self.before[name] for name in after})
