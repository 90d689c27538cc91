"""Lint validity_ends_in_taipei: a certificate ends at 23:59:59 in Taipei, and lives as long as its profile says.

Source: rule P-04 and certificates seen in the field, which end at 15:59:59Z. In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki.lint.subject import Lint, LintSubject
from pki.profiles import TAIPEI


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    fields = subject.fields
    if fields.not_after.astimezone(TAIPEI).strftime("%H:%M:%S") != "23:59:59":
        return "the last second is not the end of a day in Taipei"
    if fields.not_after != subject.profile.life.end(fields.not_before):
        return "the life is not the profile's"
    return None


LINT: Final = Lint("validity_ends_in_taipei", "P-04", date(2026, 11, 21), check)
