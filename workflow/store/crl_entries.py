"""The entries of revocation lists, kept encoded beside the statuses that they follow from (CRL-01, SUS-10).

A change of status writes or removes its entry in the same transaction; a list is then a copy of what stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.crl import RevokedEntry, encode_entry
from workflow.crl_scope import LISTED, crl_reason, partition_number
from workflow.store import schema as t
from workflow.store.columns import UtcDateTime

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

C = t.certificate.c
E = t.crl_entry.c
issued_by = C.authority
"""Whose lists speak of a certificate."""
BLOCK = 8192
"""Certificates a block: pieces of some 400 kB, large enough to cost nothing and small enough to be many."""
STATUS_COLUMNS = (C.id, issued_by.label("authority"), C.serial, C.status, C.status_at, C.reason, C.not_after)
_WORK_MEMORY = "SET LOCAL work_mem = '128MB'"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some entries of one partition, joined: how many, how many of them have not expired, the sum of those numbers."""

    partition: int
    entries: int
    current: int
    id_sum: int
    latest: datetime | None
    der: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """What the statuses themselves say should be listed: how many certificates, and the sum of their numbers."""

    current: int
    id_sum: int


def follow(connection: sa.Connection, changed: Sequence[Any], now: datetime) -> frozenset[str]:
    """Bring the entries in line with certificates whose status just changed; returns whose lists have to follow.

    `changed` are rows of `STATUS_COLUMNS`. A certificate that has expired is not listed any more (RNW-05).
    """
    if not changed:
        return frozenset()
    removed = connection.execute(
        sa.delete(t.crl_entry)
        .where(E.certificate_id.in_([row.id for row in changed]))
        .returning(E.authority, E.partition)
    )
    touched = {(row.authority, row.partition) for row in removed}
    entries = [_entry(row) for row in changed if row.status in LISTED and row.not_after > now]
    if entries:
        connection.execute(sa.insert(t.crl_entry), entries)
    touched |= {(entry["authority"], entry["partition"]) for entry in entries}
    if touched:
        notes = [
            {"authority": authority, "partition": partition, "at": now}
            for authority, partition in sorted(touched)
        ]
        connection.execute(sa.insert(t.crl_change), notes)
    return frozenset(authority for authority, _partition in touched)


def follow_up(connection: sa.Connection, certificate_ids: Collection[int], now: datetime) -> frozenset[str]:
    """Do the same for certificates by their numbers, where a status was written in another way."""
    query = sa.select(*STATUS_COLUMNS).where(C.id.in_(certificate_ids))
    return follow(connection, connection.execute(query).all(), now)


def repair(connection: sa.Connection, authority: str, now: datetime) -> int:
    """Write the entries of an authority that are missing or out of date, and remove those that no status asks for.

    Returns how many were wrong. Entries are kept right by `follow`; this is for what came into the database by
    another way.
    """
    stands = issued_by == authority, C.status.in_(LISTED)
    idle = sa.delete(t.crl_entry).where(
        E.authority == authority, E.certificate_id.not_in(sa.select(C.id).where(*stands))
    )
    wrong = int(connection.execute(idle).rowcount)
    last = 0
    while rows := _wrong_after(connection, authority, now, last):
        last = rows[-1].id
        wrong += len(rows)
        connection.execute(sa.delete(t.crl_entry).where(E.certificate_id.in_([row.id for row in rows])))
        connection.execute(sa.insert(t.crl_entry), [_entry(row) for row in rows])
    return wrong


def _wrong_after(connection: sa.Connection, authority: str, now: datetime, last: int) -> Sequence[Any]:
    """Return the next certificates, in the order of their numbers, whose entry is missing or of another date."""
    query = (
        sa.select(*STATUS_COLUMNS)
        .outerjoin(t.crl_entry, E.certificate_id == C.id)
        .where(
            issued_by == authority,
            C.status.in_(LISTED),
            C.not_after > now,
            C.id > last,
            sa.or_(E.certificate_id.is_(None), E.since != C.status_at),
        )
        .order_by(C.id)
        .limit(BLOCK)
    )
    return connection.execute(query).all()


