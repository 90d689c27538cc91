"""Lint extension_order: extensions stand in the order of the profile, and there is none beyond it.

Source: the order seen in XCA and GCA certificates; some older software of agencies reads by position.
In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki.lint.subject import Lint, LintSubject
from pki.profiles import AlternativeNames, Extension


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    found = list(subject.fields.extensions)
    # An e-mail address is the one thing a holder may lack; a server never lacks its domain.
    wanted = [
        kind.value
        for kind in subject.profile.extensions
        if kind is not Extension.SUBJECT_ALTERNATIVE_NAME
        or subject.profile.alternative_names is not AlternativeNames.EMAIL
        or kind.value in subject.fields.extensions
    ]
    return None if found == wanted else f"extensions are {found}, the profile wants {wanted}"


LINT: Final = Lint("extension_order", "GPKI profile", date(2026, 11, 21), check)
