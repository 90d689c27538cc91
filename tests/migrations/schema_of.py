"""What two schemas have to agree in, told in plain values so that a difference reads well."""

from __future__ import annotations

import re

import sqlalchemy as sa


def schema_of(engine):
    """Return every table with its columns, keys, checks and indexes."""
    inspector = sa.inspect(engine)
    return {
        name: _table(inspector, name) for name in inspector.get_table_names() if name != "alembic_version"
    }


def _table(inspector, name):
    return {
        "columns": {
            one["name"]: (str(one["type"]), one["nullable"], str(one["default"]))
            for one in inspector.get_columns(name)
        },
        "key": inspector.get_pk_constraint(name),
        "references": sorted(
            (one["name"], *one["constrained_columns"], one["referred_table"], *one["referred_columns"])
            for one in inspector.get_foreign_keys(name)
        ),
        "unique": sorted(
            (one["name"], *one["column_names"]) for one in inspector.get_unique_constraints(name)
        ),
        "checks": sorted(
            (one["name"], re.sub(r"\s+", " ", one["sqltext"]))
            for one in inspector.get_check_constraints(name)
        ),
        "indexes": sorted(
            (one["name"], one["unique"], *one["column_names"], str(_condition(one)))
            for one in inspector.get_indexes(name)
        ),
    }


def _condition(index):
    options = index.get("dialect_options", {})
    return options.get("postgresql_where", options.get("sqlite_where"))