def _entry(row: Any) -> dict[str, Any]:
    serial = int(row.serial, 16)
    return {
        "certificate_id": row.id,
        "authority": row.authority,
        "partition": partition_number(serial),
        "block": row.id // BLOCK,
        "serial": row.serial,
        "der": encode_entry(RevokedEntry(serial, row.status_at, crl_reason(row.reason))),
        "since": row.status_at,
        "not_after": row.not_after,
    }


def waiting_authorities(connection: sa.Connection) -> frozenset[str]:
    """Return the authorities with changes that no list knows yet."""
    return frozenset(connection.execute(sa.select(t.crl_change.c.authority).distinct()).scalars())


def take_changes(connection: sa.Connection, authority: str) -> frozenset[int]:
    """Take the changes that no list knows yet off the list of things to do; returns the partitions they touched.

    What is read afterwards in the same transaction knows all of them; a change committed later stays.
    """
    c = t.crl_change.c
    taken = sa.delete(t.crl_change).where(c.authority == authority).returning(c.partition)
    return frozenset(connection.execute(taken).scalars())


def drop_expired(connection: sa.Connection, authority: str, before: datetime) -> None:
    """Remove the entries of certificates that expired by a moment (CRL-02, RNW-05)."""
    connection.execute(sa.delete(t.crl_entry).where(E.authority == authority, E.not_after <= before))


def read(connection: sa.Connection, authority: str, now: datetime) -> tuple[Standing, Iterator[Piece]]:
    """Return what the statuses say, and all entries in pieces, both as of one and the same moment.

    One statement reads both, so that no change comes between them. The pieces stream in; they come once.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_WORK_MEMORY)
        pieces = _joined_by_the_database(connection, authority, now)
    else:
        pieces = _joined_here(connection, authority, now)
    first = next(pieces)
    return Standing(first.current, first.id_sum), pieces


def _standing(authority: str, now: datetime, *more: Any) -> sa.Select[Any]:
    # Statuses come first: partition 0 is none of the entries'. Literals let the planner see the partial index.
    listed = C.status.in_([sa.literal_column(f"'{status}'") for status in LISTED])
    return sa.select(
        sa.literal(0).label("partition"),
        sa.literal(0).label("entries"),
        sa.func.count().label("current"),
        sa.func.coalesce(sa.func.sum(C.id), 0).label("id_sum"),
        sa.cast(sa.null(), UtcDateTime).label("latest"),
        *more,
    ).where(issued_by == authority, listed, C.not_after > now)


def _joined_by_the_database(connection: sa.Connection, authority: str, now: datetime) -> Iterator[Piece]:
    current = E.not_after > now
    joined = (
        sa.select(
            E.partition,
            sa.func.count(),
            sa.func.count().filter(current),
            sa.func.coalesce(sa.func.sum(E.certificate_id).filter(current), 0),
            sa.func.max(E.since),
            sa.func.string_agg(E.der, sa.literal_column("''::bytea")),
        )
        .where(E.authority == authority)
        .group_by(E.partition, E.block)
    )
    nothing = sa.cast(sa.null(), sa.LargeBinary).label("der")
    both = _standing(authority, now, nothing).union_all(joined).order_by(sa.literal_column("1"))
    for row in connection.execute(both, execution_options={"stream_results": True, "max_row_buffer": 8}):
        yield Piece(row[0], row[1], row[2], int(row[3]), row[4], bytes(row[5] or b""))


def _joined_here(connection: sa.Connection, authority: str, now: datetime) -> Iterator[Piece]:
    # A writer on SQLite holds the only write lock, so nothing changes between these two.
    said = connection.execute(_standing(authority, now)).one()
    yield Piece(0, 0, said.current, int(said.id_sum), None, b"")
    rows = connection.execute(
        sa.select(E.partition, E.certificate_id, E.not_after, E.since, E.der)
        .where(E.authority == authority)
        .order_by(E.partition, E.certificate_id)
    )
    for found in rows.partitions(BLOCK):
        for partition in sorted({row.partition for row in found}):
            yield _piece(partition, [row for row in found if row.partition == partition], now)


def _piece(partition: int, rows: Collection[Any], now: datetime) -> Piece:
    current = [row.certificate_id for row in rows if row.not_after > now]
    return Piece(
        partition,
        len(rows),
        len(current),
        sum(current),
        max(row.since for row in rows),
        b"".join(row.der for row in rows),
    )
