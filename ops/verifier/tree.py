"""Merkle tree hashing (RFC 6962 §2.1) for verification: a tree that grows, kept as its perfect subtrees."""

from __future__ import annotations

import hashlib

HASH_BYTES = 32


def leaf_hash(body: str) -> bytes:
    """Return the hash of an entry's leaf."""
    return hashlib.sha256(b"\x00" + body.encode("utf-8", "surrogatepass")).digest()


class Tree:
    """The tree of the leaves so far. `stack` holds (height, root) of perfect subtrees, highest first."""

    def __init__(self) -> None:
        self.size = 0
        self.stack: list[tuple[int, bytes]] = []

    @classmethod
    def resumed(cls, size: int, peaks: bytes) -> Tree | None:
        """Return a tree from the roots of its perfect subtrees; None when they don't fit the size."""
        heights = [height for height in reversed(range(size.bit_length())) if size >> height & 1]
        if len(peaks) != len(heights) * HASH_BYTES:
            return None
        tree = cls()
        tree.size = size
        tree.stack = [(height, peaks[n * HASH_BYTES :][:HASH_BYTES]) for n, height in enumerate(heights)]
        return tree

    def append(self, leaf: bytes) -> None:
        """Add a leaf's hash, joining subtrees of one height."""
        self.size += 1
        self.stack.append((0, leaf))
        while len(self.stack) > 1 and self.stack[-1][0] == self.stack[-2][0]:
            height, right = self.stack.pop()
            _, left = self.stack.pop()
            self.stack.append((height + 1, _join(left, right)))

    def root(self) -> bytes:
        """Return the root of all leaves."""
        if not self.stack:
            return hashlib.sha256(b"").digest()
        found = self.stack[-1][1]
        for _, left in reversed(self.stack[:-1]):
            found = _join(left, found)
        return found


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
