"""Writes certificates to the card and reads them back (SP 800-73-4 part 1 appendix A, table 10 onwards)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from hardware.errors import CardAnswerWrong, ReadBackDiffers, TlvError
from hardware.piv import CERTIFICATE_OBJECTS
from hardware.scripts.steps import read_object, write_object
from hardware.tlv import build, find, require

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hardware.piv import Slot
    from hardware.scripts.script import Script

_CERTIFICATE: Final = 0x70
_CERTIFICATE_INFO: Final = 0x71
_ERROR_DETECTION: Final = 0xFE
_COMPRESSED_BIT: Final = 0x01
_GZIP: Final = 16 + zlib.MAX_WBITS
_SIZE_LIMIT: Final = 65536


def write_certificate(slot: Slot, der: bytes) -> Script[None]:
    """Write a certificate beside its key, uncompressed; running it again writes the same again.

    Wants the management key proven in this session.
    """
    content = build(_CERTIFICATE, der) + build(_CERTIFICATE_INFO, b"\0") + build(_ERROR_DETECTION)
    yield from write_object(CERTIFICATE_OBJECTS[slot], content)


def read_certificate(slot: Slot) -> Script[bytes | None]:
    """Read a slot's certificate as DER, None when there is none; wants the application selected, no secret."""
    content = yield from read_object(CERTIFICATE_OBJECTS[slot])
    if content is None:
        return None
    try:
        der = require(content, _CERTIFICATE)
        info = find(content, _CERTIFICATE_INFO) or b"\0"
        return _uncompressed(der) if info[0] & _COMPRESSED_BIT else der
    except (TlvError, zlib.error) as error:
        raise CardAnswerWrong(f"The certificate object of slot {slot:X} is not well formed.") from error


def verify_read_back(expected: Mapping[Slot, bytes]) -> Script[None]:
    """Read every expected certificate and compare it with what was issued; raises ReadBackDiffers.

    Wants the application selected, no secret; harmless to run again.
    """
    for slot, der in expected.items():
        if (yield from read_certificate(slot)) != der:
            raise ReadBackDiffers(f"The certificate in slot {slot:X} is not the one issued for it.")


def _uncompressed(packed: bytes) -> bytes:
    """Unpack gzip, but never more than a certificate can be."""
    unpacker = zlib.decompressobj(_GZIP)
    der = unpacker.decompress(packed, _SIZE_LIMIT)
    if not unpacker.eof:
        raise TlvError("The compressed certificate is cut short or far too long.")
    return der
