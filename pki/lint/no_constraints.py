"""Lint no_constraints: no nameConstraints, policyConstraints, policyMappings or inhibitAnyPolicy anywhere.

Source: rule RV2-07, MOICA CPS §7.1. In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki.lint.subject import Lint, LintSubject

_FORBIDDEN: Final = {
    "2.5.29.30": "nameConstraints",
    "2.5.29.33": "policyMappings",
    "2.5.29.36": "policyConstraints",
    "2.5.29.54": "inhibitAnyPolicy",
}


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    found = [name for oid, name in _FORBIDDEN.items() if oid in subject.fields.extensions]
    return f"the certificate carries {', '.join(found)}" if found else None


LINT: Final = Lint("no_constraints", "RV2-07", date(2026, 11, 21), check)
