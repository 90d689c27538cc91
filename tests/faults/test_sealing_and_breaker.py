"""What stops by itself: issuing when the log is not sealed, and a sweep that would hit too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.line import READER, ready_keys, work_lane
from tests.workflow.registry import Registry
from workflow import commands as c
from workflow.office import Settings
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.store.sealing import seal
from workflow.sweeper import sweep
from workflow.vocabulary import Lane

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 2


@pytest.mark.rule("AUD-04")
def test_issuing_stops_while_the_log_is_not_sealed_and_goes_on_afterwards(line):
    with line.copy() as bench:
        clock = bench.office.clock
        before = clock.now()
        try:
            clock.move(minutes=5)
            with ready_keys(0):
                assert perform_next(bench.office, Lane.CARD, "line")
            (work,) = bench.rows(t.outbox, t.outbox.c.lane == "card")
            assert (work.state, work.attempts) == ("waiting", 1)
            assert "AUD-04" in work.last_error
            assert bench.rows(t.certificate) == []
            while seal(bench.office) is not None:
                pass
            clock.move(seconds=10)
            with ready_keys(1):
                work_lane(bench.office, Lane.CARD)
            assert bench.case.state == "made"
            assert [row.status for row in bench.rows(t.certificate, t.certificate.c.csn.is_not(None))] == [
                "issued",
                "issued",
            ]
            assert bench.station.readers()[0].name == READER
        finally:
            clock.moment = before


@pytest.fixture
def registry(database_url: str) -> Iterator[Registry]:
    """Lend a registry whose sweeps may suspend or revoke two cases."""
    registry = Registry(database_url, Settings(sweep_limit=LIMIT))
    yield registry
    registry.close()


def sweep_out(registry: Registry) -> None:
    while True:
        swept = sweep(registry.office)
        if not swept.fired and not swept.refused:
            return


def test_more_revocations_than_the_limit_wait_for_a_person_and_reminders_do_not(registry):
    cases = [registry.a_case("posted") for _ in range(LIMIT + 1)]
    registry.clock.move(days=100)
    sweep_out(registry)
    assert {registry.state(case_id) for case_id in cases} == {"posted"}
    reminded = {row.case_id for row in registry.rows(t.outbox, t.outbox.c.template == "activation_reminder")}
    assert reminded == set(cases)
    assert registry.audit_kinds().count("sweep_stopped") == 1
    registry.do(c.ConfirmSweep(reason="已與主管機關確認"), registry.operator)
    sweep_out(registry)
    assert {registry.state(case_id) for case_id in cases} == {"revoked_unactivated"}
    allowed = registry.rows(t.breaker)[0]
    assert (allowed.open, allowed.allowance) == (False, 0), "what was allowed once is not allowed again"
