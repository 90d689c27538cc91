"""Random rows of the kind that break migrations: empty, huge, rare characters, edges of time, all that may be absent."""

from __future__ import annotations

import datetime as dt
import re

import sqlalchemy as sa

TEXTS = (
    "", " ", "𠮷龘𡍼𤧟", "'; DROP TABLE card; --", "a%sb%%", "行\n行\t", "\u202eright-to-left", "é́", "x" * 20_000, "NULL", "\\",
)  # fmt: skip
MOMENTS = (
    dt.datetime(1912, 1, 1, tzinfo=dt.UTC),
    dt.datetime(2028, 2, 29, 15, 59, 59, 999999, tzinfo=dt.UTC),
    dt.datetime(2199, 12, 31, tzinfo=dt.UTC),
)
ROWS = 5


def load(engine, random, but=frozenset()):
    """Put awkward rows into every table, in an order in which references hold; those in `but` have theirs already."""
    tables = sa.MetaData()
    tables.reflect(engine)
    inspector = sa.inspect(engine)
    with engine.begin() as connection:
        for table in tables.sorted_tables:
            if table.name == "alembic_version" or table.name in but:
                continue
            words = _words(inspector, table.name)
            for serial in range(1, ROWS + 1):
                row = {c.name: _value(c, serial, words, random) for c in table.columns}
                connection.execute(table.insert().values(row))


def contents(engine, only=None):
    """Return all rows of every table, or of some, in the order of their keys."""
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            name: [
                tuple(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
            ]
            for name, table in tables.tables.items()
            if name != "alembic_version" and (only is None or name in only)
        }


def by_column(engine, but=frozenset()):
    """Return all rows as dicts, for tables that a migration gives or takes columns; those in `but` are left out."""
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            name: [
                dict(row)
                for row in connection.execute(
                    sa.select(table).order_by(*table.primary_key.columns)
                ).mappings()
            ]
            for name, table in tables.tables.items()
            if name != "alembic_version" and name not in but
        }


def _words(inspector, table):
    """Return the words that each checked column admits."""
    return {
        one["name"].removeprefix(f"ck_{table}_"): re.findall(r"'([^']+)'", one["sqltext"])
        for one in inspector.get_check_constraints(table)
    }


def _value(column, serial, words, random):  # noqa: PLR0911 - one return a type.
    if column.foreign_keys or column.primary_key:
        return serial if not isinstance(column.type, sa.Text) else f"{random.choice(TEXTS)}{serial}"
    if column.name in words:
        return random.choice(words[column.name])
    if column.nullable and random.random() < 0.3:
        return None
    if isinstance(column.type, sa.types.JSON):
        return random.choice(({}, [], {"名": "𠮷", "n": [1, None, {"深": ""}]}))
    if isinstance(column.type, sa.Boolean):
        return random.random() < 0.5
    if isinstance(column.type, sa.Date):
        return random.choice(MOMENTS).date()
    if isinstance(column.type, sa.DateTime):
        moment = random.choice(MOMENTS)
        return moment if column.type.timezone else moment.replace(tzinfo=None)
    if isinstance(column.type, sa.LargeBinary):
        return random.choice((b"", b"\x00\xff" * 40))
    if isinstance(column.type, sa.Integer):
        return serial + random.choice((0, 1_000_000))
    # The serial keeps unique columns apart.
    return f"{random.choice(TEXTS)}{serial}"


def _shorter(engine, table):
    return (found := contents(engine)) | {table: [row[:-1] for row in found[table]]}


def of_one_last_column(table):
    """Return testers, up and down, of a migration that gives a table one last column, empty in all rows of before."""

    class Upgrade:
        def load(self, engine, random):
            load(engine, random)
            self.before = contents(engine)

        def check(self, engine, _random):
            assert {row[-1] for row in contents(engine)[table]} == {None}
            assert _shorter(engine, table) == self.before

    class Downgrade:
        def load(self, engine, random):
            load(engine, random)
            self.before = _shorter(engine, table)

        def check(self, engine, _random):
            assert contents(engine) == self.before

    return Upgrade, Downgrade
