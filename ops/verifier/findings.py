"""What a verification says."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

MOST = 1000
"""Findings that are kept; a log that is wrong everywhere needs no list of everything."""


class Kind(StrEnum):
    """What is wrong."""

    EDITED = "edited"
    DELETED = "deleted"
    REORDERED = "out of order"
    ROOT = "root differs"
    TRUNCATED = "tail is missing"
    FORKED = "forked"
    SIGNATURE = "bad signature"
    CHECKPOINT = "bad checkpoint"
    CHECKPOINT_MISSING = "checkpoint is missing"
    UNREADABLE = "unreadable"
    NEVER_SEALED = "never sealed"
    HISTORY = "history disagrees"
    NOT_YET_SEALED = "not yet sealed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or a note, and where."""

    kind: Kind
    place: str
    message: str

    @property
    def is_note(self) -> bool:
        """Whether this is only something to know, not something wrong."""
        return self.kind is Kind.NOT_YET_SEALED

    def __str__(self) -> str:
        return f"{self.place}: {self.kind}: {self.message}"


@dataclass(slots=True)
class Findings:
    """Gathers findings, up to a number that a person might read."""

    found: list[Finding] = field(default_factory=list)
    more: int = 0

    def add(self, kind: Kind, place: str, message: str) -> None:
        """Gather a finding."""
        if len(self.found) < MOST:
            self.found.append(Finding(kind, place, message))
        else:
            self.more += 1

    def result(self) -> list[Finding]:
        """Return what was gathered; the last one says how many more there were."""
        if not self.more:
            return self.found
        return [*self.found, Finding(Kind.UNREADABLE, "log", f"{self.more} more findings are not listed")]


def report(findings: list[Finding]) -> str:
    """Return findings as text: what is wrong first, then the notes, then the verdict."""
    lines = [str(finding) for finding in sorted(findings, key=lambda finding: finding.is_note)]
    wrong = sum(not finding.is_note for finding in findings)
    verdict = f"The audit log does NOT verify: {wrong} finding(s)." if wrong else "The audit log verifies."
    return "\n".join([*lines, verdict]) + "\n"
