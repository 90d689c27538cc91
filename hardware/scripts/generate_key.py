"""Makes a key pair on the card (rule CRD-01: inside the card, never written in, never over a used one)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hardware.apdu import CommandApdu
from hardware.errors import CardAnswerWrong, SlotOccupied, TlvError
from hardware.piv import CERTIFICATE_OBJECTS, RSA_BYTES, Algorithm, Ins
from hardware.scripts.steps import ALL, read_object, require_success
from hardware.tlv import build, parse_one, require

if TYPE_CHECKING:
    from hardware.piv import Slot
    from hardware.scripts.script import Script

_CURVES: Final[dict[Algorithm, ec.EllipticCurve]] = {
    Algorithm.P256: ec.SECP256R1(),
    Algorithm.P384: ec.SECP384R1(),
}


def generate_key(slot: Slot, algorithm: Algorithm) -> Script[bytes]:
    """Make a key pair in a slot and return its public half as SubjectPublicKeyInfo DER.

    Wants the management key proven in this session. Run again after an interruption it makes another key, which is
    right as long as the caller stored no public key from the first run; once the slot has its certificate it
    raises SlotOccupied and touches nothing.
    """
    if algorithm not in RSA_BYTES and algorithm not in _CURVES:
        raise ValueError("A key pair is RSA-2048, RSA-3072, P-256 or P-384.")
    if (yield from read_object(CERTIFICATE_OBJECTS[slot])) is not None:
        raise SlotOccupied(f"Slot {slot:X} has a certificate already.")
    template = build(0xAC, build(0x80, bytes([algorithm])))
    response = yield CommandApdu(0, Ins.GENERATE_ASYMMETRIC_KEY_PAIR, 0, slot, template, ALL)
    data = require_success(f"make a key in slot {slot:X}", response)
    try:
        return public_key_in(algorithm, parse_one(data, 0x7F49))
    except (TlvError, ValueError) as error:
        raise CardAnswerWrong("The card's new public key is not well formed.") from error


def public_key_in(algorithm: Algorithm, template: bytes) -> bytes:
    """Return a key of the card's as SubjectPublicKeyInfo DER; refuses, by TlvError or ValueError, a point off the curve and a modulus of another size."""
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey
    if algorithm in RSA_BYTES:
        modulus, exponent = (int.from_bytes(require(template, tag), "big") for tag in (0x81, 0x82))
        if modulus.bit_length() != RSA_BYTES[algorithm] * 8:
            raise ValueError("The modulus does not have the size that was asked for.")
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    else:
        if algorithm not in _CURVES:
            raise ValueError("The algorithm is none of a key pair.")
        key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[algorithm], require(template, 0x86))
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
