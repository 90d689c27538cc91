"""Column types that behave alike on SQLite and PostgreSQL, and the one MetaData of all tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

if TYPE_CHECKING:
    from workflow.vocabulary import Word

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database. A naive datetime is a mistake and raises ValueError."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Turn a moment into UTC, without its zone where the database has none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give the moment its zone back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def key(name: str = "id") -> sa.Column[int]:
    """Return a column for a number that the database gives."""
    return sa.Column(name, BigId, primary_key=True, autoincrement=True)


def ref(name: str, target: str, *, null: bool = False, index: bool = False) -> sa.Column[int]:
    """Return a column that refers to another table's row."""
    return sa.Column(name, BigId, sa.ForeignKey(f"{target}.id"), nullable=null, index=index)


def word(name: str, words: type[Word], *, null: bool = False) -> sa.Column[str]:
    """Return a text column that admits only the words of a vocabulary."""
    allowed = ", ".join(f"'{member}'" for member in words)
    return sa.Column(name, sa.Text, sa.CheckConstraint(f"{name} IN ({allowed})", name=name), nullable=null)


def text(name: str, *, null: bool = False, **more: Any) -> sa.Column[str]:
    """Return a text column."""
    return sa.Column(name, sa.Text, nullable=null, **more)


def moment(name: str, *, null: bool = False) -> sa.Column[datetime]:
    """Return a column for a moment."""
    return sa.Column(name, UtcDateTime, nullable=null)


def number(name: str, default: int | None = None, *, null: bool = False) -> sa.Column[int]:
    """Return a whole-number column, with a default for the database as well."""
    server = None if default is None else sa.text(str(default))
    return sa.Column(name, sa.Integer, nullable=null, server_default=server)
