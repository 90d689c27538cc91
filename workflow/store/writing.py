"""The statements that the unit of work writes with, built once so that they are compiled once."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from workflow.store import schema as t
from workflow.store.prepared import ForEach, Many, Prepared, fits_arrays
from workflow.vocabulary import DeadlineState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy.sql.dml import UpdateBase

FEW = 8
"""Rows for which a statement each is as quick as one for all."""
OPEN = (str(DeadlineState.WAITING), str(DeadlineState.PAUSED))


_STOP_DEADLINES = (
    sa.update(t.deadline)
    .where(
        t.deadline.c.case_id == sa.bindparam("b_case"),
        t.deadline.c.kind == sa.bindparam("b_kind"),
        sa.or_(*(t.deadline.c.state == sa.literal_column(f"'{state}'") for state in OPEN)),
    )
    .values(state=sa.literal_column(f"'{DeadlineState.STOPPED}'"), settled_at=sa.bindparam("at"))
)


def _signed_together(columns: Mapping[str, str], given: str) -> str:
    """Return the text of an UPDATE of many signed certificates."""
    values = ", ".join(f"{name} = {value}" for name, value in columns.items() if name != "id")
    return (
        f"UPDATE certificate SET {values}, status_version = certificate.status_version + 1"  # noqa: S608 - our own names.
        f" FROM {given} WHERE certificate.id = given.id"
    )


def _signed(_what: str, names: Sequence[str]) -> UpdateBase:
    c = t.certificate.c
    values: dict[str, Any] = {name: sa.bindparam(name) for name in names if name != "b_id"}
    values["status_version"] = c.status_version + sa.literal_column("1")
    return sa.update(t.certificate).where(c.id == sa.bindparam("b_id")).values(**values)


class Writes:
    """The statements of one engine, each compiled when it is first needed."""

    def __init__(self, dialect: sa.Dialect) -> None:
        self._dialect = dialect
        self._known: dict[tuple[str, tuple[str, ...]], Prepared] = {}
        self._many: dict[tuple[str, tuple[str, ...]], Many] = {}
        self._for_each: dict[tuple[str, tuple[str, ...]], ForEach] = {}

    def insert(self, connection: sa.Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows in their order, which all have the columns of the first."""
        names = tuple(rows[0])
        if len(rows) > FEW and self._dialect.name == "postgresql":
            target = t.metadata.tables[table]
            if fits_arrays(target, names):
                self._insert_many(target, names).send(connection, rows)
                return
        self._get(table, names, self._insert).send(connection, rows)

    def _insert_many(self, table: sa.Table, names: tuple[str, ...]) -> Many:
        found = self._many.get((table.name, names))
        if found is None:
            found = self._many[(table.name, names)] = Many.inserting(table, self._dialect, names)
        return found

    def insert_for_each(
        self,
        connection: sa.Connection,
        table: str,
        key: tuple[str, Sequence[int]],
        rows: Sequence[Mapping[str, Any]],
    ) -> None:
        """Insert the same rows for each of many numbers; `key` is the numbers' column, and they."""
        column, numbers = key
        if self._dialect.name != "postgresql":
            self.insert(connection, table, [{column: number, **row} for number in numbers for row in rows])
            return
        names = tuple(rows[0])
        found = self._for_each.get((table, names))
        if found is None:
            target = t.metadata.tables[table]
            found = self._for_each[(table, names)] = ForEach(target, self._dialect, column, names)
        found.send(connection, numbers, rows)

    def insert_or_skip(self, connection: sa.Connection, row: Mapping[str, Any]) -> None:
        """Write work to the outbox, unless the same work waits there."""
        self._get("outbox?", tuple(row), self._skipping_insert).send(connection, [row])

    def record_signatures(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store what signing changes of certificates: `id` says which, the other columns what."""
        names = tuple(rows[0])
        if len(rows) > FEW and self._dialect.name == "postgresql":
            many = self._many.get(("certificate!", names))
            if many is None:
                many = Many(t.certificate, self._dialect, names, _signed_together)
                self._many[("certificate!", names)] = many
            many.send(connection, rows)
            return
        signed = self._get("certificate!", (*names[1:], "b_id"), _signed)
        signed.send(connection, [{**row, "b_id": row["id"]} for row in rows])

    def update_case(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Update rows of the case table: `b_id` names the case, the rest are columns, the same for all."""
        self._get("case!", tuple(rows[0]), self._update_case).send(connection, rows)

    def stop_deadlines(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Stop the open deadlines of cases by kind."""
        self._get("deadline!", tuple(rows[0]), lambda _table, _names: _STOP_DEADLINES).send(connection, rows)

    def _get(
        self, what: str, names: tuple[str, ...], make: Callable[[str, tuple[str, ...]], UpdateBase]
    ) -> Prepared:
        found = self._known.get((what, names))
        if found is None:
            found = self._known[(what, names)] = Prepared(make(what, names), self._dialect, names)
        return found

    @staticmethod
    def _insert(table: str, _names: tuple[str, ...]) -> UpdateBase:
        return sa.insert(t.metadata.tables[table]).inline()

    @staticmethod
    def _update_case(_what: str, names: tuple[str, ...]) -> UpdateBase:
        values: dict[str, Any] = {name: sa.bindparam(name) for name in names if name != "b_id"}
        return sa.update(t.case).where(t.case.c.id == sa.bindparam("b_id")).values(**values)

    def _skipping_insert(self, _what: str, _names: tuple[str, ...]) -> UpdateBase:
        insert = postgresql.insert if self._dialect.name == "postgresql" else sqlite.insert
        return insert(t.outbox).on_conflict_do_nothing(index_elements=["merge_key"]).inline()


@cache
def writes_of(dialect: sa.Dialect) -> Writes:
    """Return the statements for an engine's dialect."""
    return Writes(dialect)


@contextmanager
def in_one_journey(connection: sa.Connection) -> Iterator[None]:
    """Send the statements inside to PostgreSQL without waiting for each answer; an error is raised at the end.

    Only for statements whose results nobody looks at. On SQLite there is no way to travel.
    """
    if connection.dialect.driver != "psycopg":
        yield
        return
    driver: Any = connection.connection.driver_connection
    dialect: Any = connection.dialect
    try:
        with driver.pipeline():
            yield
    except dialect.loaded_dbapi.Error as error:
        # The answer to a statement that SQLAlchemy had let go already, so that it could not wrap it.
        lost = dialect.is_disconnect(error, driver, None)
        if lost:
            connection.invalidate(error)
        kind = dialect.loaded_dbapi.Error
        raise sa.exc.DBAPIError.instance(
            "several statements", None, error, kind, connection_invalidated=lost, dialect=dialect
        ) from error


def write_outbox(writes: Writes, connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write work to the outbox; work with the merge key of work that still waits is the same work.

    Merged rows go in the order of their keys, so that two transactions never wait for each other in a circle.
    """
    plain = [row for row in rows if row["merge_key"] is None]
    merged = sorted((row for row in rows if row["merge_key"] is not None), key=lambda row: row["merge_key"])
    once = list({row["merge_key"]: row for row in merged}.values())
    if plain:
        writes.insert(connection, "outbox", plain)
    for row in once:
        writes.insert_or_skip(connection, row)
