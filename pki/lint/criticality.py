"""Lint criticality: the profile's critical extensions are critical, and no other one is.

Source: rule RV2-07 (criticality as the GPKI profile) and RFC 5280 §4.2, by which software must refuse a critical
extension that it does not know. In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki.lint.subject import Lint, LintSubject


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    found = {oid for oid, extension in subject.fields.extensions.items() if extension.critical}
    wanted = {kind.value for kind in subject.profile.critical}
    return None if found == wanted else f"critical are {sorted(found)}, the profile wants {sorted(wanted)}"


LINT: Final = Lint("criticality", "RV2-07; RFC 5280 §4.2", date(2026, 11, 21), check)
