"""Keep what the RA asks: every row stays, and a decision gets the key that its account has."""

from __future__ import annotations

from tests.migrations import awkward_rows

NEW = {"issuing_request", "registration_key"}
GIVEN = {"certificate": ("request_id",), "review_decision": ("signing_spki", "certificate")}


def _without_given(contents):
    return {
        name: [{key: row[key] for key in row if key not in GIVEN.get(name, ())} for row in rows]
        for name, rows in contents.items()
    }


class Upgrade:
    """From decisions whose key stands with the account to those that keep their own."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = awkward_rows.by_column(engine, but=NEW)

    def check(self, engine, _random):
        after = awkward_rows.by_column(engine, but=NEW)
        assert _without_given(after) == self.before
        keys = {row["id"]: row["signing_spki"] for row in after["account"]}
        for decision in after["review_decision"]:
            assert decision["signing_spki"] == keys[decision["account_id"]]
            assert decision["certificate"] is None


class Downgrade:
    """Back to keys that stand with the accounts alone."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = awkward_rows.by_column(engine, but=NEW)

    def check(self, engine, _random):
        assert awkward_rows.by_column(engine, but=NEW) == _without_given(self.before)
