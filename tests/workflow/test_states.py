"""Each state of each case kind is reached by the commands of real people."""

from __future__ import annotations

import pytest

from workflow.store import schema as t
from workflow.vocabulary import Ca

BOTH = (
    "uploaded", "withdrawn", "second_review", "returned_second", "refused", "approved", "manufacturing", "made", "packed",
    "posted", "mail_returned", "activated",
)  # fmt: skip
APPLICATIONS = [
    *((state, ca) for ca in (Ca.GCA, Ca.XCA) for state in BOTH),
    *((state, Ca.XCA) for state in ("first_review", "returned_first", "first_passed", "revoked_unactivated")),
    ("suspended_unactivated", Ca.GCA),
    ("late_allowed", Ca.GCA),
    ("lapsed", Ca.MOICA),
]
RESETS = [
    *((state, ca) for ca in (Ca.GCA, Ca.XCA) for state in ("requested", "copy_received", "awaiting_paper", "closed", "cancelled")),
    *((state, Ca.GCA) for state in ("paper_overdue_suspended", "late_paper", "declined")),
    *((state, Ca.XCA) for state in ("paper_overdue_revoked", "late_paper_revoked", "declined")),
]  # fmt: skip


def history_agrees(registry, case_id):
    case, steps = registry.case(case_id), registry.rows(t.history, t.history.c.case_id == case_id)
    assert [step.version for step in steps] == list(range(1, case.version + 1))
    assert [step.source for step in steps] == ["new", *(step.dest for step in steps[:-1])]
    assert steps[-1].dest == case.state


@pytest.mark.parametrize(("state", "ca"), APPLICATIONS)
def test_an_application_comes_to_each_of_its_states(registry, state, ca):
    history_agrees(registry, registry.a_case(state, ca))


@pytest.mark.parametrize(("state", "ca"), RESETS)
def test_a_reset_comes_to_each_of_its_states(registry, state, ca):
    history_agrees(registry, registry.a_reset(state, ca))
