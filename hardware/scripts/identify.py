"""Finds out which chip is in the reader and how it stands, without any secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hardware.apdu import CommandApdu
from hardware.chuid import GUID_LENGTH, guid_of
from hardware.errors import CardAnswerWrong, TlvError
from hardware.piv import CERTIFICATE_OBJECTS, DataObject, Ins, Reference, Slot
from hardware.scripts.steps import ALL, read_object, select, standing_of

if TYPE_CHECKING:
    from hardware.scripts.script import Script


@dataclass(frozen=True, slots=True)
class CardIdentity:
    """A chip as it presents itself.

    `csn` is its serial number, 32 lower-case hex digits. Counters are None where the card does not tell them;
    `is_factory_fresh` likewise tells whether PIN and PUK are still the factory's.
    """

    csn: str
    has_chuid: bool
    pin_tries: int | None
    puk_tries: int | None
    is_factory_fresh: bool | None
    certificates: frozenset[Slot]


def identify() -> Script[CardIdentity]:
    """Select the application and read who is there; harmless to run at any time."""
    csn, has_chuid = yield from _serial_number()
    pin = yield from standing_of(Reference.PIN)
    puk = yield from standing_of(Reference.PUK)
    found = set()
    for slot, tag in CERTIFICATE_OBJECTS.items():
        if (yield from read_object(tag)) is not None:
            found.add(slot)
    known = pin.is_factory is not None and puk.is_factory is not None
    fresh = (pin.is_factory and puk.is_factory) if known else None
    return CardIdentity(csn, has_chuid, pin.left, puk.left, fresh, frozenset(found))


def read_csn() -> Script[str]:
    """Select the application and read the chip serial number alone."""
    csn, _ = yield from _serial_number()
    return csn


def _serial_number() -> Script[tuple[str, bool]]:
    """Take the GUID of the CHUID, or of a chip without one the maker's serial, filled up with zeros.

    `hardware.scripts.card_number.write_chuid` writes that same number into the CHUID, so it stays the same.
    """
    yield from select()
    chuid = yield from read_object(DataObject.CHUID)
    if chuid is not None:
        try:
            return guid_of(chuid).hex(), True
        except TlvError as error:
            raise CardAnswerWrong("The card's CHUID is not well formed.") from error
    response = yield CommandApdu(0, Ins.GET_SERIAL, 0, 0, le=ALL)
    if not response.is_success or not 0 < len(response.data) <= GUID_LENGTH:
        raise CardAnswerWrong("The card has neither a CHUID nor a serial number.")
    return response.data.rjust(GUID_LENGTH, b"\0").hex(), False
