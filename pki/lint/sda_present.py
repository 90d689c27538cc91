"""Lint sda_present: a holder's certificate says what kind of holder it is, with the rank and identifiers of the profile.

Source: GPKI profile, subjectType in subjectDirectoryAttributes; RFC 5280 §4.2.1.8 (never critical).
In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki.errors import AttributesRefusedError
from pki.lint.subject import Lint, LintSubject
from pki.profiles import Identifier
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
    if attributes.subject_type != wanted.oid:
        return "the subject type is not the profile's"
    rules = subject.profile.holder
    given = {kind for kind in Identifier if getattr(attributes, kind.value) is not None}
    if rules is None or attributes.rank not in rules.ranks or not given <= rules.identifiers:
        return "the rank or an identifier is not the profile's"
    return None


LINT: Final = Lint("sda_present", "GPKI profile; RFC 5280 §4.2.1.8", date(2026, 11, 21), check)
