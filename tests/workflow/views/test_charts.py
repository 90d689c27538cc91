"""The chart of each case kind is drawn from its table: all that can be reached, no box over another."""

import itertools

import pytest

from workflow import policies
from workflow.machine import TABLES
from workflow.views.charts import BOX_HEIGHT, BOX_WIDTH, chart

CHARTS = [
    pytest.param(kind, policy, id=f"{kind}-{policy.version}")
    for kind, table in TABLES.items()
    for policy in policies.ALL
    if policy.ca in table.served
]


@pytest.mark.parametrize(("kind", "policy"), CHARTS)
def test_boxes_stand_apart_on_the_paper(kind, policy):
    made = chart(kind, policy)
    for box in made.boxes:
        assert 0 <= box.x <= made.width - BOX_WIDTH
        assert 0 <= box.y <= made.height - BOX_HEIGHT
    for a, b in itertools.combinations(made.boxes, 2):
        assert abs(a.x - b.x) >= BOX_WIDTH or abs(a.y - b.y) >= BOX_HEIGHT


@pytest.mark.parametrize(("kind", "policy"), CHARTS)
def test_every_way_under_the_policy_is_drawn(kind, policy):
    shown = {box.state for box in chart(kind, policy).boxes}
    rows = [row for row in TABLES[kind].rows if row.fits(policy) and row.source in shown]
    assert {row.dest for row in rows} <= shown
    assert len(chart(kind, policy).ways) == len({(r.source, r.dest) for r in rows if r.source != r.dest})


def test_present_and_passed_states_are_marked():
    made = chart(
        CHARTS[0].values[0], policies.by_version("xca-1"), "first_review", (("uploaded", "first_review"),)
    )
    marked = {str(box.state): (box.present, box.passed) for box in made.boxes}
    assert marked["first_review"] == (True, False)
    assert marked["uploaded"] == (False, True)
    assert sum(way.passed for way in made.ways) == 1
