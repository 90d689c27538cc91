"""The newest lists: each is found in one step of the index, however many older ones are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.crl_scope import COMPLETE, PARTITIONS
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta

R = t.crl.c


@dataclass(frozen=True, slots=True)
class PublishedList:
    """What is known of a list beside its bytes; partition 0 is the complete one."""

    id: int
    authority: str
    partition: int
    number: int
    entries: int
    this_update: datetime
    next_update: datetime

    @property
    def half_life(self) -> datetime:
        """When a fresh list is wanted, so that an early failure leaves as long again to mend it (CRL-01)."""
        return self.this_update + (self.next_update - self.this_update) / 2

    def left(self, now: datetime) -> timedelta:
        """Return how long the list is good for."""
        return self.next_update - now


_COLUMNS = (R.id, R.authority, R.partition, R.number, R.entries, R.this_update, R.next_update)


def newest_list(connection: sa.Connection, authority: str, partition: int = COMPLETE) -> PublishedList | None:
    """Return the newest list of a partition, or None before the first."""
    row = connection.execute(
        sa.select(*_COLUMNS)
        .where(R.authority == authority, R.partition == partition)
        .order_by(R.number.desc())
        .limit(1)
    ).first()
    return PublishedList(*row) if row is not None else None


def served(connection: sa.Connection, before: datetime, most: int) -> tuple[PublishedList, ...]:
    """Return lists that ended before a moment and are not the newest of their partition, the oldest first."""
    return tuple(
        PublishedList(*row)
        for row in connection.execute(
            sa.select(*_COLUMNS).where(_has_served(before)).order_by(R.next_update, R.id).limit(most)
        )
    )


def count_served(connection: sa.Connection, before: datetime) -> tuple[tuple[str, int, int], ...]:
    """Return for each authority how many such lists there are, and how many octets they have."""
    query = (
        sa.select(R.authority, sa.func.count(), sa.func.sum(sa.func.length(R.der)))
        .where(_has_served(before))
        .group_by(R.authority)
        .order_by(R.authority)
    )
    return tuple((name, count, int(octets)) for name, count, octets in connection.execute(query))


def forget(connection: sa.Connection, lists: Collection[int], before: datetime) -> int:
    """Remove lists by their numbers in the table; those that have not served stay. Returns how many are gone."""
    gone = sa.delete(t.crl).where(R.id.in_(lists), _has_served(before))
    return int(connection.execute(gone).rowcount)


def _has_served(before: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a list ended and a newer one of its partition is there."""
    newer = t.crl.alias("newer")
    following = sa.exists().where(
        newer.c.authority == R.authority, newer.c.partition == R.partition, newer.c.number > R.number
    )
    return (R.next_update < sa.literal(before, R.next_update.type)) & following


def newest_lists(connection: sa.Connection, authority: str | None = None) -> tuple[PublishedList, ...]:
    """Return the newest list of each partition, of one authority or of all that ever had a list."""
    names = [authority] if authority is not None else _authorities(connection)
    found = (newest_list(connection, name, number) for name in names for number in range(PARTITIONS + 1))
    return tuple(one for one in found if one is not None)


def _authorities(connection: sa.Connection) -> list[str]:
    """Return the names of authorities with lists, one step of the index for each."""
    names: list[str] = []
    name = connection.execute(sa.select(sa.func.min(R.authority))).scalar()
    while name is not None:
        names.append(name)
        following = sa.select(sa.func.min(R.authority)).where(R.authority > name)
        name = connection.execute(following).scalar()
    return names


@dataclass(frozen=True, slots=True)
class Failures:
    """Lists of an authority that were refused: how many ever, how many since the newest that was published."""

    ever: int = 0
    in_a_row: int = 0
    last_code: str = ""
    last_said: str = ""
    last_at: datetime | None = None


def failures(connection: sa.Connection, authority: str) -> Failures:
    """Return how often an authority's lists were refused."""
    f = t.crl_failure.c
    newest = newest_list(connection, authority)
    row = connection.execute(
        sa.select(f.code, f.said, f.at).where(f.authority == authority).order_by(f.id.desc()).limit(1)
    ).first()
    if row is None:
        return Failures()
    count = sa.select(sa.func.count()).where(f.authority == authority)
    ever = connection.execute(count).scalar_one()
    later = connection.execute(count.where(f.number > (newest.number if newest else 0))).scalar_one()
    return Failures(ever, later, row.code, row.said, row.at)


def failing_authorities(connection: sa.Connection) -> tuple[str, ...]:
    """Return the names of all authorities of whose lists one was ever refused."""
    f = t.crl_failure.c
    return tuple(connection.execute(sa.select(f.authority).distinct().order_by(f.authority)).scalars())
