"""When the database fails: what people are told of it, and which transactions are simply run again.

A connection that is lost before the commit leaves nothing behind, for the server rolls back. One that is lost at the
commit leaves the answer open: the change may stand or not, so people are told to look before they do it again.
"""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa

from workflow.errors import Unavailable

# A unique violation too: two wrote the same thing at once, and the second try finds it and says so in words.
_DEADLOCK, _SERIALIZATION, _UNIQUE = "40P01", "40001", "23505"
_DISK_FULL = "53100"


def passing(error: sa.exc.DBAPIError) -> bool:
    """Tell whether the same transaction may succeed a moment later, and left nothing behind this time."""
    state = getattr(error.orig, "sqlstate", None)
    if state in (_DEADLOCK, _SERIALIZATION, _UNIQUE) or _lost_before_commit(error):
        return True
    said = str(error.orig)
    return isinstance(error.orig, sqlite3.Error) and ("locked" in said or "UNIQUE constraint" in said)


def _lost_before_commit(error: sa.exc.DBAPIError) -> bool:
    """Tell whether the connection was lost under a statement: after a restart the pool holds such connections."""
    return error.connection_invalidated and error.statement is not None


def outage(error: BaseException) -> Unavailable | None:
    """Return a database's error as a refusal where people can do something about it; None for any other error."""
    if isinstance(error, sa.exc.TimeoutError):
        # Every connection of the pool was in use for too long.
        return Unavailable("registry.busy")
    if not isinstance(error, sa.exc.DBAPIError):
        return None
    state = getattr(error.orig, "sqlstate", None)
    said = str(error.orig)
    if state == _DISK_FULL or "disk is full" in said or "disk I/O" in said or "readonly database" in said:
        return Unavailable("registry.storage")
    if error.connection_invalidated:
        return Unavailable("registry.unreachable" if error.statement is not None else "registry.cut_off")
    return Unavailable("registry.unreachable") if _never_connected(error) else None


def _never_connected(error: sa.exc.DBAPIError) -> bool:
    return isinstance(error, sa.exc.OperationalError) and error.statement is None
