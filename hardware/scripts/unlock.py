"""Gives the holder a PIN by means of the PUK: at activation, and when a PIN is blocked or forgotten.

A PUK is used once: the same script replaces it (design: the PUK never reaches the user). The caller stores the next
PUK BEFORE it starts, and forgets the current one after the script has ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hardware.apdu import CommandApdu
from hardware.errors import SecretRefused
from hardware.piv import FACTORY_PUK, Ins, Reference, Sw, tries_left
from hardware.scripts.steps import change_reference, old_or_new_first, require_success, select, standing_of
from hardware.secrets_of_card import encode_pin, encode_puk

if TYPE_CHECKING:
    from hardware.scripts.script import Script

_DOING: Final = "set the PIN by its PUK"


@dataclass(frozen=True, slots=True)
class PukChange:
    """The PUK that the card should hold now, and the one that follows it; neither shows in the repr."""

    current: str = field(repr=False)
    following: str = field(repr=False)


def activate(puk: PukChange, new_pin: str) -> Script[None]:
    """Set the holder's first PIN and replace the PUK (rule ACT-01); the PIN's counter is full afterwards.

    Run again after an interruption, with the same `puk`: the PIN is set anew, so `new_pin` may even be another one.
    The current PUK is tried first and the following one if it is refused, or the other way round when the counter
    shows that an earlier run had one refused: at most one wrong try, and never the last one.

    Raises SecretRefused when the card holds neither PUK, or has too few tries left to find out; the card is then to be
    put aside, since its PUK cannot be mended.
    """
    yield from select()
    current, following = encode_puk(puk.current), encode_puk(puk.following)
    standing = yield from standing_of(Reference.PUK)
    order = old_or_new_first(standing, current, following, factory=encode_puk(FACTORY_PUK))
    used = yield from _set_pin_with_either(order, encode_pin(new_pin))
    if used == current != following:
        response = yield from change_reference(Reference.PUK, current, following)
        require_success("replace its PUK", response)


def unblock(puk: PukChange, new_pin: str) -> Script[None]:
    """Set a new PIN on a card whose PIN is blocked or forgotten (rule PIN-02); on the wire it is `activate`."""
    yield from activate(puk, new_pin)


def _set_pin_with_either(order: tuple[bytes, bytes], new_pin: bytes) -> Script[bytes]:
    for candidate in order:
        response = yield CommandApdu(0, Ins.RESET_RETRY_COUNTER, 0, Reference.PIN, candidate + new_pin)
        if response.is_success:
            return candidate
        if not tries_left(response.sw):
            require_success(_DOING, response)
    left = tries_left(response.sw) or 0
    raise SecretRefused(_DOING, Sw.TRIES_LEFT | left, left)
