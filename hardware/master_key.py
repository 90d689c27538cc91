"""Derives the management key and the PUKs of each card from one master key, so that no card opens another.

The derivation is SP 800-108 in counter mode with CMAC and AES-256, which tokens can do inside (PKCS#11 AES-CMAC): a
`MasterKey` that never leaves its token can take the place of the one in software. The initial PIN is not derived: it is
random, and nobody knows it (rule CRD-02).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFCMAC, CounterLocation, Mode

from hardware.piv import Algorithm
from hardware.scripts.unlock import PukChange
from hardware.secrets_of_card import ManagementKey, SecretMalformed, new_management_key, new_puk

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_LENGTH: Final = 32
_COUNTER_BYTES: Final = 4
_BYTE_VALUES: Final = 256
_MANAGEMENT: Final = b"guanfang card management key"
_PUK: Final = b"guanfang card puk"


class MasterKey(Protocol):
    """A key that others are derived from, wherever it is kept."""

    @property
    def name(self) -> str:
        """Which master key this is; stored with each card, since an older one stays in use for older cards."""
        ...

    def derive(self, label: bytes, context: bytes, length: int) -> bytes:
        """Derive `length` bytes by SP 800-108; the same arguments give the same bytes."""
        ...


@dataclass(frozen=True, slots=True)
class SoftwareMasterKey:
    """A `MasterKey` of 32 bytes in this program's memory; it does not show in the repr."""

    name: str
    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) != KEY_LENGTH:
            raise SecretMalformed("A master key has 32 bytes.")

    @classmethod
    def generate(cls, name: str, token_bytes: Callable[[int], bytes]) -> SoftwareMasterKey:
        """Make a random one."""
        return cls(name, token_bytes(KEY_LENGTH))

    def derive(self, label: bytes, context: bytes, length: int) -> bytes:
        """Derive `length` bytes."""
        function = KBKDFCMAC(
            algorithm=AES,
            mode=Mode.CounterMode,
            length=length,
            rlen=_COUNTER_BYTES,
            llen=_COUNTER_BYTES,
            location=CounterLocation.BeforeFixed,
            label=label,
            context=context,
            fixed=None,
        )
        return function.derive(self.value)


@dataclass(frozen=True, slots=True)
class KeysOfCard:
    """The derived secrets of one chip, named by its serial number (`identify`)."""

    master: MasterKey = field(repr=False)
    csn: str

    def management_key(self, algorithm: Algorithm = Algorithm.AES_192) -> ManagementKey:
        """Return the chip's management key for a cipher."""
        context = bytes.fromhex(self.csn) + bytes([algorithm])
        return new_management_key(_Stream(self.master, _MANAGEMENT, context).take, algorithm)

    def puk(self, generation: int) -> str:
        """Return the PUK that the chip holds after it was changed `generation` times; 0 is the first of ours."""
        context = bytes.fromhex(self.csn) + generation.to_bytes(_COUNTER_BYTES, "big")
        return new_puk(_Stream(self.master, _PUK, context).below)

    def puk_change(self, generation: int) -> PukChange:
        """Return the PUK to use now and the one that takes its place; the caller counts the generation up afterwards."""
        return PukChange(self.puk(generation), self.puk(generation + 1))


class _Stream:
    """Derived bytes in the place of random ones: each call takes new ones."""

    def __init__(self, master: MasterKey, label: bytes, context: bytes) -> None:
        self._master = master
        self._label = label
        self._context = context
        self._taken = 0

    def take(self, length: int) -> bytes:
        self._taken += 1
        context = self._context + self._taken.to_bytes(_COUNTER_BYTES, "big")
        return self._master.derive(self._label, context, length)

    def below(self, limit: int) -> int:
        """Return a number below `limit` (at most 256); a byte that would make some likelier than others is dropped."""
        usable = _BYTE_VALUES - _BYTE_VALUES % limit
        while True:
            value = self.take(1)[0]
            if value < usable:
                return value % limit
