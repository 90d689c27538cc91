"""Turns: what one process of the registry does at a time though it happens elsewhere, as in a token."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_at_a_time(engine: sa.Engine, number: int) -> Iterator[None]:
    """Wait until nobody else has the turn of this number, and keep it until the end, or the end of the process.

    On PostgreSQL an advisory lock; on SQLite the write lock, so that nothing may be written meanwhile.
    """
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))
        yield
