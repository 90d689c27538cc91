"""Lint key_usage_single_purpose: a holder's certificate signs, or enciphers, or certifies; key usage is critical.

Source: GPKI profile, separate signature and encipherment certificates; RFC 5280 §4.2.1.3; RFC 8813 §3, an elliptic
curve key enciphers nothing, so a server that has one only signs. In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki import der
from pki.keygate import is_elliptic
from pki.lint.subject import Lint, LintSubject
from pki.profiles import Extension, KeyUse

# RFC 5280 §4.2.1.3 numbers the bits from the left.
_BITS: Final = {
    KeyUse.DIGITAL_SIGNATURE: 0x80,
    KeyUse.KEY_ENCIPHERMENT: 0x20,
    KeyUse.DATA_ENCIPHERMENT: 0x10,
    KeyUse.KEY_CERT_SIGN: 0x04,
    KeyUse.CRL_SIGN: 0x02,
}


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    found = subject.fields.extensions.get(Extension.KEY_USAGE.value)
    if found is None or not found.critical:
        return "key usage is missing or not critical"
    # The count of unused bits comes first; one octet then holds all bits that we ever set.
    bits = int.from_bytes(der.read(found.value).expect(der.BIT_STRING).content[1:], "big")
    uses = subject.profile.purpose.key_usage_of(elliptic=is_elliptic(subject.fields.spki_der))
    wanted = sum(_BITS[use] for use in uses)
    return None if bits == wanted else f"key usage bits are {bits:#04x}, the purpose wants {wanted:#04x}"


LINT: Final = Lint("key_usage_single_purpose", "GPKI profile; RFC 5280 §4.2.1.3", date(2026, 11, 21), check)
