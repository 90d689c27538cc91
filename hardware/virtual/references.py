"""VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER of the virtual card (SP 800-73-4 part 2 §3.2)."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Final

from hardware.piv import PIN_LENGTH, Reference, Sw
from hardware.virtual.power import SUCCESS, Refused

if TYPE_CHECKING:
    from hardware.apdu import CommandApdu, ResponseApdu
    from hardware.virtual.power import PoweredCard
    from hardware.virtual.state import Secret

_RESET_STATUS: Final = 0xFF
_PIN_FORM: Final = re.compile(rb"[0-9]{6,8}\xff{0,2}")
_PUK_FORM: Final = re.compile(rb"[^\xff]{6,8}\xff{0,2}", re.DOTALL)


def verify(card: PoweredCard, command: CommandApdu) -> ResponseApdu:
    """Check the PIN, tell how many tries are left (no data), or forget that it was checked (P1 = FF)."""
    if command.p2 != Reference.PIN:
        raise Refused(Sw.REFERENCE_NOT_FOUND)
    if command.p1 == _RESET_STATUS and not command.data:
        card.pin_verified = False
        return SUCCESS
    if command.p1:
        raise Refused(Sw.WRONG_P1_P2)
    if not command.data:
        return _status(card)
    card.pin_verified = False
    _check(card.state.pin, _formed(command.data, _PIN_FORM))
    card.pin_verified = card.pin_just_verified = True
    return SUCCESS


def change_reference_data(card: PoweredCard, command: CommandApdu) -> ResponseApdu:
    """Replace the PIN or the PUK by a new one, proving the old one; presenting it to 9C it is not."""
    if command.p1:
        raise Refused(Sw.WRONG_P1_P2)
    secrets = {Reference.PIN: card.state.pin, Reference.PUK: card.state.puk}
    secret = secrets.get(Reference(command.p2)) if command.p2 in secrets else None
    if secret is None:
        raise Refused(Sw.REFERENCE_NOT_FOUND)
    form = _PIN_FORM if command.p2 == Reference.PIN else _PUK_FORM
    old, new = _two_halves(command.data)
    _formed(new, form)
    if command.p2 == Reference.PIN:
        # A wrong one also takes back what was proven before (SP 800-73-4 part 2 §3.2.2).
        card.pin_verified = False
    _check(secret, old)
    secret.value = new
    if command.p2 == Reference.PIN:
        card.pin_verified = True
    return SUCCESS


def reset_retry_counter(card: PoweredCard, command: CommandApdu) -> ResponseApdu:
    """Set a new PIN and free its counter, proving the PUK; the PIN still has to be presented afterwards."""
    if command.p1:
        raise Refused(Sw.WRONG_P1_P2)
    if command.p2 != Reference.PIN:
        raise Refused(Sw.REFERENCE_NOT_FOUND)
    puk, new = _two_halves(command.data)
    _formed(new, _PIN_FORM)
    _check(card.state.puk, puk)
    card.state.pin.value = new
    card.state.pin.left = card.state.pin.limit
    return SUCCESS


def _status(card: PoweredCard) -> ResponseApdu:
    if card.state.pin.left == 0:
        raise Refused(Sw.BLOCKED)
    if card.pin_verified:
        return SUCCESS
    raise Refused(Sw.TRIES_LEFT | card.state.pin.left)


def _check(secret: Secret, given: bytes) -> None:
    """Compare in constant time; count a wrong one down, and a right one back up to the limit."""
    if secret.left == 0:
        raise Refused(Sw.BLOCKED)
    if not hmac.compare_digest(secret.value, given):
        secret.left -= 1
        raise Refused(Sw.TRIES_LEFT | secret.left)
    secret.left = secret.limit


def _formed(value: bytes, form: re.Pattern[bytes]) -> bytes:
    """Refuse what cannot be a secret, without counting it as a try (SP 800-73-4 part 2 §2.4.3)."""
    if len(value) != PIN_LENGTH or not form.fullmatch(value):
        raise Refused(Sw.WRONG_DATA)
    return value


def _two_halves(data: bytes) -> tuple[bytes, bytes]:
    if len(data) != 2 * PIN_LENGTH:
        raise Refused(Sw.WRONG_DATA)
    return data[:PIN_LENGTH], data[PIN_LENGTH:]
