"""Writes into the card which card it is: the printed card number, and the chip's own serial where it lacks one.

The number goes into the Printed Information object (SP 800-73-4 part 1 table 15, tag 05), where other software looks
but only after the PIN, and into an object of ours that is free to read, so that a card can be shown before any PIN is
entered (rules CRD-09, VEW-01). Our numbers have 16 characters where the standard foresees 10: readers cope.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hardware.chuid import build_chuid
from hardware.errors import CardAnswerWrong, CardRefused, HardwareError, TlvError
from hardware.piv import DataObject, Sw
from hardware.scripts.steps import read_object, write_object
from hardware.tlv import build, find

if TYPE_CHECKING:
    from datetime import date

    from hardware.scripts.script import Script

CARD_NUMBER_SHAPE: Final = re.compile(r"[A-Za-z]{2}[0-9]{14}", re.ASCII)
_SERIAL_NUMBER: Final = 0x05
_ERROR_DETECTION: Final = 0xFE


class CardNumberMalformed(HardwareError):  # noqa: N818 - named as the finding it is
    """A card number is two letters and fourteen digits."""


def write_card_number(number: str) -> Script[None]:
    """Write the card number; running it again writes the same again.

    Wants the management key proven in this session. A card without room for our own object keeps the printed one.
    """
    if not CARD_NUMBER_SHAPE.fullmatch(number):
        raise CardNumberMalformed("A card number is two letters and fourteen digits.")
    content = build(_SERIAL_NUMBER, number.encode("ascii")) + build(_ERROR_DETECTION)
    yield from write_object(DataObject.PRINTED_INFORMATION, content)
    try:
        yield from write_object(DataObject.CARD_NUMBER, content)
    except CardRefused as refusal:
        if refusal.sw not in {Sw.NOT_FOUND, Sw.WRONG_DATA, Sw.FUNCTION_UNSUPPORTED, Sw.WRONG_P1_P2}:
            raise


def read_card_number() -> Script[str | None]:
    """Read the card number, from the printed information only if the PIN was presented; None when not to be had."""
    for tag in (DataObject.CARD_NUMBER, DataObject.PRINTED_INFORMATION):
        try:
            content = yield from read_object(tag)
        except CardRefused as refusal:
            if refusal.sw != Sw.SECURITY_STATUS:
                raise
            continue
        if content is not None:
            return _number_in(content)
    return None


def write_chuid(csn: str, expires: date) -> Script[None]:
    """Give a chip that has none a CHUID whose GUID is its serial number as `identify` named it.

    Wants the management key proven in this session; running it again writes the same again.
    """
    yield from write_object(DataObject.CHUID, build_chuid(bytes.fromhex(csn), expires))


def _number_in(content: bytes) -> str | None:
    try:
        value = find(content, _SERIAL_NUMBER)
        return value.decode("ascii") if value else None
    except (TlvError, UnicodeDecodeError) as error:
        raise CardAnswerWrong("The card number on the card is not well formed.") from error
