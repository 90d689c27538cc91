from __future__ import annotations

from tests.workflow.published import publish
from workflow.store import schema as t
from workflow.views.statistics import Counts, Statistics, StatisticsLine, statistics
from workflow.vocabulary import Ca, SubscriberKind


def test_both_databases_count_alike(registry):
    publish(registry)
    publish(registry, state="posted")
    # The house's own, such as a registration authority's, belong to no case.
    _, serial = publish(registry)
    registry.update(t.certificate, t.certificate.c.serial == serial, case_id=None)
    with registry.office.reading() as connection:
        found = statistics(connection, registry.clock.now())
    foundation = SubscriberKind.FOUNDATION
    line = StatisticsLine(Ca.XCA, foundation, "2026-03", Counts(issued=2, waiting=1, valid=1))
    assert found.lines == (line,)


def test_months_without_any_are_shown_as_well():
    def line(month):
        return StatisticsLine(Ca.XCA, None, month, Counts(issued=1, valid=1))

    both = Statistics(None, (line("2025-11"), line("2026-02")))
    assert both.issued_by_month(3) == (
        ("2025-12", ((Ca.XCA, 0),)), ("2026-01", ((Ca.XCA, 0),)), ("2026-02", ((Ca.XCA, 1),)),
    )  # fmt: skip
    assert both.total == Counts(issued=2, valid=2)
    assert Statistics(None).issued_by_month(3) == ()
