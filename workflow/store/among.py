"""`among(column, values)`: a column's value is one of many, which travel as one parameter.

With a parameter each, the statement's text would be another for each number of values: it is then written, prepared and
planned anew every time, which costs more than running it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from collections.abc import Iterable


def among(column: sa.ColumnElement[Any], values: Iterable[str | int]) -> sa.ColumnElement[bool]:
    """Return the condition that a column of text or whole numbers holds one of the values; false for none."""
    many = sa.bindparam(None, list(values), type_=_Several(column.type), unique=True)
    return _Among(column, many)


class _Several(sa.types.TypeDecorator[list[Any]]):
    """Values of a column in one parameter: an array on PostgreSQL, JSON on SQLite."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, one: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.one = one

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Return how the database takes many values."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.ARRAY(self.one.dialect_impl(dialect)))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: list[Any] | None, dialect: sa.Dialect) -> Any:
        """Write the values down as the database takes them."""
        return value if dialect.name == "postgresql" else json.dumps(value)


class _Among(FunctionElement[bool]):
    """The condition itself."""

    type = sa.Boolean()
    inherit_cache = True
    name = "among"

    def self_group(self, against: Any = None) -> Any:
        """Stand as it is: compared with true, as SQLite's functions are, no index would be looked at."""
        del against
        return self


@compiles(_Among, "postgresql")
def _in_array(element: _Among, compiler: Any, **options: Any) -> str:
    column, many = element.clauses
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(many, **options)})"


@compiles(_Among)
def _in_json(element: _Among, compiler: Any, **options: Any) -> str:
    column, many = element.clauses
    return f"{compiler.process(column, **options)} IN (SELECT value FROM json_each({compiler.process(many, **options)}))"  # noqa: S608 - the text is the compiler's own.
