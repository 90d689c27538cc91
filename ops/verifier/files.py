"""Verifies an export: entries.jsonl, checkpoints.jsonl and public.pem, and checkpoints that were kept elsewhere."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

from .checkpoints import PublicKey, read
from .findings import Finding, Findings, Kind
from .walk import Leaf, Walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_NAMES = frozenset({"index", "entry", "leaf", "body"})


def _parse(line: str) -> Leaf:
    """Read a line; ValueError or TypeError when it isn't an entry."""
    said = json.loads(line)
    if not isinstance(said, dict) or said.keys() != _NAMES:
        raise ValueError("an entry says these things and no others")
    index, entry_id, body = said["index"], said["entry"], said["body"]
    if type(index) is not int or type(entry_id) is not int or not isinstance(body, str | None):
        raise TypeError("a number or the body is of another type")
    return Leaf(index, entry_id, bytes.fromhex(said["leaf"]), body)


def leaves(lines: Iterable[str], findings: Findings) -> Iterator[Leaf]:
    """Read an export's entries; a line that isn't one is a finding, and a hole in the log."""
    for number, line in enumerate(lines, 1):
        try:
            yield _parse(line)
        except (ValueError, TypeError, RecursionError):
            findings.add(Kind.UNREADABLE, f"entries.jsonl line {number}", "this is not an entry")


def verify_export(directory: Path, exported: Path | None = None, key: Path | None = None) -> list[Finding]:
    """Verify an export, with the checkpoints and the public key that the auditor kept, where they have them.

    OSError when a file can't be read, ValueError when the public key is none.
    """
    findings = Findings()
    public = PublicKey((key or directory / "public.pem").read_bytes())
    with ExitStack() as files:

        def lines(path: Path) -> Iterable[str]:
            # A byte that is no text becomes a mark that no hash agrees with, and no end of a line but \n counts.
            return files.enter_context(path.open(encoding="utf-8", errors="replace", newline="\n"))

        points = read(lines(directory / "checkpoints.jsonl"), "checkpoints.jsonl", findings)
        kept = read(lines(exported), exported.name, findings, exported=True) if exported else ()
        walk = Walk(public, points, kept, findings)
        for leaf in leaves(lines(directory / "entries.jsonl"), findings):
            walk.leaf(leaf)
        walk.finish()
    return findings.result()
