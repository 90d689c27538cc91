"""Makes key pairs and uses private keys for the virtual card (SP 800-73-4 part 2 §3.2.4, §3.3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from hardware.apdu import ResponseApdu
from hardware.piv import RSA_BYTES, Algorithm, Slot, Sw
from hardware.tlv import build, parse_one, require
from hardware.virtual.power import Refused
from hardware.virtual.state import StoredKey

if TYPE_CHECKING:
    from hardware.apdu import CommandApdu
    from hardware.virtual.power import PoweredCard

_EXPONENT: Final = 65537
_CURVES: Final[dict[Algorithm, ec.EllipticCurve]] = {
    Algorithm.P256: ec.SECP256R1(),
    Algorithm.P384: ec.SECP384R1(),
}
_HASHES: Final = {Algorithm.P256: SHA256(), Algorithm.P384: SHA384()}

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def generate(card: PoweredCard, command: CommandApdu) -> ResponseApdu:
    """Make a key pair in a slot, over whatever was there, and answer with its public half."""
    card.require_management()
    if command.p1 or command.p2 not in set(Slot):
        raise Refused(Sw.WRONG_P1_P2)
    wanted = require(parse_one(command.data, 0xAC), 0x80)
    if len(wanted) != 1 or wanted[0] not in {*RSA_BYTES, *_CURVES}:
        raise Refused(Sw.WRONG_DATA)
    slot, algorithm = Slot(command.p2), Algorithm(wanted[0])
    key = _make(algorithm)
    pkcs8 = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    card.state.keys[slot] = StoredKey(algorithm, pkcs8)
    card.loaded[slot] = key
    return ResponseApdu(build(0x7F49, public_template(key)), Sw.SUCCESS)


def _make(algorithm: Algorithm) -> PrivateKey:
    if algorithm in RSA_BYTES:
        return rsa.generate_private_key(_EXPONENT, RSA_BYTES[algorithm] * 8)
    return ec.generate_private_key(_CURVES[algorithm])


def public_template(key: PrivateKey) -> bytes:
    """Return the data objects of the public key: 81 and 82, or 86."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        modulus = numbers.n.to_bytes(key.key_size // 8, "big")
        return build(0x81, modulus) + build(0x82, numbers.e.to_bytes(3, "big"))
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return build(0x86, point)


def private_key(card: PoweredCard, slot: Slot) -> PrivateKey:
    """Return a slot's key, loaded once per power-up since the check of an RSA key is slow."""
    if slot not in card.loaded:
        if slot not in card.state.keys:
            raise Refused(Sw.REFERENCE_NOT_FOUND)
        key = load_der_private_key(card.state.keys[slot].pkcs8, None)
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise Refused(Sw.UNKNOWN)
        card.loaded[slot] = key
    return card.loaded[slot]


def apply(key: PrivateKey, algorithm: Algorithm, data: bytes) -> bytes:
    """Sign or decrypt: raw RSA over a whole block, or ECDSA over a digest no longer than the curve."""
    if isinstance(key, rsa.RSAPrivateKey):
        return _raw_rsa(key, data)
    size = (key.curve.key_size + 7) // 8
    if not data or len(data) > size:
        raise Refused(Sw.WRONG_DATA)
    return key.sign(data.rjust(size, b"\0"), ec.ECDSA(Prehashed(_HASHES[algorithm])))


def _raw_rsa(key: rsa.RSAPrivateKey, data: bytes) -> bytes:
    """Raise to the private exponent by the Chinese remainder theorem; the padding is the host's affair."""
    numbers = key.private_numbers()
    block = int.from_bytes(data, "big")
    size = key.key_size // 8
    if len(data) != size or block >= numbers.public_numbers.n:
        raise Refused(Sw.WRONG_DATA)
    low = pow(block, numbers.dmq1, numbers.q)
    high = (pow(block, numbers.dmp1, numbers.p) - low) * numbers.iqmp % numbers.p
    return (low + high * numbers.q).to_bytes(size, "big")


def agree(key: PrivateKey, algorithm: Algorithm, point: bytes) -> bytes:
    """Return the ECDH secret, the x coordinate, with another's uncompressed point."""
    if isinstance(key, rsa.RSAPrivateKey):
        raise Refused(Sw.WRONG_DATA)
    try:
        other = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[algorithm], point)
    except ValueError:
        raise Refused(Sw.WRONG_DATA) from None
    return key.exchange(ec.ECDH(), other)
