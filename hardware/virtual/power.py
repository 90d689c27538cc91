"""What a virtual card knows only while it has power: who proved what, and the half-finished exchanges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hardware.apdu import ResponseApdu
from hardware.piv import Sw

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from hardware.piv import Slot
    from hardware.virtual.state import CardState

SUCCESS = ResponseApdu(b"", Sw.SUCCESS)


class Refused(Exception):  # noqa: N818 - named as the event it is
    """The application answers with the status word `sw` and no data."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


@dataclass(slots=True)
class PoweredCard:
    """A card under power.

    `pin_just_verified` is true for the one command after a successful VERIFY (9C asks for it, "PIN always").
    `witness` and `challenge` are the halves of a management-key authentication under way.
    """

    state: CardState
    random: Callable[[int], bytes]
    selected: bool = False
    pin_verified: bool = False
    pin_just_verified: bool = False
    managed: bool = False
    witness: bytes | None = field(default=None, repr=False)
    challenge: bytes | None = field(default=None, repr=False)
    loaded: dict[Slot, RSAPrivateKey | EllipticCurvePrivateKey] = field(default_factory=dict, repr=False)

    def require_management(self) -> None:
        """Refuse unless the management key has been proven in this session."""
        if not self.managed:
            raise Refused(Sw.SECURITY_STATUS)

    def forget(self) -> None:
        """Drop all that was proven, as another application's selection does."""
        self.pin_verified = self.pin_just_verified = self.managed = False
        self.witness = self.challenge = None
