"""Makes a card unusable for good, as far as PIV allows, and verifies that it is.

PUK and PIN are blocked first, so that a torn run already leaves a card that signs nothing; then each private key is
overwritten by one that nobody will certify, the certificates and the card number are taken off, and the management key
is replaced by one that the caller throws away. The chip's serial number stays: the account needs it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hardware.apdu import CommandApdu
from hardware.errors import CardRefused, ManagementKeyRefused, NotRetired
from hardware.piv import CERTIFICATE_OBJECTS, Algorithm, DataObject, Ins, Reference, Slot, Sw, tries_left
from hardware.scripts.authenticate_management import prove_management_key
from hardware.scripts.identify import read_csn
from hardware.scripts.set_secrets import as_the_card_holds_it, set_management_key
from hardware.scripts.steps import ABSENT, ALL, read_metadata, read_object, require_success, write_object
from hardware.secrets_of_card import encode_pin, encode_puk
from hardware.tlv import build

if TYPE_CHECKING:
    from collections.abc import Callable

    from hardware.scripts.script import Script
    from hardware.secrets_of_card import ManagementKey

MOST_TRIES: Final = 520  # A counter holds up to 255; should one guess be right, it starts anew once.
CLEARED: Final = (*CERTIFICATE_OBJECTS.values(), DataObject.CARD_NUMBER, DataObject.PRINTED_INFORMATION)
_GUESSES: Final = ("00000000", "99999999")


@dataclass(frozen=True, slots=True)
class Retirement:
    """What is needed to retire a card; without the management key (None) only PIN and PUK can be blocked.

    `final_key` is one that nobody will know: random, or made of a key that is forgotten when the card is done. A run is
    resumed with the same one.
    """

    management_key: ManagementKey | None = field(repr=False)
    final_key: ManagementKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Retired:
    """What was done and verified: PIN and PUK are blocked; `is_complete` says that keys and certificates are gone."""

    csn: str
    overwritten: tuple[Slot, ...]
    is_complete: bool


def retire(order: Retirement, challenge: bytes) -> Script[Retired]:
    """Make the card unusable; running it again with the same order finishes what was torn.

    `challenge` is 16 fresh random bytes. Raises NotRetired when something is found still usable afterwards,
    ManagementKeyRefused when the card holds another management key: PIN and PUK are blocked by then.
    """
    csn = yield from read_csn()
    yield from _block(Reference.PUK, _try_puk)
    yield from _block(Reference.PIN, _try_pin)
    if order.management_key is None:
        return Retired(csn, (), is_complete=False)
    current = yield from as_the_card_holds_it(order.management_key)
    held = yield from _prove_either(current, order.final_key, challenge)
    slots = yield from _slots_with_keys()
    for slot in slots:
        yield from _overwrite(slot)
    for tag in CLEARED:
        yield from _clear(tag)
    if held != order.final_key:
        yield from set_management_key(order.final_key)
    yield from prove_management_key(order.final_key, challenge)
    yield from _verify_retired()
    return Retired(csn, slots, is_complete=True)


def _try_pin(guess: str) -> CommandApdu:
    return CommandApdu(0, Ins.VERIFY, 0, Reference.PIN, encode_pin(guess))


def _try_puk(guess: str) -> CommandApdu:
    new_pin = encode_pin(_GUESSES[0])
    return CommandApdu(0, Ins.RESET_RETRY_COUNTER, 0, Reference.PIN, encode_puk(guess) + new_pin)


def _block(reference: Reference, attempt: Callable[[str], CommandApdu]) -> Script[None]:
    """Spend the tries of a PIN or PUK; should a guess be right by accident, go on with another."""
    guess, other = _GUESSES
    for _ in range(MOST_TRIES):
        response = yield attempt(guess)
        if response.sw == Sw.BLOCKED:
            return
        if response.is_success:
            guess, other = other, guess
        elif tries_left(response.sw) is None:
            raise CardRefused(f"have its {reference.name} blocked", response.sw)
    raise NotRetired(f"The card's {reference.name} cannot be blocked.")


def _prove_either(current: ManagementKey, final: ManagementKey, challenge: bytes) -> Script[ManagementKey]:
    try:
        yield from prove_management_key(current, challenge)
    except ManagementKeyRefused as refusal:
        try:
            yield from prove_management_key(final, challenge)
        except ManagementKeyRefused:
            raise refusal from None
        return final
    return current


def _slots_with_keys() -> Script[tuple[Slot, ...]]:
    """Find the slots that hold a key; a card that does not tell is taken to have one in each."""
    if (yield from read_metadata(Reference.PIN)) is None:
        return tuple(Slot)
    found = set()
    for slot in Slot:
        if (yield from read_metadata(slot)) is not None:
            found.add(slot)
    return tuple(sorted(found))


def _overwrite(slot: Slot) -> Script[None]:
    """Make another key in the slot, the quickest that the card makes; PIV has no command that only erases one."""
    for algorithm in (Algorithm.P256, Algorithm.RSA_2048):
        template = build(0xAC, build(0x80, bytes([algorithm])))
        response = yield CommandApdu(0, Ins.GENERATE_ASYMMETRIC_KEY_PAIR, 0, slot, template, ALL)
        if response.sw not in ABSENT:
            break
    require_success(f"overwrite the key in slot {slot:X}", response)


def _clear(tag: DataObject) -> Script[None]:
    """Empty an object; one that the card never had, and does not let us write, is empty already."""
    try:
        yield from write_object(tag, b"")
    except CardRefused as refusal:
        if refusal.sw not in ABSENT and refusal.sw != Sw.WRONG_P1_P2:
            raise


def _verify_retired() -> Script[None]:
    for slot, tag in CERTIFICATE_OBJECTS.items():
        if (yield from read_object(tag)) is not None:
            raise NotRetired(f"The certificate in slot {slot:X} is still there.")
    if (yield from read_object(DataObject.CARD_NUMBER)) is not None:
        raise NotRetired("The card number is still there.")
    for reference, attempt in ((Reference.PIN, _try_pin), (Reference.PUK, _try_puk)):
        if (yield attempt(_GUESSES[0])).sw != Sw.BLOCKED:
            raise NotRetired(f"The card's {reference.name} is not blocked.")
