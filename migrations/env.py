"""Runs migrations: one migrator at a time, in a transaction each, and never long in the way of the registry."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import context

from workflow.store.database import open_engine
from workflow.store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.migration import MigrationContext

LOCK = 0x6775616E6D696772
"""The advisory lock's number; it means nothing but `a migration of the registry is under way`."""


def _prepare(connection: sa.Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    # A second migrator waits for the first here and then finds nothing left to do.
    connection.execute(sa.text("SET lock_timeout = '120s'"))
    connection.execute(sa.text("SELECT pg_advisory_lock(:number)"), {"number": LOCK})
    # From here on no statement may make the registry's users wait long; a migration that needs more says so itself.
    connection.execute(sa.text("SET lock_timeout = '4s'"))
    connection.execute(sa.text("SET statement_timeout = '60s'"))
    connection.commit()


@contextmanager
def _one_at_a_time(url: sa.URL) -> Iterator[None]:
    """Let a second migrator of an SQLite file wait until the first is done, and then find nothing left to do.

    The steps are chosen once, before the first transaction. The folder is locked and not the file: to close a second
    descriptor of the file would end SQLite's own locks on it in this process.
    """
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        yield
        return
    folder = os.open(Path(str(url.database)).resolve().parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _unchecked(connection: sa.pool.base.DBAPIConnection, _record: object) -> None:
    """SQLite rebuilds tables under batch mode; references are checked at the end instead."""
    connection.cursor().execute("PRAGMA foreign_keys=OFF").close()


def _check_references(ctx: MigrationContext, **_step: object) -> None:
    """Look for broken references before a migration's commit; a find takes the migration back."""
    connection = ctx.connection
    if connection is None or connection.dialect.name != "sqlite":
        return
    broken = connection.execute(sa.text("PRAGMA foreign_key_check")).all()
    if broken:
        raise RuntimeError(f"the migration left rows that refer to nothing: {broken[:5]}")


def run() -> None:
    """Migrate the database whose address the caller put into the configuration's attributes."""
    engine = open_engine(context.config.attributes["url"])
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _unchecked)
    try:
        with _one_at_a_time(engine.url), engine.connect().execution_options(writes=True) as connection:
            _prepare(connection)
            context.configure(
                connection=connection,
                target_metadata=metadata,
                compare_type=True,
                compare_server_default=True,
                render_as_batch=connection.dialect.name == "sqlite",
                transaction_per_migration=True,
                # Both databases can take schema changes back.
                transactional_ddl=True,
                on_version_apply=_check_references,
            )
            with context.begin_transaction():
                context.run_migrations()
    finally:
        # Closes the connection and with it the advisory lock.
        engine.dispose()


run()
