"""A publication killed at any statement or commit: the old list stands until the new one does, and nothing is lost."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from tests.faults.falling import Trip, in_child, moments, reopened, tripping
from tests.workflow.lists import SCOPES, XCA, Lists, number_of
from workflow.performers import perform_next
from workflow.store import outbox
from workflow.store import schema as t
from workflow.vocabulary import Lane, StatusChange

if TYPE_CHECKING:
    from pathlib import Path

WORKER = "killed"


def _publish(lists: Lists, url: str, trip: Trip) -> None:
    office = tripping(reopened(lists.office, url), trip)

    @sa.event.listens_for(office.engine, "after_cursor_execute")
    def _trip(_c: Any, _cursor: Any, statement: str, _values: Any, _context: Any, _many: bool) -> None:
        trip.moment(" ".join(statement.split()[:3]))

    perform_next(office, Lane.CERTIFICATE, WORKER)


@pytest.mark.rule("CRL-01")
def test_a_killed_publication_leaves_the_old_list_or_the_new_one(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    lists = Lists(migrated_sqlite_url)
    first, second = lists.certificate(1), lists.certificate(2)
    lists.change(StatusChange.REVOKE, first)
    lists.publish()
    lists.change(StatusChange.REVOKE, second)
    path = sa.make_url(migrated_sqlite_url).database or ""
    lists.engine.dispose()
    kept = tmp_path / "before.sqlite"
    shutil.copyfile(path, kept)
    passed = moments(tmp_path, lambda trip: _publish(lists, migrated_sqlite_url, trip))
    assert passed.count("INSERT INTO crl") >= 2, passed
    for at in range(len(passed)):
        _clean_copy(kept, path)
        assert in_child(lambda at=at: _publish(lists, migrated_sqlite_url, Trip(at)))
        _check(lists)
        lists.engine.dispose()
    lists.close()


def _clean_copy(kept: Path, path: str) -> None:
    for tail in ("-wal", "-shm"):
        (kept.parent / f"{path}{tail}").unlink(missing_ok=True)
    shutil.copyfile(kept, path)


def _check(lists: Lists) -> None:
    """Look at what the dead process left, and carry on as the next one would."""
    numbers = [number_of(lists.newest(scope)) for scope in SCOPES]
    old = set(numbers) == {1}
    assert lists.says().keys() == ({1} if old else {1, 2})
    assert bool(lists.rows(t.crl_change)) == old, "a change is known to a list, or waits for one"
    outbox.release(lists.office, WORKER)
    lists.work()
    assert lists.says() == lists.statuses()
    complete = lists.rows(t.crl, t.crl.c.authority == XCA, t.crl.c.partition == 0)
    assert [row.number for row in complete] == sorted({row.number for row in complete})
