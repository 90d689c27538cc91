"""Takes a blank card into the registry's hands: its PIN, PUK and management key become ours (rule CRD-02).

The random PIN is known to the manufacturing session alone, which needs it to try the keys out; it is never stored in
clear or printed, and activation overwrites it. The caller stores all three new secrets (sealed) BEFORE it starts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hardware.apdu import CommandApdu
from hardware.errors import CardAnswerWrong, ManagementKeyRefused, SecretRefused, TlvError
from hardware.piv import (
    FACTORY_PIN,
    FACTORY_PUK,
    MANAGEMENT_KEY_LENGTHS,
    Algorithm,
    Ins,
    Reference,
    Sw,
    tries_left,
)
from hardware.scripts.authenticate_management import prove_management_key
from hardware.scripts.steps import (
    change_reference,
    old_or_new_first,
    read_metadata,
    require_success,
    select,
    standing_of,
    verify_pin,
)
from hardware.secrets_of_card import FACTORY_KEY, ManagementKey, encode_pin, encode_puk
from hardware.tlv import find

if TYPE_CHECKING:
    from hardware.scripts.script import Script

_KEEP_TOUCH_OFF: Final = 0xFF


@dataclass(frozen=True, slots=True)
class CardSecrets:
    """The three secrets of one card; none of them shows in the repr."""

    pin: str = field(repr=False)
    puk: str = field(repr=False)
    management_key: ManagementKey = field(repr=False)


FACTORY_SECRETS: Final = CardSecrets(FACTORY_PIN, FACTORY_PUK, FACTORY_KEY)


def set_secrets(new: CardSecrets, challenge: bytes, old: CardSecrets = FACTORY_SECRETS) -> Script[None]:
    """Replace PIN, then PUK, then management key; afterwards the session is open for writing.

    Run again after an interruption, with the same `new` and a fresh challenge: the management key goes last, so a
    card that accepts the new one is done, and only the PIN is presented to make sure. Otherwise PIN and PUK are each
    either old or new; which is asked of the card, or tried with at most one wrong try each, never the last one.

    Raises ManagementKeyRefused when the card holds neither key: it is not the card that the intent was stored for.
    Raises SecretRefused when a PIN or PUK is neither old nor new, or has too few tries left to find out.
    """
    yield from select()
    try:
        yield from prove_management_key(new.management_key, challenge)
    except ManagementKeyRefused:
        old_key = yield from as_the_card_holds_it(old.management_key)
        yield from prove_management_key(old_key, challenge)
        yield from _replace(Reference.PIN, encode_pin(old.pin), encode_pin(new.pin), encode_pin(FACTORY_PIN))
        yield from _replace(Reference.PUK, encode_puk(old.puk), encode_puk(new.puk), encode_puk(FACTORY_PUK))
        yield from set_management_key(new.management_key)
        yield from prove_management_key(new.management_key, challenge)
    yield from verify_pin(new.pin)


def as_the_card_holds_it(key: ManagementKey) -> Script[ManagementKey]:
    """Give the old key the cipher that the card names: the same factory bytes served 3DES first, AES-192 later."""
    metadata = yield from read_metadata(Reference.MANAGEMENT)
    if metadata is None:
        return key
    try:
        named = find(metadata, 0x01)
    except TlvError as error:
        raise CardAnswerWrong("The card's metadata is not well formed.") from error
    for algorithm in (Algorithm.TRIPLE_DES, Algorithm.AES_192):
        fits = len(key.value) == MANAGEMENT_KEY_LENGTHS[algorithm]
        if named == bytes([algorithm]) and fits:
            return ManagementKey(algorithm, key.value)
    return key


def _replace(reference: Reference, old: bytes, new: bytes, factory: bytes) -> Script[None]:
    """Make a PIN or PUK the new one, whichever of the two it is now."""
    standing = yield from standing_of(reference)
    doing = f"replace its {reference.name}"
    for candidate in old_or_new_first(standing, old, new, factory=factory):
        response = yield from change_reference(reference, candidate, new)
        if response.is_success:
            return
        if not tries_left(response.sw):
            require_success(doing, response)
    left = tries_left(response.sw) or 0
    raise SecretRefused(doing, Sw.TRIES_LEFT | left, left)


def set_management_key(key: ManagementKey) -> Script[None]:
    """Replace the management key; the old one must have been proven in this session. Harmless to run again."""
    data = bytes([key.algorithm, Reference.MANAGEMENT, len(key.value)]) + key.value
    response = yield CommandApdu(0, Ins.SET_MANAGEMENT_KEY, 0xFF, _KEEP_TOUCH_OFF, data)
    require_success("replace its management key", response)
