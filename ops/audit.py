"""Verifies the audit log in the database: seals, entries, history and cases have to tell one story (AUD-03, AUD-05).

All is read in one consistent snapshot, streaming, so it may run beside the office on a log of any length. The walk
along leaves and checkpoints is the stand-alone verifier's; what an export can't show is compared here.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from ops import audit_history
from ops.audit_body import parse_body, same_moment
from ops.verifier.checkpoints import Checkpoint, PublicKey, read
from ops.verifier.findings import Finding, Findings, Kind, report
from ops.verifier.walk import Leaf, Walk
from workflow.store.audit_reading import snapshot
from workflow.store.sealing import moment_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from workflow.store.audit_reading import Engine, Rows

__all__ = ["report", "verify"]


def verify(engine: Engine, public_key_pem: bytes, exported: Path | None = None) -> list[Finding]:
    """Verify the whole log, with the checkpoints that were exported off the box where they are given.

    Entries that wait for their seal are a note, not a fault. OSError when the exported file can't be read,
    ValueError when the key is none.
    """
    findings = Findings()
    key = PublicKey(public_key_pem)
    with snapshot(engine) as reading, ExitStack() as files:
        kept: Iterable[Checkpoint] = ()
        if exported is not None:
            file = files.enter_context(exported.open(encoding="utf-8", errors="replace", newline="\n"))
            kept = read(file, exported.name, findings, exported=True)
        _sealed(reading.leaves(), Walk(key, _points(reading.checkpoints()), kept, findings), findings)
        _unsealed(reading.unsealed(), findings)
        audit_history.compare(reading, findings)
    return findings.result()


def _points(rows: Rows) -> Iterator[Checkpoint]:
    for row in rows:
        place = f"checkpoint {row.size}"
        yield Checkpoint(row.size, row.root, moment_text(row.at), row.signature, place, row.peaks)


def _sealed(rows: Rows, walk: Walk, findings: Findings) -> None:
    for row in rows:
        leaf = Leaf(row.leaf_index, row.entry_id, row.leaf_hash, row.body)
        walk.leaf(leaf)
        if row.id is not None:
            _columns_agree(row, leaf.place, findings)
    walk.finish()


def _unsealed(rows: Rows, findings: Findings) -> None:
    """Note what waits; an entry so far behind that no round looks for it is wrong."""
    count, since = 0, ""
    for row in rows:
        _columns_agree(row, f"entry {row.id}", findings)
        if row.left_behind:
            findings.add(
                Kind.NEVER_SEALED, f"entry {row.id}", "much later entries have been sealed, this one not"
            )
            continue
        since = since or f"entry {row.id} of {moment_text(row.at)}"
        count += 1
    if count:
        said = f"{count} entries wait for their seal; the seals say nothing of them"
        findings.add(Kind.NOT_YET_SEALED, f"from {since}", said)


def _columns_agree(row: Any, place: str, findings: Findings) -> None:
    """Compare an entry's columns, by which people search, with its body, which is sealed."""
    said = parse_body(row.body)
    columns = {
        "kind": row.kind,
        "actor": row.actor,
        "case": row.case_id,
        "version": row.case_version,
    }
    wrong = [name for name, value in columns.items() if name not in said or said[name] != value]
    if not same_moment(said.get("at"), row.at):
        wrong.insert(0, "at")
    if wrong:
        findings.add(Kind.EDITED, place, f"the body does not agree with the column {', '.join(wrong)}")
