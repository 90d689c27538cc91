"""Reads and writes the Card Holder Unique Identifier (SP 800-73-4 part 1 §3.1.2), whose GUID is our chip serial.

The FASC-N of an issuer outside the US government is made of nines (SP 800-73-4 part 1 §3.1.2, "non-federal").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hardware.errors import TlvError
from hardware.tlv import build, require

if TYPE_CHECKING:
    from datetime import date

GUID_LENGTH: Final = 16

_TAG_FASC_N: Final = 0x30
_TAG_GUID: Final = 0x34
_TAG_EXPIRATION: Final = 0x35
_TAG_SIGNATURE: Final = 0x3E
_TAG_ERROR_DETECTION: Final = 0xFE

# Start sentinel, field separator, end sentinel: digits 11, 13 and 15 of the ISO 7811 5-bit code.
_FASC_N_DIGITS: Final = (
    (11, *(9,) * 4, 13, *(9,) * 4, 13, *(9,) * 6, 13, 0, 13, 1, 13) + (0,) * 10 + (3,) + (0,) * 4 + (1, 15)
)


def _five_bits(digit: int) -> str:
    bits = f"{digit:04b}"[::-1]
    return bits + str((bits.count("1") + 1) % 2)


def fasc_n() -> bytes:
    """Return the 25 bytes of the FASC-N, each digit as five bits with odd parity, closed by its check digit."""
    check = 0
    for digit in _FASC_N_DIGITS:
        check ^= digit
    bits = "".join(_five_bits(digit) for digit in (*_FASC_N_DIGITS, check))
    return int(bits, 2).to_bytes(25, "big")


def build_chuid(guid: bytes, expires: date) -> bytes:
    """Return the value of a CHUID object; the issuer's signature is left empty, since the registry keeps the link."""
    if len(guid) != GUID_LENGTH:
        raise TlvError("A GUID has 16 bytes.")
    return b"".join(
        (
            build(_TAG_FASC_N, fasc_n()),
            build(_TAG_GUID, guid),
            build(_TAG_EXPIRATION, f"{expires:%Y%m%d}".encode("ascii")),
            build(_TAG_SIGNATURE),
            build(_TAG_ERROR_DETECTION),
        )
    )


def guid_of(chuid: bytes) -> bytes:
    """Return the 16-byte GUID of a CHUID object's value; refuses one without."""
    guid = require(chuid, _TAG_GUID)
    if len(guid) != GUID_LENGTH:
        raise TlvError("A GUID has 16 bytes.")
    return guid
