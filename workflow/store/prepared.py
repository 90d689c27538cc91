"""Statements that nearly every command sends, compiled once and sent as text: a third less time than compiling by need.

SQLAlchemy still writes the SQL, turns the values into what the driver takes, and wraps the driver's errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy.sql.dml import UpdateBase

    Writer = Callable[[Mapping[str, str], str], str]


class Prepared:
    """A statement without results, compiled for a dialect with the names of its parameters."""

    def __init__(self, statement: UpdateBase, dialect: sa.Dialect, names: Sequence[str]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
        self._text: str = str(compiled)
        self._positions: tuple[str, ...] | None = tuple(compiled.positiontup) if compiled.positional else None
        # Constants within the statement, such as a state it sets.
        self._constants: dict[str, Any] = compiled.construct_params(_check=False)
        self._processors: dict[str, Any] = compiled._bind_processors  # noqa: SLF001 - the only way to the types' own conversions.

    def send(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Send the statement once for each row."""
        ready = [self._ready(row) for row in rows]
        connection.exec_driver_sql(self._text, ready if len(ready) > 1 else ready[0])

    def _ready(self, row: Mapping[str, Any]) -> Any:
        values = {**self._constants, **row}
        for name, process in self._processors.items():
            values[name] = process(values[name])
        return tuple(values[name] for name in self._positions) if self._positions is not None else values


class Many:
    """Many rows in one statement of PostgreSQL's: each column travels as one array, or as one value if all rows share it.

    A row costs a tenth of what it costs with a statement of its own. `write` makes the statement's text of three pieces:
    all columns, an expression for each of them, and `given`, the table of the rows within the statement.
    """

    def __init__(self, table: sa.Table, dialect: sa.Dialect, names: Sequence[str], write: Writer) -> None:
        self._names = tuple(names)
        self._types = {name: table.c[name].type.compile(dialect=dialect) for name in names}
        self._processors = {name: _processor(table.c[name].type, dialect) for name in names}
        self._quote = dialect.identifier_preparer.quote
        self._write = write
        self._texts: dict[frozenset[str], str] = {}

    @classmethod
    def inserting(cls, table: sa.Table, dialect: sa.Dialect, names: Sequence[str]) -> Many:
        """Return an INSERT; the rows get their numbers in their order."""

        def write(columns: Mapping[str, str], given: str) -> str:
            into, values = ", ".join(columns), ", ".join(columns.values())
            return f"INSERT INTO {table.name} ({into}) SELECT {values} FROM {given} ORDER BY place_of_row"  # noqa: S608 - our own names.

        return cls(table, dialect, names, write)

    def send(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Send all rows."""
        shared: list[Any] = []
        arrays: list[Any] = []
        alike: set[str] = set()
        for place, name in enumerate(self._names, start=1):
            process, values = self._processors[name], [row[name] for row in rows]
            sent = [process(value) for value in values] if process else values
            # One column has to be an array: it says how many rows there are.
            needed = place == len(self._names) and not arrays
            if not needed and _is_one(sent):
                alike.add(name)
                shared.append(sent[0])
            else:
                arrays.append(sent)
        connection.exec_driver_sql(self._text(frozenset(alike)), (*shared, *arrays))

    def _text(self, alike: frozenset[str]) -> str:
        found = self._texts.get(alike)
        if found is None:
            found = self._texts[alike] = self._write(self._expressions(alike), self._given(alike))
        return found

    def _expressions(self, alike: frozenset[str]) -> dict[str, str]:
        """Return what stands for each column's value in a row."""
        quoted = {name: self._quote(name) for name in self._names}
        return {
            quoted[name]: f"%b::{self._types[name]}" if name in alike else f"given.{quoted[name]}"
            for name in self._names
        }

    def _given(self, alike: frozenset[str]) -> str:
        names = [name for name in self._names if name not in alike]
        # Binary: as text, each quotation mark in the log's JSON would have to be escaped.
        arrays = ", ".join(f"%b::{self._types[name]}[]" for name in names)
        return (
            f"unnest({arrays}) WITH ORDINALITY AS given ({', '.join(map(self._quote, names))}, place_of_row)"
        )


class ForEach:
    """The same rows for each of many numbers, in one statement of PostgreSQL's: numbers and rows travel once."""

    def __init__(self, table: sa.Table, dialect: sa.Dialect, key: str, names: Sequence[str]) -> None:
        quote = dialect.identifier_preparer.quote
        types = {name: table.c[name].type.compile(dialect=dialect) for name in (key, *names)}
        into = ", ".join(map(quote, (key, *names)))
        values = ", ".join(f"given.{quote(name)}" for name in names)
        arrays = ", ".join(f"%b::{types[name]}[]" for name in names)
        columns = ", ".join(map(quote, names))
        self._names = tuple(names)
        self._text = (
            f"INSERT INTO {table.name} ({into}) SELECT one.number, {values}"  # noqa: S608 - our own names.
            f" FROM unnest(%b::{types[key]}[]) AS one (number),"
            f" unnest({arrays}) WITH ORDINALITY AS given ({columns}, place_of_row)"
            " ORDER BY one.number, given.place_of_row"
        )

    def send(
        self, connection: sa.Connection, numbers: Sequence[int], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Send all rows for each of the numbers; their columns need no conversion."""
        arrays = ([row[name] for row in rows] for name in self._names)
        connection.exec_driver_sql(self._text, (list(numbers), *arrays))


def _is_one(sent: Sequence[Any]) -> bool:
    """Tell whether all values are the same as they travel: to Python, 1 and true are equal, alone and within JSON."""
    first = sent[0]
    return all(one is first or (type(one) is type(first) and one == first) for one in sent)


def fits_arrays(table: sa.Table, names: Sequence[str]) -> bool:
    """Tell whether the columns can travel as arrays; JSON is itself written in lists."""
    return not any(isinstance(table.c[name].type, sa.JSON) for name in names)


def _processor(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Any:
    # The wrapper that the driver wants around single bytes is none that it takes inside an array.
    return None if isinstance(kind, sa.LargeBinary) else kind.dialect_impl(dialect).bind_processor(dialect)
