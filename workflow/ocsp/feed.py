"""The feed of status changes: each row tells that one certificate's status changed, and stands or falls with the change.

A trigger on the table of certificates writes the row, so that no way of changing a status can forget it, and no row is
there for a change that was taken back. On PostgreSQL it notifies as well; that only makes the news come sooner.

Numbers of a sequence are no order of commits: 7 may commit before 6, and whoever has read up to 7 would never see 6.
So on PostgreSQL the rows are read by their transaction, not by their number. Each question returns the rows of
transactions from `frontier` on, and the frontier for the next: the snapshot's xmin, the oldest transaction that was
still under way when the question was asked. A change that the snapshot did not see was either under way, then its
transaction is not below xmin, or had not begun, then it is above; so the next question sees it when it has committed.
Rows may be seen again while an old transaction is open; their numbers tell. SQLite has one writer at a time, so there
the numbers are the order of commits.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from workflow.ocsp.statuses import UnreachableError, own_connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa

    from workflow.ocsp.statuses import Key

CHANNEL: Final = "guanfang_status"
_IN_RECOVERY: Final = "SELECT pg_is_in_recovery()"
_FRONTIER: Final = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_CHANGES: Final = (
    "SELECT snapshot.xmin, f.id, f.authority, f.serial"
    " FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin) AS snapshot"
    " LEFT JOIN status_change AS f ON f.xid >= %s"
)
_LAST: Final = "SELECT coalesce(max(id), 0) FROM status_change"
_NEWER: Final = "SELECT id, authority, serial FROM status_change WHERE id > ?"
SQLITE_PAUSE_SECONDS: Final = 0.1


class StatusFeed:
    """The feed from the moment it was opened on, read by one thread."""

    def __init__(self, engine: sa.Engine, connection: Any) -> None:
        self._connection = connection
        self._errors: type[Exception] = engine.dialect.loaded_dbapi.Error
        self._postgresql = engine.dialect.name == "postgresql"
        self._seen: frozenset[int] = frozenset()
        self._frontier = 0

    @classmethod
    @contextmanager
    def open(cls, engine: sa.Engine) -> Iterator[StatusFeed]:
        """Open the feed; UnreachableError when the database does not answer, or is a replica that lags behind."""
        connection = own_connection(engine)
        feed = cls(engine, connection)
        try:
            feed._begin()
            yield feed
        finally:
            connection.close()

    def _begin(self) -> None:
        try:
            if not self._postgresql:
                self._frontier = int(self._connection.execute(_LAST).fetchone()[0])
                return
            if self._connection.execute(_IN_RECOVERY).fetchone()[0]:
                raise UnreachableError("a replica lags behind; the responder needs the primary database")
            self._connection.execute(f"LISTEN {CHANNEL}")
            self._frontier = int(self._connection.execute(_FRONTIER).fetchone()[0])
            # While an old transaction is open anywhere in the server, the frontier lies before changes long known.
            self._new_on_postgresql()
        except self._errors as error:
            raise UnreachableError(type(error).__name__) from error

    def changes(self) -> set[Key]:
        """Return the certificates whose status changed since the last question, or the opening."""
        try:
            rows = self._new_on_postgresql() if self._postgresql else self._new_on_sqlite()
        except self._errors as error:
            raise UnreachableError(type(error).__name__) from error
        return {(authority, int(serial, 16)) for authority, serial in rows}

    def _new_on_postgresql(self) -> list[tuple[str, str]]:
        rows = self._connection.execute(_CHANGES, (self._frontier,), prepare=True).fetchall()
        self._frontier = int(rows[0][0])
        found = [row[1:] for row in rows if row[1] is not None]
        new = [(authority, serial) for number, authority, serial in found if number not in self._seen]
        self._seen = frozenset(row[0] for row in found)
        return new

    def _new_on_sqlite(self) -> list[tuple[str, str]]:
        rows = self._connection.execute(_NEWER, (self._frontier,)).fetchall()
        self._frontier = max((row[0] for row in rows), default=self._frontier)
        return [(authority, serial) for _number, authority, serial in rows]

    def wait(self, seconds: float) -> None:
        """Wait until there may be news, at most so long."""
        if not self._postgresql:
            time.sleep(min(seconds, SQLITE_PAUSE_SECONDS))
            return
        try:
            for _notice in self._connection.notifies(timeout=seconds, stop_after=1):
                return
        except self._errors as error:
            raise UnreachableError(type(error).__name__) from error
