"""Signed checkpoints: what is signed, how a line of a file says it, and whether the signature is the key's."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from .findings import Findings, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NAMES = frozenset({"size", "root", "at", "signature"})


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A statement that the first `size` entries have this root; `place` says where it was read."""

    size: int
    root: bytes
    at: str
    signature: bytes
    place: str
    peaks: bytes | None = None
    exported: bool = False

    @property
    def message(self) -> bytes:
        """The bytes that are signed."""
        return f"guanfang-audit-checkpoint-v1\n{self.size}\n{self.root.hex()}\n{self.at}\n".encode()


class PublicKey:
    """The key whose signatures count."""

    def __init__(self, pem: bytes) -> None:
        try:
            key = load_pem_public_key(pem)
        except UnsupportedAlgorithm as error:
            raise ValueError("the checkpoint key must be an Ed25519 key") from error
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("the checkpoint key must be an Ed25519 key")  # noqa: TRY004 - a file's content, not a type.
        self._key = key

    def signed(self, checkpoint: Checkpoint) -> bool:
        """Tell whether the checkpoint bears this key's signature."""
        try:
            self._key.verify(checkpoint.signature, checkpoint.message)
        except InvalidSignature:
            return False
        return True


def _parse(line: str, place: str, *, exported: bool) -> Checkpoint:
    """Read a line; ValueError or TypeError when it isn't a checkpoint."""
    said = json.loads(line)
    if not isinstance(said, dict) or said.keys() - {"peaks"} != _NAMES:
        raise ValueError("a checkpoint says these things and no others")
    peaks, size = said.get("peaks"), said["size"]
    if type(size) is not int or size < 1:
        raise ValueError("a checkpoint has a size of at least one")
    return Checkpoint(
        size=size,
        root=bytes.fromhex(said["root"]),
        at=str(said["at"]),
        signature=base64.b64decode(said["signature"], validate=True),
        place=place,
        peaks=None if peaks is None else bytes.fromhex(peaks),
        exported=exported,
    )


def read(
    lines: Iterable[str], name: str, findings: Findings, *, exported: bool = False
) -> Iterator[Checkpoint]:
    """Read a file's checkpoints, which have to grow from line to line.

    A last line without its end is being written at this moment, and is left alone.
    """
    last: Checkpoint | None = None
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n"):
            return
        try:
            point = _parse(line, f"{name} line {number}", exported=exported)
        except (ValueError, TypeError, RecursionError):
            findings.add(Kind.UNREADABLE, f"{name} line {number}", "this is not a checkpoint")
            continue
        if last is not None and point.size <= last.size:
            _out_of_order(last, point, findings)
            continue
        last = point
        yield point


def _out_of_order(last: Checkpoint, point: Checkpoint, findings: Findings) -> None:
    if point.size == last.size and point.root != last.root:
        findings.add(Kind.FORKED, point.place, f"another root for {point.size} entries than {last.place}")
    else:
        said = f"{point.size} entries come after the {last.size} of {last.place}"
        findings.add(Kind.REORDERED, point.place, said)
