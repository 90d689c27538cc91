"""Say which keys were left: every row stays, and of tasks before it nothing is said."""

from __future__ import annotations

from tests.migrations import awkward_rows


def _without_reasons(contents):
    return contents | {"key_task": [row[:-1] for row in contents["key_task"]]}


class Upgrade:
    """From tasks whose keys are destroyed or not to those that may say why not."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = awkward_rows.contents(engine)

    def check(self, engine, _random):
        after = awkward_rows.contents(engine)
        assert {row[-1] for row in after["key_task"]} == {None}
        assert _without_reasons(after) == self.before


class Downgrade:
    """Back to tasks that do not say it."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        self.before = awkward_rows.contents(engine)

    def check(self, engine, _random):
        assert awkward_rows.contents(engine) == _without_reasons(self.before)
