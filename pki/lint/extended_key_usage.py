"""Lint extended_key_usage: exactly the profile's uses in their order, and anyExtendedKeyUsage never.

Source: RFC 5280 §4.2.1.12; RFC 6960 §4.2.2.2 for responders; the GCA TLS certificate of 2017, whose extension holds
serverAuth and clientAuth. In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki import der
from pki.lint.subject import Lint, LintSubject
from pki.profiles import Extension


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    found = subject.fields.extensions.get(Extension.EXTENDED_KEY_USAGE.value)
    uses = [] if found is None else [use.as_oid() for use in der.read(found.value).children()]
    wanted = [use.value for use in subject.profile.extended_uses]
    return None if uses == wanted else f"extended key usage is {uses}, the profile wants {wanted}"


LINT: Final = Lint("extended_key_usage", "RFC 5280 §4.2.1.12; GPKI profile", date(2026, 11, 21), check)
