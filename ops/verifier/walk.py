"""The walk along the log: every leaf in its place, and every checkpoint's root as it was signed.

The tree is built from the leaves' stored hashes, each of which has to be its entry's. So an entry that was edited or
deleted is named exactly, and a root that differs says that a leaf itself was changed. After a difference the walk goes
on from the next checkpoint's own subtrees, where it has them and they are signed, and so finds the next one too.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .findings import Findings, Kind
from .tree import HASH_BYTES, Tree, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .checkpoints import Checkpoint, PublicKey


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf as it is stored; the body is None when its entry is missing."""

    index: int
    entry_id: int
    hash: bytes
    body: str | None

    @property
    def place(self) -> str:
        """Where it is, in the log and in the database."""
        return f"leaf {self.index} (entry {self.entry_id})"


class Walk:
    """One pass over leaves in their stored order, meeting checkpoints on the way."""

    def __init__(
        self,
        key: PublicKey,
        points: Iterable[Checkpoint],
        exported: Iterable[Checkpoint],
        findings: Findings,
    ) -> None:
        self._key = key
        self._findings = findings
        self._points = heapq.merge(points, exported, key=lambda point: point.size)
        self._next = next(self._points, None)
        self._tree: Tree | None = Tree()
        self._count = 0
        self._checked = 0
        self._own: Checkpoint | None = None

    def leaf(self, leaf: Leaf) -> None:
        """Take the next leaf."""
        if leaf.index < self._count:
            self._findings.add(Kind.REORDERED, leaf.place, f"leaf {self._count} was expected here")
            return
        if leaf.index > self._count:
            gap = f"leaf {self._count} to {leaf.index - 1}"
            self._findings.add(Kind.DELETED, gap, f"{leaf.index - self._count} leaves are missing")
            self._count = leaf.index
            self._pass_points(self._count)
        self._compare(leaf)
        self._grow(leaf)
        self._count += 1
        self._pass_points(self._count)

    def _compare(self, leaf: Leaf) -> None:
        if leaf.body is None:
            self._findings.add(Kind.DELETED, leaf.place, "the entry is missing")
        elif leaf_hash(leaf.body) != leaf.hash:
            self._findings.add(Kind.EDITED, leaf.place, "the entry is not what was sealed here")

    def _grow(self, leaf: Leaf) -> None:
        """Add the leaf where the tree reaches to it; after a gap there is no tree until a checkpoint gives one."""
        if self._tree is not None and self._tree.size == leaf.index and len(leaf.hash) == HASH_BYTES:
            self._tree.append(leaf.hash)
        else:
            self._tree = None

    def _pass_points(self, count: int) -> None:
        while self._next is not None and self._next.size <= count:
            self._check(self._next)
            self._next = next(self._points, None)

    def _check(self, point: Checkpoint) -> None:
        signed = self._signature(point)
        if self._tree is not None and self._tree.size == point.size and self._tree.root() != point.root:
            span = f"leaf {self._checked} to {point.size - 1}"
            self._findings.add(Kind.ROOT, span, f"the entries up to here are not those of {point.place}")
        if point.exported:
            self._compare_exported(point)
        else:
            self._own = point
        self._resume(point, signed=signed)
        if point.size == self._count:
            self._checked = point.size

    def _signature(self, point: Checkpoint) -> bool:
        signed = self._key.signed(point)
        if not signed:
            self._findings.add(
                Kind.SIGNATURE, point.place, f"the checkpoint of {point.size} entries is not signed"
            )
        return signed

    def _compare_exported(self, point: Checkpoint) -> None:
        if self._own is None or self._own.size != point.size:
            said = f"the log has no checkpoint of {point.size} entries"
            self._findings.add(Kind.CHECKPOINT_MISSING, point.place, said)
        elif self._own.root != point.root:
            said = f"another root for {point.size} entries than {self._own.place}"
            self._findings.add(Kind.FORKED, point.place, said)
        elif (self._own.at, self._own.signature) != (point.at, point.signature):
            said = f"{self._own.place} was signed anew since"
            self._findings.add(Kind.CHECKPOINT, point.place, said)

    def _resume(self, point: Checkpoint, *, signed: bool) -> None:
        """Go on from the checkpoint's own subtrees, which have to give the signed root."""
        if point.peaks is None:
            return
        tree = Tree.resumed(point.size, point.peaks)
        if tree is None or tree.root() != point.root:
            said = "its subtrees do not give its root"
            self._findings.add(Kind.CHECKPOINT, point.place, said)
        elif signed:
            self._tree = tree

    def finish(self) -> None:
        """Say what is missing at the end."""
        if self._count and (self._own is None or self._own.size < self._count):
            covered = self._own.size if self._own else 0
            said = "the leaves at the end have no checkpoint, though both are written together"
            self._findings.add(Kind.CHECKPOINT_MISSING, f"leaf {covered} to {self._count - 1}", said)
        last: Checkpoint | None = None
        while self._next is not None:
            last = self._next
            self._signature(last)
            if not last.exported:
                self._own = last
            else:
                self._compare_exported(last)
            self._next = next(self._points, None)
        if last is not None:
            said = f"{last.place} says {last.size} entries, there are {self._count}"
            self._findings.add(Kind.TRUNCATED, f"leaf {self._count} to {last.size - 1}", said)
