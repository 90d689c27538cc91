"""The Merkle tree of the audit log: hashing, growing by peaks, and proofs (RFC 6962 §2.1, RFC 9162 §2.1).

A tree of n leaves is kept as its peaks: the roots of the perfect subtrees that n's binary digits name, largest
first. That is all one needs to append leaves and to know the root, so old leaves are never read again. Everything
here is a function on values; the database is elsewhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


class ProofError(ValueError):
    """A proof does not show what it claims."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf; the prefix keeps a node from passing for a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node above two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree by its peaks, largest first. ValueError when their number does not fit the size."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        fits = self.size >= 0 and len(self.peaks) == self.size.bit_count()
        if not fits or any(len(peak) != HASH_BYTES for peak in self.peaks):
            raise ValueError(f"these are not the peaks of a tree of {self.size} leaves")

    def extend(self, leaves: Iterable[bytes]) -> Tree:
        """Return the tree with more leaves, given by their leaf hashes."""
        peaks, size = list(self.peaks), self.size
        for leaf in leaves:
            node = leaf
            # As in binary counting: each trailing one of the size is a peak of the same height, and carries.
            for _ in range((~size & (size + 1)).bit_length() - 1):
                node = node_hash(peaks.pop(), node)
            peaks.append(node)
            size += 1
        return Tree(size, tuple(peaks))

    @property
    def root(self) -> bytes:
        """The Merkle tree hash."""
        if not self.peaks:
            return EMPTY_ROOT
        *higher, root = self.peaks
        for peak in reversed(higher):
            root = node_hash(peak, root)
        return root

    def packed(self) -> bytes:
        """Return the peaks as one byte string."""
        return b"".join(self.peaks)

    @classmethod
    def unpacked(cls, size: int, data: bytes) -> Tree:
        """Return the tree whose peaks were packed; ValueError when they do not fit the size."""
        starts = range(0, len(data), HASH_BYTES)
        return cls(size, tuple(data[start : start + HASH_BYTES] for start in starts))


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    return Tree().extend(leaves).root


def _split(size: int) -> int:
    """Return the largest power of two below a size of at least two."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the path from a leaf to the root of these leaf hashes, lowest first (RFC 9162 §2.1.3.1)."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"there is no leaf {index} among {len(leaves)}")
    if len(leaves) == 1:
        return ()
    middle = _split(len(leaves))
    left, right = leaves[:middle], leaves[middle:]
    if index < middle:
        return (*inclusion_proof(left, index), root_of(right))
    return (*inclusion_proof(right, index - middle), root_of(left))


def consistency_proof(leaves: Sequence[bytes], first: int) -> tuple[bytes, ...]:
    """Return the proof that the tree of the first leaves is the beginning of the whole (RFC 9162 §2.1.4.1)."""
    if not 0 < first <= len(leaves):
        raise ValueError(f"{first} leaves are not the beginning of {len(leaves)}")
    return _subproof(leaves, first, known=True)


def _subproof(leaves: Sequence[bytes], first: int, *, known: bool) -> tuple[bytes, ...]:
    """Follow the old tree's edge; `known` while this subtree's root is the old root itself."""
    if first == len(leaves):
        return () if known else (root_of(leaves),)
    middle = _split(len(leaves))
    left, right = leaves[:middle], leaves[middle:]
    if first <= middle:
        return (*_subproof(left, first, known=known), root_of(right))
    return (*_subproof(right, first - middle, known=False), root_of(left))


@dataclass(frozen=True, slots=True)
class _Place:
    """A node's number and its level's last number, on the way up."""

    node: int
    last: int

    @property
    def joins_left(self) -> bool:
        return bool(self.node & 1) or self.node == self.last

    def up(self) -> _Place:
        return _Place(self.node >> 1, self.last >> 1)

    def up_past_lone_nodes(self) -> _Place:
        """Go up to where a lone last node gets its left sibling, and past it."""
        place = self
        while not place.node & 1 and place.node:
            place = place.up()
        return place.up()


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise ProofError unless the leaf hash stands at this index of the tree (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofError("the index is outside the tree")
    place, found = _Place(index, size - 1), leaf
    for step in proof:
        if not place.last:
            raise ProofError("the proof is too long")
        if place.joins_left:
            found, place = node_hash(step, found), place.up_past_lone_nodes()
        else:
            found, place = node_hash(found, step), place.up()
    if place.last or found != root:
        raise ProofError("the leaf is not in the tree at this place")


def verify_consistency(
    first: Tree | tuple[int, bytes], second: Tree | tuple[int, bytes], proof: Sequence[bytes]
) -> None:
    """Raise ProofError unless the first tree is the beginning of the second (RFC 9162 §2.1.4.2).

    A tree is given as such, or as its size and root.
    """
    (old_size, old_root), (new_size, new_root) = _size_and_root(first), _size_and_root(second)
    if not 0 < old_size <= new_size:
        raise ProofError("the first tree is empty or the larger one")
    if old_size == new_size:
        if proof or old_root != new_root:
            raise ProofError("two trees of one size differ")
        return
    path = [old_root, *proof] if old_size.bit_count() == 1 else list(proof)
    if _roots_from(path, _Place(old_size - 1, new_size - 1)) != (old_root, new_root):
        raise ProofError("the first tree is not the beginning of the second")


def _size_and_root(tree: Tree | tuple[int, bytes]) -> tuple[int, bytes]:
    return (tree.size, tree.root) if isinstance(tree, Tree) else tree


def _roots_from(path: Sequence[bytes], place: _Place) -> tuple[bytes, bytes] | None:
    """Return the old and the new root that a path leads to; None when its length is wrong."""
    while place.node & 1:
        place = place.up()
    if not path:
        return None
    old = new = path[0]
    for step in path[1:]:
        if not place.last:
            return None
        if place.joins_left:
            old, new = node_hash(step, old), node_hash(step, new)
            place = place.up_past_lone_nodes()
        else:
            new, place = node_hash(new, step), place.up()
    return None if place.last else (old, new)
