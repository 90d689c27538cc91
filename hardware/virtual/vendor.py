"""The commands that Yubico added to PIV and documents openly; the virtual card has them so that one script fits both.

GET METADATA (F7), GET SERIAL (F8), GET VERSION (FD), SET MANAGEMENT KEY (FF). A card whose `answers_metadata` is
false answers 6D00 to F7, as older cards do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hardware.apdu import ResponseApdu
from hardware.piv import (
    FACTORY_MANAGEMENT_KEY,
    FACTORY_PIN,
    FACTORY_PUK,
    MANAGEMENT_KEY_LENGTHS,
    Algorithm,
    Reference,
    Slot,
    Sw,
)
from hardware.secrets_of_card import encode_pin, encode_puk
from hardware.tlv import build
from hardware.virtual.key_operations import private_key, public_template
from hardware.virtual.power import SUCCESS, Refused

if TYPE_CHECKING:
    from hardware.apdu import CommandApdu
    from hardware.virtual.power import PoweredCard
    from hardware.virtual.state import Secret

VERSION: Final = bytes((5, 7, 0))
SERIAL_LENGTH: Final = 4
_PIN_ALGORITHM: Final = b"\xff"
_GENERATED: Final = b"\x01"
_NO_TOUCH: Final = 0x01
_PIN_POLICIES: Final = {
    Slot.AUTHENTICATION: 2,
    Slot.SIGNATURE: 3,
    Slot.ENCIPHERMENT: 2,
    Slot.CARD_AUTHENTICATION: 1,
}
_TOUCH_CHOICES: Final = {0xFF, 0xFE}


def get_version(_: PoweredCard, __: CommandApdu) -> ResponseApdu:
    """Answer with the version of the vendor commands that are understood."""
    return ResponseApdu(VERSION, Sw.SUCCESS)


def get_serial(card: PoweredCard, _: CommandApdu) -> ResponseApdu:
    """Answer with the last four bytes of the chip serial number."""
    return ResponseApdu(card.state.csn[-SERIAL_LENGTH:], Sw.SUCCESS)


def set_management_key(card: PoweredCard, command: CommandApdu) -> ResponseApdu:
    """Replace the management key, after the old one was proven."""
    card.require_management()
    if command.p1 != max(_TOUCH_CHOICES) or command.p2 not in _TOUCH_CHOICES:
        raise Refused(Sw.WRONG_P1_P2)
    head, value = command.data[:3], command.data[3:]
    lengths = {int(algorithm): length for algorithm, length in MANAGEMENT_KEY_LENGTHS.items()}
    well_formed = len(head) == len(b"\0\0\0") and head[1] == Reference.MANAGEMENT and head[2] == len(value)
    if not well_formed or lengths.get(head[0]) != len(value):
        raise Refused(Sw.WRONG_DATA)
    card.state.management_algorithm, card.state.management_key = Algorithm(head[0]), value
    return SUCCESS


def get_metadata(card: PoweredCard, command: CommandApdu) -> ResponseApdu:
    """Tell what a reference or slot holds: algorithm, tries, whether still the factory's, public key."""
    if not card.state.answers_metadata:
        raise Refused(Sw.INS_UNSUPPORTED)
    if command.p1:
        raise Refused(Sw.WRONG_P1_P2)
    state = card.state
    if command.p2 == Reference.PIN:
        return _about_secret(state.pin, encode_pin(FACTORY_PIN))
    if command.p2 == Reference.PUK:
        return _about_secret(state.puk, encode_puk(FACTORY_PUK))
    if command.p2 == Reference.MANAGEMENT:
        is_default = state.management_key == FACTORY_MANAGEMENT_KEY
        head = build(0x01, bytes([state.management_algorithm])) + build(0x02, bytes([0, _NO_TOUCH]))
        return ResponseApdu(head + build(0x05, bytes([is_default])), Sw.SUCCESS)
    if command.p2 in set(Slot):
        return _about_key(card, Slot(command.p2))
    raise Refused(Sw.REFERENCE_NOT_FOUND)


def _about_secret(secret: Secret, factory: bytes) -> ResponseApdu:
    is_default = bytes([secret.value == factory])
    tries = bytes([secret.limit, secret.left])
    return ResponseApdu(
        build(0x01, _PIN_ALGORITHM) + build(0x05, is_default) + build(0x06, tries), Sw.SUCCESS
    )


def _about_key(card: PoweredCard, slot: Slot) -> ResponseApdu:
    key = private_key(card, slot)
    head = build(0x01, bytes([card.state.keys[slot].algorithm]))
    policies = build(0x02, bytes([_PIN_POLICIES[slot], _NO_TOUCH]))
    return ResponseApdu(
        head + policies + build(0x03, _GENERATED) + build(0x04, public_template(key)), Sw.SUCCESS
    )
