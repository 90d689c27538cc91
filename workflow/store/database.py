"""Opening the database: SQLite in WAL mode for a demonstration or a small office, PostgreSQL for the real one."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def open_engine(url: str, *, pool_size: int = 8) -> sa.Engine:
    """Return an engine whose transactions behave alike on both databases.

    On SQLite every writing transaction takes the write lock at once (BEGIN IMMEDIATE), which stands for PostgreSQL's
    row locks, and each commit reaches the disk.
    """
    if url.startswith("sqlite"):
        engine = sa.create_engine(url, connect_args={"timeout": 30})
        _prepare_sqlite(engine)
        return engine
    engine = sa.create_engine(url, pool_size=pool_size, isolation_level="READ COMMITTED")
    _ask_after_rest(engine)
    _refuse_writing_outside(engine)
    return engine


@contextmanager
def asking(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection for single SELECTs, each of which sees what is committed when it runs.

    PostgreSQL is spared a BEGIN and a ROLLBACK around them, which take as long as a short query. For want of a
    transaction there is nothing to roll back, nor anything that a setting or a lock would last for.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="AUTOCOMMIT", asks=True)
        yield connection


def _refuse_writing_outside(engine: sa.Engine) -> None:
    """Let nothing be written where nothing would be rolled back."""

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _look(connection: sa.Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if connection.get_execution_options().get("asks") and not statement.startswith("SELECT"):
            raise sa.exc.InvalidRequestError("only a SELECT runs outside a transaction")


def address_with(url: str, options: Mapping[str, str]) -> str:
    """Return the address of a database with connection options of PostgreSQL's added; what it says itself holds."""
    address = sa.make_url(url)
    if address.get_backend_name() != "postgresql":
        return url
    return address.update_query_dict({**options, **address.query}).render_as_string(hide_password=False)


REST_SECONDS = 5.0


def _ask_after_rest(engine: sa.Engine) -> None:
    """Ask a connection that has rested whether the server is still there; a busy one costs no question."""

    @sa.event.listens_for(engine, "checkin")
    def _checkin(_connection: Any, record: Any) -> None:
        record.info["rested_since"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def _checkout(connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get("rested_since")
        if since is None or time.monotonic() - since < REST_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # The pool throws the connection away and tries another.
            raise sa.exc.DisconnectionError from error


def _prepare_sqlite(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN comes too late to take the lock, so transactions are begun by hand below.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}").close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
