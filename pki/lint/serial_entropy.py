"""Lint serial_entropy: a serial has more than 64 and at most 127 bits.

Source: CA/Browser Forum BR §7.1 asks for 64 random bits, which a CA that cleared one bit of 64 did not have and had to
revoke its certificates for; RFC 5280 §4.1.2.2 for the sign and the length. In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki.lint.subject import Lint, LintSubject

_FEWEST_BITS: Final = 65
_MOST_BITS: Final = 127


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    serial = subject.fields.serial
    if serial <= 0 or not _FEWEST_BITS <= serial.bit_length() <= _MOST_BITS:
        return f"the serial has {serial.bit_length()} bits or is not positive"
    return None


LINT: Final = Lint("serial_entropy", "CA/Browser Forum BR §7.1; RFC 5280 §4.1.2.2", date(2026, 11, 21), check)
