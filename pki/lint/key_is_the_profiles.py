"""Lint key_is_the_profiles: the key has no fault and a kind and size that the profile takes.

Source: rule RV2-07 (RSA of 2048 bits or more); NIST SP 800-89 §5.3.3 and CA/Browser Forum BR §6.1.6 for the
exponent; RFC 8813 §3, no elliptic curve key to encipher. In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki.keygate import examine_key
from pki.lint.subject import Lint, LintSubject


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    faults = examine_key(subject.fields.spki_der, subject.profile.keys)
    return ", ".join(fault.code for fault in faults) or None


LINT: Final = Lint("key_is_the_profiles", "RV2-07; RFC 8813 §3", date(2026, 11, 21), check)
