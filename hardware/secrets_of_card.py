"""Makes and checks the three secrets of a card: PIN, PUK and management key (SP 800-73-4 part 2 §2.4.3).

Randomness is passed in (`secrets.randbelow`, `secrets.token_bytes`), so that a resumed conversation can derive
the same values from its session secret. No secret made here is one that a person would try first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from hardware.errors import HardwareError
from hardware.piv import (
    FACTORY_MANAGEMENT_KEY,
    FACTORY_PIN,
    FACTORY_PUK,
    MANAGEMENT_KEY_LENGTHS,
    PIN_LENGTH,
    Algorithm,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PUK_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # Without signs that look alike.
_PIN_SHAPE: Final = re.compile(r"[0-9]{6,8}", re.ASCII)
_FEWEST_DIFFERENT: Final = 3
_DES_PART: Final = 8
_PADDING: Final = b"\xff"


class SecretMalformed(HardwareError):  # noqa: N818 - named as the finding it is
    """A PIN, PUK or management key does not have the form that the card wants; nothing was sent to the card."""


@dataclass(frozen=True, slots=True)
class ManagementKey:
    """The key that opens the card to its maker (9B): never shown, and kept out of the repr."""

    algorithm: Algorithm
    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if MANAGEMENT_KEY_LENGTHS.get(self.algorithm) != len(self.value):
            raise SecretMalformed("The management key's length does not fit its algorithm.")


FACTORY_KEY: Final = ManagementKey(Algorithm.AES_192, FACTORY_MANAGEMENT_KEY)


def encode_pin(pin: str) -> bytes:
    """Return the eight bytes of a PIN of 6 to 8 digits, padded with FF (rules PIN-02, PCH-01)."""
    if not _PIN_SHAPE.fullmatch(pin):
        raise SecretMalformed("A PIN is 6 to 8 digits.")
    return pin.encode("ascii").ljust(PIN_LENGTH, _PADDING)


def encode_puk(puk: str) -> bytes:
    """Return the eight bytes of a PUK of 6 to 8 ASCII letters and digits, padded with FF."""
    if not puk.isascii() or not puk.isalnum() or not PIN_LENGTH - 2 <= len(puk) <= PIN_LENGTH:
        raise SecretMalformed("A PUK is 6 to 8 letters and digits.")
    return puk.encode("ascii").ljust(PIN_LENGTH, _PADDING)


def is_trivial(pin: str) -> bool:
    """Whether a PIN is one of those tried first: few digits, a run, a repeated block, or the factory's."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    repeated = any(pin == (pin[:size] * len(pin))[: len(pin)] for size in range(1, len(pin) // 2 + 1))
    few = len(set(pin)) < _FEWEST_DIFFERENT
    return few or repeated or len(steps) == 1 or pin in {FACTORY_PIN, FACTORY_PUK}


def new_pin(randbelow: Callable[[int], int], length: int = PIN_LENGTH) -> str:
    """Make a random PIN of `length` digits that is not trivial (rule CRD-02)."""
    if not PIN_LENGTH - 2 <= length <= PIN_LENGTH:
        raise SecretMalformed("A PIN is 6 to 8 digits.")
    while True:
        pin = "".join(str(randbelow(10)) for _ in range(length))
        if not is_trivial(pin):
            return pin


def new_puk(randbelow: Callable[[int], int]) -> str:
    """Make a random PUK of eight letters and digits; no person ever types or sees it."""
    while True:
        puk = "".join(PUK_ALPHABET[randbelow(len(PUK_ALPHABET))] for _ in range(PIN_LENGTH))
        if len(set(puk)) >= _FEWEST_DIFFERENT and puk != FACTORY_PUK:
            return puk


def new_management_key(
    token_bytes: Callable[[int], bytes], algorithm: Algorithm = Algorithm.AES_192
) -> ManagementKey:
    """Make a random management key; for 3DES one whose three parts differ, since cards refuse the others."""
    while True:
        key = ManagementKey(algorithm, token_bytes(MANAGEMENT_KEY_LENGTHS[algorithm]))
        value = key.value
        parts = {value[at : at + _DES_PART] for at in range(0, len(value), _DES_PART)}
        if value != FACTORY_MANAGEMENT_KEY and len(parts) == len(value) // _DES_PART:
            return key
