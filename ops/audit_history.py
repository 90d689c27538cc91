"""Compares the audit log with the history of cases and with the cases themselves.

Each step of a case left one row of history and one audit entry. So an entry that was deleted before it was sealed, or
a row of history that was edited, is missed by its counterpart.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from ops.audit_body import parse_body, same_moment
from ops.verifier.findings import Findings, Kind
from workflow.cases.table import NEW

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.store.audit_reading import Reading, Rows


def compare(reading: Reading, findings: Findings) -> None:
    """Find every step that the log and the history tell differently."""
    for _case, rows in groupby(reading.steps(), key=lambda row: row.case_id):
        _case_steps(rows, findings)
    _entries_without_history(reading.entries_without_history(), findings)
    for row in reading.cases_off_their_history():
        said = f"it is {row.state!r} version {row.version}, its history ends with {row.step_state!r} version {row.step_version}"
        findings.add(Kind.HISTORY, f"case {row.number}", said)


def _is_step(said: dict[str, Any]) -> bool:
    """Tell a step's entry from one that only mentions the case and its version."""
    return "source" in said and "dest" in said


def _case_steps(rows: Iterable[Any], findings: Findings) -> None:
    """Follow one case's history from its beginning."""
    version, state = 0, NEW
    for _step, entries in groupby(rows, key=lambda row: row.version):
        step, *more = entries
        place = f"history of case {step.number or step.case_id} version {step.version}"
        if step.case_row is None:
            findings.add(Kind.HISTORY, place, "there is no such case")
        if step.version != version + 1:
            findings.add(Kind.DELETED, place, f"version {version + 1} was expected here")
        elif step.source != state:
            findings.add(
                Kind.HISTORY, place, f"it starts from {step.source!r}, the step before ended in {state!r}"
            )
        version, state = step.version, step.dest
        _step_entry([step, *more], place, findings)


def _step_entry(rows: list[Any], place: str, findings: Findings) -> None:
    """Compare a step with its one entry."""
    entries = [(row, said) for row in rows if _is_step(said := parse_body(row.body))]
    if not entries:
        findings.add(Kind.DELETED, place, "its audit entry is missing")
    for row, said in entries:
        wrong = _differences(row, said)
        if wrong:
            findings.add(Kind.HISTORY, place, f"entry {row.entry_id} does not agree on {', '.join(wrong)}")
    if len(entries) > 1:
        findings.add(Kind.HISTORY, place, f"{len(entries)} audit entries claim this step")


def _differences(row: Any, said: dict[str, Any]) -> list[str]:
    """Name what a row of history and its entry's body tell differently."""
    columns = {
        "trigger": (row.trigger, said.get("kind")),
        "source": (row.source, said.get("source")),
        "dest": (row.dest, said.get("dest")),
        "actor": (row.actor, said.get("actor")),
        "person": (row.person_id, said.get("person")),
        # Older entries say nothing of the note.
        "note": (row.note, said.get("note", row.note)),
        "number": (row.number, said.get("number", row.number)),
    }
    wrong = [name for name, (here, there) in columns.items() if here != there]
    return wrong if same_moment(said.get("at"), row.at) else ["at", *wrong]


def _entries_without_history(rows: Rows, findings: Findings) -> None:
    for row in rows:
        if _is_step(parse_body(row.body)):
            said = f"case {row.case_id} version {row.case_version}: the row of history is missing"
            findings.add(Kind.DELETED, f"entry {row.id}", said)
