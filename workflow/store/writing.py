"""The statements that the unit of work writes with, built once so that they are compiled once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from workflow.store import schema as t
from workflow.vocabulary import DeadlineState

if TYPE_CHECKING:
    from collections.abc import Sequence

OPEN = (str(DeadlineState.WAITING), str(DeadlineState.PAUSED))


class _Writes:
    """Statements by what they write."""

    stop_deadlines = (
        sa.update(t.deadline)
        .where(
            t.deadline.c.case_id.in_(sa.bindparam("ids", expanding=True)),
            t.deadline.c.kind.in_(sa.bindparam("kinds", expanding=True)),
            t.deadline.c.state.in_(OPEN),
        )
        .values(state=str(DeadlineState.STOPPED), settled_at=sa.bindparam("at"))
    )

    @staticmethod
    @cache
    def update_case(names: tuple[str, ...]) -> sa.Update:
        """Return an update of a case's row that sets these columns."""
        values: dict[str, Any] = {name: sa.bindparam(name) for name in names}
        return sa.update(t.case).where(t.case.c.id == sa.bindparam("b_id")).values(**values)

    @staticmethod
    @cache
    def insert(name: str) -> sa.Insert:
        """Return an insert into a table."""
        return sa.insert(t.metadata.tables[name]).inline()


WRITES = _Writes()


@cache
def _skipping_insert(dialect: str) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(t.outbox).on_conflict_do_nothing(index_elements=["merge_key"]).inline()


def insert_or_skip(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write work to the outbox; work with the merge key of work that still waits is the same work.

    Merged rows go in the order of their keys, so that two transactions never wait for each other in a circle.
    """
    plain = [row for row in rows if row["merge_key"] is None]
    merged = sorted((row for row in rows if row["merge_key"] is not None), key=lambda row: row["merge_key"])
    once = list({row["merge_key"]: row for row in merged}.values())
    if plain:
        connection.execute(WRITES.insert("outbox"), plain)
    for row in once:
        connection.execute(_skipping_insert(connection.dialect.name), row)
