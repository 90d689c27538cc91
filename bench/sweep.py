"""10,000 due among 1,000,000 deadlines, fired as full commands by two workers on PostgreSQL; none twice.

The peer is the same rows handled by one SQL statement each way, without deciding anything: an UPDATE of the due
deadlines and their cases with the history, outbox and audit rows inserted from SELECTs, in one transaction, the most that
the database itself could do on this machine.
"""

from __future__ import annotations

import multiprocessing
import time
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from registry import an_office, fresh_url, lay_down_cases, lay_down_deadlines, report

from workflow.store import schema as t
from workflow.sweeper import sweep

DEADLINES = 1_000_000
CASES = 100_000
DUE = 10_000
WORKERS = 2
BATCH = 250


def prepare(url: str) -> None:
    """Lay down cases with ten deadlines each; the first deadline of every tenth case is due."""
    office = an_office(url)
    lay_down_cases(office, CASES)
    now = datetime.now(UTC)
    late, far = now - timedelta(hours=1), now + timedelta(days=400)
    every = CASES // DUE

    def rungs():  # type: ignore[no-untyped-def]  # noqa: ANN202 - rows of a bench.
        for case in range(1, CASES + 1):
            for rung in range(DEADLINES // CASES):
                if rung == 0 and case % every == 0:
                    yield case, 0, "lapse_paper", late
                else:
                    yield case, rung + 1, "remind_paper", far + timedelta(seconds=case)

    lay_down_deadlines(office, rungs(), "paper")
    office.engine.dispose()


def worker(url: str, gate: multiprocessing.synchronize.Event, fired: multiprocessing.Queue[int]) -> None:
    """Sweep until nothing is due."""
    office = an_office(url, sweep_limit=DUE)
    with office.reading() as connection:
        connection.exec_driver_sql("SELECT 1")
    fired.put(0)
    gate.wait()
    total = 0
    while True:
        swept = sweep(office, BATCH)
        total += swept.fired
        if not swept.fired and not swept.refused:
            break
    fired.put(total)


def fire_all(url: str) -> tuple[float, int]:
    """Let the workers loose; return seconds and how many they fired."""
    context = multiprocessing.get_context("spawn")
    gate, fired = context.Event(), context.Queue()
    workers = [context.Process(target=worker, args=(url, gate, fired)) for _ in range(WORKERS)]
    for process in workers:
        process.start()
    for _ in workers:
        fired.get()
    began = time.perf_counter()
    gate.set()
    total = sum(fired.get() for _ in workers)
    spent = time.perf_counter() - began
    for process in workers:
        process.join()
    return spent, total


def check(url: str) -> None:
    """Every due deadline fired once: one history row a case, each case in its new state."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(sa.func.count(), sa.func.count(sa.distinct(t.history.c.case_id))).select_from(t.history)
        ).one()
        left = connection.execute(
            sa.select(sa.func.count()).where(
                t.deadline.c.state == "waiting", t.deadline.c.due_at <= sa.func.now()
            )
        ).scalar_one()
    engine.dispose()
    assert tuple(rows) == (DUE, DUE), rows
    assert left == 0, left


def in_sql(url: str) -> float:
    """Let the database do the same with no decision at all; return seconds."""
    engine = sa.create_engine(url)
    statements = (
        (
            "CREATE TEMP TABLE due AS SELECT d.id, d.case_id FROM deadline d JOIN registry_case c ON c.id = d.case_id"
            " WHERE d.state = 'waiting' AND d.due_at <= now() FOR UPDATE OF c"
        ),
        "UPDATE deadline SET state = 'fired', settled_at = now() WHERE id IN (SELECT id FROM due)",
        (
            "UPDATE registry_case SET state = 'paper_overdue_suspended', version = version + 1"
            " WHERE id IN (SELECT case_id FROM due)"
        ),
        (
            "INSERT INTO history (case_id, version, at, trigger, source, dest, actor, note)"
            " SELECT case_id, 5, now(), 'lapse_paper', 'awaiting_paper', 'paper_overdue_suspended', 'system', '' FROM due"
        ),
        (
            "INSERT INTO outbox (case_id, lane, effect, template, payload, state, attempts, due_at, created_at)"
            " SELECT case_id, 'notice', 'notice', 'x', '{}', 'waiting', 0, now(), now() FROM due"
        ),
        (
            "INSERT INTO audit_entry (at, kind, actor, case_id, case_version, body)"
            " SELECT now(), 'lapse_paper', 'system', case_id, 5, repeat('x', 300) FROM due"
        ),
    )
    began = time.perf_counter()
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    spent = time.perf_counter() - began
    engine.dispose()
    return spent


def main() -> None:
    """Measure both over the same data."""
    with fresh_url("postgresql") as url:
        prepare(url)
        spent, total = fire_all(url)
        assert total == DUE, total
        check(url)
    with fresh_url("postgresql") as url:
        prepare(url)
        bare = in_sql(url)
    rate = DUE / spent
    print(f"{DUE} of {DEADLINES} fired by {WORKERS} workers: {rate:.0f} a second; SQL alone {DUE / bare:.0f}")
    report("sweep", rate, "commands/s", bare / spent, "six SQL statements that decide nothing")


if __name__ == "__main__":
    main()
