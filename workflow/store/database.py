"""Opening the database: SQLite in WAL mode for a demonstration or a small office, PostgreSQL for the real one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def open_engine(url: str, *, pool_size: int = 8) -> sa.Engine:
    """Return an engine whose transactions behave alike on both databases.

    On SQLite every writing transaction takes the write lock at once (BEGIN IMMEDIATE), which stands for PostgreSQL's
    row locks, and each commit reaches the disk.
    """
    if url.startswith("sqlite"):
        engine = sa.create_engine(url, connect_args={"timeout": 30})
        _prepare_sqlite(engine)
        return engine
    return sa.create_engine(url, pool_size=pool_size, pool_pre_ping=True, isolation_level="READ COMMITTED")


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
