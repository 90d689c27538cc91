"""Seals the audit log: entries become leaves of one Merkle tree, and its root is signed (AUD-03, AUD-04).

One round is one transaction. It takes the entries that have no leaf yet, in the order of their ids, gives them the
next indexes, and writes a signed checkpoint. An entry that was committed late, with a smaller id than sealed ones, is
sealed in the round that first sees it. Only one sealer works at a time: on PostgreSQL an advisory lock says who, on
SQLite the write lock does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.errors import Unavailable
from workflow.store import schema as t
from workflow.store.audit_entry import leaf_hash
from workflow.store.merkle import Tree
from workflow.store.writing import writes_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from workflow.office import Office
    from workflow.ports import CheckpointSigner

LIMIT = 5000
"""Entries in one round, so that a backlog does not become one huge transaction."""
REACH = 20_000
"""How many ids below the highest sealed one a round still looks for entries that were committed late."""
_SEALER = 0x6775616E66616E67
"""The advisory lock's number; it means nothing but this lock."""

_E, _L, _P = t.audit_entry.c, t.audit_leaf.c, t.audit_checkpoint.c


class BrokenLogError(Exception):
    """The sealed log does not agree with its last checkpoint, so nothing may be built on it; the verifier says more."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement that the log's first `size` entries have this root."""

    size: int
    tree: Tree
    root: bytes
    at: datetime
    signature: bytes

    @property
    def message(self) -> bytes:
        """The bytes that are signed."""
        return checkpoint_message(self.size, self.root, self.at)


def moment_text(at: datetime) -> str:
    """Return a moment as checkpoints write it: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def checkpoint_message(size: int, root: bytes, at: datetime) -> bytes:
    """Return what a checkpoint's signature is over."""
    return f"guanfang-audit-checkpoint-v1\n{size}\n{root.hex()}\n{moment_text(at)}\n".encode()


def seal(office: Office, limit: int = LIMIT, reach: int | None = REACH) -> Checkpoint | None:
    """Seal waiting entries and return the new checkpoint, or None when nothing waits.

    With `reach` None the whole log is searched for unsealed entries: slow, for an hourly round that leaves none
    behind. Raises BrokenLogError when the sealed log was tampered with; issuing stops once the lag is too long.
    """
    with office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        _be_the_only_sealer(connection)
        waiting = connection.execute(_waiting(connection, reach, _E.id, _E.body).limit(limit)).all()
        if not waiting:
            return None
        standing = _standing_tree(connection, office.checkpoints)
        hashes = [leaf_hash(row.body) for row in waiting]
        _write_leaves(connection, standing.size, [row.id for row in waiting], hashes)
        return _write_checkpoint(connection, standing.extend(hashes), office)


def _be_the_only_sealer(connection: sa.Connection) -> None:
    """Wait for another sealer's commit; the statements after this one see what it wrote."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SEALER)))


def _waiting(connection: sa.Connection, reach: int | None, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Select the entries without a leaf, in the order of ids.

    The bound stands on both sides of the anti-join, so that neither index is read from its beginning.
    """
    highest = connection.execute(sa.select(sa.func.max(_L.entry_id))).scalar()
    floor = 0 if reach is None or highest is None else max(0, highest - reach)
    sealed = sa.select(_L.entry_id).where(_L.entry_id == _E.id, _L.entry_id >= floor).correlate(t.audit_entry)
    return sa.select(*columns).where(_E.id >= floor, ~sealed.exists()).order_by(_E.id)


def _standing_tree(connection: sa.Connection, signer: CheckpointSigner) -> Tree:
    """Return the tree as it was last sealed; BrokenLogError when what is stored is not what was signed."""
    leaves = connection.execute(sa.select(sa.func.max(_L.leaf_index))).scalar()
    size = 0 if leaves is None else leaves + 1
    last = newest_checkpoint(connection)
    if last is None:
        if size:
            raise BrokenLogError(f"there are {size} sealed entries, but no checkpoint")
        return Tree()
    if last.size != size:
        raise BrokenLogError(f"the last checkpoint says {last.size} entries, there are {size}")
    if last.tree.root != last.root or not signer.verify(last.message, last.signature):
        raise BrokenLogError(f"the checkpoint of {size} entries is not what was signed")
    return last.tree


def newest_checkpoint(connection: sa.Connection) -> Checkpoint | None:
    """Return the latest checkpoint; BrokenLogError when its peaks can't be those of its size."""
    row = connection.execute(sa.select(t.audit_checkpoint).order_by(_P.size.desc()).limit(1)).first()
    if row is None:
        return None
    try:
        tree = Tree.unpacked(row.size, row.peaks)
    except ValueError as error:
        raise BrokenLogError(str(error)) from error
    return Checkpoint(row.size, tree, row.root, row.at, row.signature)


def _write_leaves(connection: sa.Connection, start: int, ids: Sequence[int], hashes: Sequence[bytes]) -> None:
    rows = [
        {"leaf_index": index, "entry_id": entry_id, "leaf_hash": leaf}
        for index, (entry_id, leaf) in enumerate(zip(ids, hashes, strict=True), start)
    ]
    writes_of(connection.dialect).insert(connection, "audit_leaf", rows)


def _write_checkpoint(connection: sa.Connection, tree: Tree, office: Office) -> Checkpoint:
    at = office.clock.now()
    signature = office.checkpoints.sign(checkpoint_message(tree.size, tree.root, at))
    connection.execute(
        sa.insert(t.audit_checkpoint).values(
            size=tree.size, root=tree.root, peaks=tree.packed(), at=at, signature=signature
        )
    )
    return Checkpoint(tree.size, tree, tree.root, at, signature)


def oldest_unsealed(connection: sa.Connection) -> datetime | None:
    """Return when the first entry that waits for its seal was made; None when none waits."""
    row = connection.execute(_waiting(connection, REACH, _E.at).limit(1)).first()
    return None if row is None else row.at


def sealing_is_current(connection: sa.Connection, now: datetime, lag: timedelta) -> bool:
    """Tell whether no entry has waited longer than the lag for its seal."""
    oldest = oldest_unsealed(connection)
    return oldest is None or now - oldest <= lag


def require_sealing(office: Office) -> None:
    """Raise Unavailable("audit.sealing_behind") when the seal lags: then nothing may be issued (AUD-04)."""
    with office.asking() as connection:
        if not sealing_is_current(connection, office.clock.now(), office.sealing_lag):
            raise Unavailable("audit.sealing_behind")
