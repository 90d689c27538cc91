"""Lint sda_present: a holder's certificate says what kind of holder it is, as the profile has it.

Source: GPKI profile, subjectType in subjectDirectoryAttributes; RFC 5280 §4.2.1.8 (never critical).
In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki.errors import AttributesRefusedError
from pki.lint.subject import Lint, LintSubject
from pki.sda import EXTENSION_OID, read_attributes


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    wanted = subject.profile.subject_type
    found = subject.fields.extensions.get(EXTENSION_OID)
    if wanted is None:
        return None if found is None else "directory attributes in a certificate that has no holder"
    if found is None or found.critical:
        return "directory attributes are missing or critical"
    try:
        attributes = read_attributes(found.value)
    except AttributesRefusedError as error:
        return error.message
    return None if attributes.subject_type == wanted.oid else "the subject type is not the profile's"


LINT: Final = Lint("sda_present", "GPKI profile; RFC 5280 §4.2.1.8", date(2026, 11, 21), check)
