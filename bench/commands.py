"""Full commands a second in one process, on both databases, beside the bare statements that they consist of.

The command is the help desk's "the paper is back": lock the case, decide, write case, history, deadlines, outbox and
audit entry, commit. The peer is the same SQL, statement by statement as it was sent, run through the bare database driver
with one commit each, over an identical database in the same run.
"""

from __future__ import annotations

import sqlite3
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa
from registry import an_office, fresh_url, lay_down_cases, lay_down_deadlines, report

from workflow.commands import RecordPaperBack
from workflow.facts import Actor
from workflow.handlers import handle
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from workflow.office import Office

CASES = 6_000
WARM_UP = 200
BLOCK = 250
DESK = Actor(name="desk", roles=frozenset({Role.HELP_DESK}))


def prepare(url: str) -> Office:
    """Lay down cases that wait for their paper, each with three deadlines."""
    office = an_office(url)
    lay_down_cases(office, CASES)
    soon = datetime.now(UTC) + timedelta(days=20)
    rungs = ((case, rung, "remind_paper", soon) for case in range(1, CASES + 1) for rung in (0, 14, 24))
    lay_down_deadlines(office, rungs, "paper")
    return office


def statements_of_one(office: Office, case: int) -> list[tuple[str, Any]]:
    """Run one command and return the statements it consisted of."""
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:  # noqa: FBT001 - the event's own signature.
        if not statement.startswith("BEGIN"):
            sent.append((statement, parameters))

    sa.event.listen(office.engine, "before_cursor_execute", note)
    handle(office, RecordPaperBack(case_id=case, evidence="關防"), DESK)
    sa.event.remove(office.engine, "before_cursor_execute", note)
    return sent


def full_commands(office: Office, cases: range) -> float:
    """Return the seconds that full commands take."""
    began = time.perf_counter()
    for case in cases:
        handle(office, RecordPaperBack(case_id=case, evidence="關防"), DESK)
    return time.perf_counter() - began


def bare_loop(connection: Any, statements: list[tuple[str, Any]], sample: int, cases: range) -> float:
    """Return the seconds that the same statements take through the driver alone, with one commit for each case."""
    cursor = connection.cursor()
    began = time.perf_counter()
    for case in cases:
        if isinstance(connection, sqlite3.Connection):
            cursor.execute("BEGIN IMMEDIATE")
        for statement, parameters in statements:
            _run(cursor, statement, _for_case(parameters, sample, case))
        connection.commit()
    return time.perf_counter() - began


def _driver(url: str) -> Any:
    found = sa.make_url(url)
    if found.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(found.database), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection
    return psycopg.connect(host=str(found.query["host"]), user=found.username, dbname=found.database)


def _run(cursor: Any, statement: str, parameters: Any) -> None:
    if isinstance(parameters, list):
        cursor.executemany(statement, parameters)
        return
    cursor.execute(statement, parameters)
    if cursor.description:
        cursor.fetchall()


def _for_case(parameters: Any, sample: int, case: int) -> Any:
    """Put another case into the parameters of the sample."""
    if isinstance(parameters, list):
        return [_for_case(one, sample, case) for one in parameters]
    if isinstance(parameters, dict):
        return {name: case if _is(value, sample) else value for name, value in parameters.items()}
    return tuple(case if _is(value, sample) else value for value in parameters)


def _is(value: Any, sample: int) -> bool:
    return type(value) is int and value == sample


def measure(kind: str) -> None:
    """Measure one kind of database: blocks of full commands and of bare statements in turn, so that both meet the same noise."""
    with fresh_url(kind) as url, fresh_url(kind) as bare_url:
        office = prepare(url)
        prepare(bare_url).engine.dispose()
        full_commands(office, range(1, WARM_UP))
        statements = statements_of_one(office, WARM_UP)
        connection = _driver(bare_url)
        full = bare = 0.0
        ratios = []
        for start in range(WARM_UP + 1, CASES - BLOCK + 1, BLOCK):
            block = range(start, start + BLOCK)
            took, bare_took = full_commands(office, block), bare_loop(connection, statements, WARM_UP, block)
            full, bare = full + took, bare + bare_took
            ratios.append(bare_took / took)
        connection.close()
        office.engine.dispose()
    done = len(ratios) * BLOCK
    print(
        f"{kind}: {done / full:.0f} commands a second of {len(statements)} statements each; bare {done / bare:.0f}"
    )
    against = f"{len(statements)} bare statements and a commit"
    report(f"commands_{kind}", done / full, "commands/s", statistics.median(ratios), against)


def main() -> None:
    """Measure on both databases."""
    for kind in ("sqlite", "postgresql"):
        measure(kind)


if __name__ == "__main__":
    main()
