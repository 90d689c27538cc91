"""The conversations that the holder's agent carries: each makes sure first that the card is the one that was shown.

Between two exchanges the holder may put another card in. What a card says of itself over the holder's machine is not
taken on trust where it matters: a PUK goes only to a card that has proved the management key, and whoever acts with a
card's power lets it sign a fresh challenge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hardware.errors import CardAnswerWrong, HardwareError
from hardware.piv import Algorithm, Slot
from hardware.scripts.authenticate_management import prove_management_key
from hardware.scripts.certificates import read_certificate
from hardware.scripts.change_pin import change_pin
from hardware.scripts.identify import read_csn
from hardware.scripts.sign import SigningKey, prove_possession
from hardware.scripts.unlock import PukChange, unblock

if TYPE_CHECKING:
    from hardware.scripts.script import Script
    from hardware.secrets_of_card import ManagementKey

_CURVES: Final = {"secp256r1": Algorithm.P256, "secp384r1": Algorithm.P384}
_RSA_BITS: Final = 2048


class AnotherCard(HardwareError):  # noqa: N818 - named as the finding it is
    """The card in the reader is not the one that the holder was shown."""


class NoCertificate(HardwareError):  # noqa: N818 - named as the finding it is
    """The card has no certificate beside its signature key, or one whose key it can't sign with."""


@dataclass(frozen=True, slots=True)
class HoldersProof:
    """What a card answered to a challenge: the certificate in 9C and the signature over the challenge."""

    certificate: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardKeys:
    """What opens a card to the registry: its management key, and its PUK with the next one."""

    management: ManagementKey = field(repr=False)
    puk: PukChange = field(repr=False)


def set_pin(csn: str, keys: CardKeys, challenge: bytes, new_pin: str) -> Script[None]:
    """Set a PIN by the PUK, at activation and when a PIN is blocked or forgotten (rules ACT-01, PIN-02).

    The card and the registry first prove the management key to each other with `challenge` (16 fresh bytes), so that
    the PUK is told to no card but this one. Run again after an interruption with the same keys.
    """
    yield from expect(csn)
    yield from prove_management_key(keys.management, challenge)
    yield from unblock(keys.puk, new_pin)


def change_pin_of(csn: str, old: str, new: str) -> Script[None]:
    """Change the PIN of this card (rule PCH-01); see `change_pin` for what an interruption leaves."""
    yield from expect(csn)
    yield from change_pin(old, new)


def sign_as_holder(csn: str, challenge: bytes, pin: str) -> Script[HoldersProof]:
    """Let this card sign a challenge with its signature key and the holder's PIN; running it again signs again."""
    yield from expect(csn)
    der = yield from read_certificate(Slot.SIGNATURE)
    if der is None:
        raise NoCertificate("The card has no certificate for its signature key.")
    key = SigningKey(Slot.SIGNATURE, _algorithm(der))
    signature = yield from prove_possession(key, challenge, pin)
    return HoldersProof(der, signature)


def expect(csn: str) -> Script[None]:
    """Select the application and make sure that this is the card; raises AnotherCard."""
    found = yield from read_csn()
    if found != csn:
        raise AnotherCard("The card was exchanged for another one.")


def _algorithm(der: bytes) -> Algorithm:
    try:
        key = x509.load_der_x509_certificate(der).public_key()
    except ValueError as error:
        raise CardAnswerWrong("The certificate for the signature key cannot be read.") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size == _RSA_BITS:
        return Algorithm.RSA_2048
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    raise NoCertificate("The card's signature key is of a kind that is not used here.")
