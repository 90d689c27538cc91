"""Derives the management key and the PUKs of each card from one master key, so that no card opens another.

The derivation is SP 800-108 in counter mode with CMAC and AES-256, which tokens do inside (PKCS#11 CKM_AES_CMAC): a
`CmacMasterKey` never sees the key that its token keeps. The initial PIN is not derived: it is random, and nobody knows
it (rule CRD-02).
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
CHECK_LENGTH: Final = 4
_COUNTER_BYTES: Final = 4
_BLOCK: Final = 16
_AT_ONCE: Final = 64
"""Bytes that a PUK is chosen from: one derivation nearly always does."""
_BYTE_VALUES: Final = 256
_MANAGEMENT: Final = b"guanfang card management key"
_PUK: Final = b"guanfang card puk"
_CHECK: Final = b"guanfang card master key check value"


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
class CmacMasterKey:
    """A `MasterKey` that is kept elsewhere, where `cmac` returns the AES-CMAC of its argument (RFC 4493)."""

    name: str
    cmac: Callable[[bytes], bytes] = field(repr=False)

    def derive(self, label: bytes, context: bytes, length: int) -> bytes:
        """Derive `length` bytes: counter, label, a zero byte, context and the length in bits (SP 800-108 §5.1)."""
        rest = label + b"\0" + context + (8 * length).to_bytes(_COUNTER_BYTES, "big")
        rounds = range(1, -(-length // _BLOCK) + 1)
        blocks = (self.cmac(number.to_bytes(_COUNTER_BYTES, "big") + rest) for number in rounds)
        return b"".join(blocks)[:length]


def check_value(master: MasterKey) -> str:
    """Return a few hex digits that tell one master key from another and nothing of the key."""
    return master.derive(_CHECK, b"", CHECK_LENGTH).hex()


@dataclass(frozen=True, slots=True)
class KeysOfCard:
    """The derived secrets of one chip, named by its serial number (`identify`)."""

    master: MasterKey = field(repr=False)
    csn: str

    def management_key(self, algorithm: Algorithm = Algorithm.AES_192) -> ManagementKey:
        """Return the chip's management key for a cipher."""
        context = self.csn.encode() + bytes([0, algorithm])
        return new_management_key(_Stream(self.master, _MANAGEMENT, context).take, algorithm)

    def puk(self, generation: int) -> str:
        """Return the PUK that the chip holds after it was changed `generation` times; 0 is the first of ours."""
        context = self.csn.encode() + b"\0" + generation.to_bytes(_COUNTER_BYTES, "big")
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
        self._left = b""

    def take(self, length: int) -> bytes:
        self._taken += 1
        context = self._context + self._taken.to_bytes(_COUNTER_BYTES, "big")
        return self._master.derive(self._label, context, length)

    def below(self, limit: int) -> int:
        """Return a number below `limit` (at most 256); a byte that would make some likelier than others is dropped."""
        usable = _BYTE_VALUES - _BYTE_VALUES % limit
        while True:
            self._left = self._left or self.take(_AT_ONCE)
            value, self._left = self._left[0], self._left[1:]
            if value < usable:
                return value % limit
