"""Lets a card prove that it holds the private key of a certificate, and checks the proof (RFC 2986, rule CRD-01).

A signature key signs; an encipherment key opens what was closed for it, so that neither is used for the other's work.
"""

from __future__ import annotations

import hmac
from hashlib import sha256, sha512
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hardware.apdu import CommandApdu
from hardware.errors import CardAnswerWrong, CardRefused, PossessionNotProven, TlvError
from hardware.piv import Algorithm, Ins, Slot, Sw
from hardware.scripts.sign import SigningKey, prove_possession
from hardware.scripts.steps import ALL, require_success, select, verify_pin
from hardware.tlv import build, parse_one, require

if TYPE_CHECKING:
    from hardware.scripts.script import Script

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

SHORTEST_CHALLENGE: Final = 32
# No key, one of another kind, or one whose modulus is smaller than what was closed with the certificate's.
_NO_SUCH_KEY: Final = {Sw.REFERENCE_NOT_FOUND, Sw.WRONG_P1_P2, Sw.WRONG_DATA}
_RSA: Final = {2048: Algorithm.RSA_2048, 3072: Algorithm.RSA_3072}
_CURVES: Final = {"secp256r1": Algorithm.P256, "secp384r1": Algorithm.P384}


def key_in(certificate: bytes) -> PublicKey:
    """Return the public key of a certificate in DER; CardAnswerWrong when it is none that a PIV card can hold."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CardAnswerWrong("The certificate on the card cannot be read.") from error
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        algorithm_of(key)
        return key
    raise CardAnswerWrong("The certificate's key is none that a PIV card can hold.")


def algorithm_of(key: PublicKey) -> Algorithm:
    """Return the PIV algorithm of a public key; CardAnswerWrong for a size or curve that PIV lacks."""
    found = _RSA.get(key.key_size) if isinstance(key, rsa.RSAPublicKey) else _CURVES.get(key.curve.name)
    if found is None:
        raise CardAnswerWrong("The certificate's key has a size or curve that PIV lacks.")
    return found


def verify_possession(slot: Slot, certificate: bytes, challenge: bytes, pin: str) -> Script[None]:
    """Let the card use the key of a slot, and check the outcome with the certificate's public key.

    `challenge` is 32 or more random bytes, fresh for each proof. Raises PossessionNotProven when key and certificate do
    not belong together, SecretRefused when the PIN is wrong. Running it again proves it again.
    """
    if len(challenge) < SHORTEST_CHALLENGE:
        raise ValueError("A challenge has at least 32 bytes.")
    key = key_in(certificate)
    try:
        yield from _proof(slot, key, challenge, pin)
    except CardRefused as refusal:
        if refusal.sw not in _NO_SUCH_KEY:
            raise
        raise PossessionNotProven(f"Slot {slot:X} has no key like that of its certificate.") from refusal


def _proof(slot: Slot, key: PublicKey, challenge: bytes, pin: str) -> Script[None]:
    if slot is not Slot.ENCIPHERMENT:
        signature = yield from prove_possession(SigningKey(slot, algorithm_of(key)), challenge, pin)
        _check_signature(key, signature, challenge)
        return
    yield from select()
    yield from verify_pin(pin)
    if isinstance(key, rsa.RSAPublicKey):
        answer, expected = yield from _opened(key, challenge)
    else:
        answer, expected = yield from _agreed(key, challenge)
    if not hmac.compare_digest(answer, expected):
        raise PossessionNotProven("The card does not hold the encipherment key of its certificate.")


def _check_signature(key: PublicKey, signature: bytes, challenge: bytes) -> None:
    prehashed, digest = Prehashed(SHA256()), sha256(challenge).digest()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, digest, padding.PKCS1v15(), prehashed)
        else:
            key.verify(signature, digest, ec.ECDSA(prehashed))
    except InvalidSignature as error:
        raise PossessionNotProven("The card's signature does not verify with its certificate.") from error


def _opened(key: rsa.RSAPublicKey, challenge: bytes) -> Script[tuple[bytes, bytes]]:
    """Close a block made of the challenge with the public key, and have the card open it."""
    size, numbers = key.key_size // 8, key.public_numbers()
    block = _stretched(challenge, size)
    closed = pow(int.from_bytes(block, "big"), numbers.e, numbers.n).to_bytes(size, "big")
    answer = yield from _use(algorithm_of(key), build(0x81, closed))
    return answer, block


def _agreed(key: ec.EllipticCurvePublicKey, challenge: bytes) -> Script[tuple[bytes, bytes]]:
    """Agree on a secret with the card, from a key of ours that is made of the challenge."""
    ours = ec.derive_private_key(1 + int.from_bytes(sha256(challenge).digest()[:31], "big"), key.curve)
    point = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    answer = yield from _use(algorithm_of(key), build(0x85, point))
    return answer, ours.exchange(ec.ECDH(), key)


def _use(algorithm: Algorithm, field: bytes) -> Script[bytes]:
    data = build(0x7C, build(0x82), field)
    response = yield CommandApdu(0, Ins.GENERAL_AUTHENTICATE, algorithm, Slot.ENCIPHERMENT, data, ALL)
    answer = require_success(f"use the key in slot {Slot.ENCIPHERMENT:X}", response)
    try:
        return require(parse_one(answer, 0x7C), 0x82)
    except TlvError as error:
        raise CardAnswerWrong("The card's answer is not well formed.") from error


def _stretched(challenge: bytes, size: int) -> bytes:
    """Return a block of `size` bytes below any modulus of that size: a zero byte, then bytes made of the challenge."""
    stream = b"".join(sha512(bytes([count]) + challenge).digest() for count in range(size // 64 + 1))
    return b"\0" + stream[: size - 1]
