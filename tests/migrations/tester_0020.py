"""Give the staff cards: every row stays; going back, only the staff's conversations go."""

from __future__ import annotations

from tests.migrations import awkward_rows

GIVEN = ("account_id", "subject")
STAFF = {"log_in", "sign"}


def _rows(engine):
    found = awkward_rows.by_column(engine, but={"staff_card"})
    found["card_session"] = [
        {key: value for key, value in row.items() if key not in GIVEN}
        for row in found["card_session"]
        if row["errand"] not in STAFF
    ]
    return found


class Upgrade:
    """From a staff without cards to one with them."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = _rows(engine)

    def check(self, engine, _random):
        assert _rows(engine) == self.before


class Downgrade(Upgrade):
    """Back to a staff without cards."""
