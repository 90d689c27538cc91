"""Running numbers: case numbers, letters, mailing lists, cards. A number is given inside the transaction that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.store import schema as t

if TYPE_CHECKING:
    from workflow.office import Settings
    from workflow.vocabulary import Ca

_TAKE = (
    sa.update(t.counter)
    .where(t.counter.c.name == sa.bindparam("b_name"))
    .values(value=t.counter.c.value + 1)
    .returning(t.counter.c.value)
)


def take(connection: sa.Connection, name: str) -> int:
    """Return the next number of a series, from 1; a transaction that is undone gives it back."""
    value = connection.execute(_TAKE, {"b_name": name}).scalar()
    if value is not None:
        return int(value)
    insert = sa.text(
        "INSERT INTO counter (name, value) VALUES (:name, 1) "
        "ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value"
    )
    return int(connection.execute(insert, {"name": name}).scalar_one())


def lift(connection: sa.Connection, name: str, above: int) -> int:
    """Let the next number of a series be above one; returns the number that the next comes after, never a lower one."""
    insert = sa.text(
        "INSERT INTO counter (name, value) VALUES (:name, :above) ON CONFLICT (name) DO UPDATE SET value ="
        " CASE WHEN counter.value < :above THEN :above ELSE counter.value END RETURNING value"
    )
    return int(connection.execute(insert, {"name": name, "above": above}).scalar_one())


def next_case_number(connection: sa.Connection, ca: Ca, settings: Settings) -> str:
    """Return a case number: five digits for the CA, twenty that count (25 in all)."""
    prefix = dict(settings.case_prefixes)[str(ca)]
    return f"{prefix}{take(connection, f'case:{ca}'):020d}"


def next_card_number(connection: sa.Connection, ca: Ca) -> str:
    """Return a card number: two letters for the CA and 14 digits (CRD-09)."""
    letters = {"gca": "Gc", "xca": "Xc", "moica": "Mc"}[str(ca)]
    return f"{letters}{take(connection, f'card:{ca}'):014d}"
