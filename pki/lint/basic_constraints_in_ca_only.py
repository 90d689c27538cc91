"""Lint basic_constraints_in_ca_only: CA certificates carry critical basicConstraints, leaves carry none at all.

Source: RFC 5280 §4.2.1.9 and the GPKI profile, whose card certificates leave the extension out (so that there is no
path length in a leaf either). In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki.lint.subject import Lint, LintSubject
from pki.profiles import Extension


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    found = subject.fields.extensions.get(Extension.BASIC_CONSTRAINTS.value)
    if not subject.profile.is_ca:
        return None if found is None else "a leaf certificate carries basicConstraints"
    if found is None or not found.critical or not subject.fields.may_certify:
        return "a CA certificate needs critical basicConstraints with cA and the key usage keyCertSign"
    if subject.fields.path_length != subject.profile.path_length:
        return "the path length is not the profile's"
    return None


LINT: Final = Lint(
    "basic_constraints_in_ca_only", "RFC 5280 §4.2.1.9; GPKI profile", date(2026, 11, 21), check
)
