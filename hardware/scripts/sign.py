"""Lets the card sign: decisions of reviewers, and the proof that a new key works."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from hardware.apdu import CommandApdu
from hardware.errors import CardAnswerWrong, TlvError
from hardware.piv import RSA_BYTES, Algorithm, Ins, Slot
from hardware.scripts.steps import ALL, require_success, select, verify_pin
from hardware.tlv import build, parse_one, require

if TYPE_CHECKING:
    from hardware.scripts.script import Script

_CURVE_BYTES: Final = {Algorithm.P256: 32, Algorithm.P384: 48}
# RFC 8017 §9.2, note 1: DigestInfo up to the digest, by the digest's length (SHA-256, SHA-384, SHA-512).
_DIGEST_INFO: Final = {
    32: bytes.fromhex("3031300d060960864801650304020105000420"),
    48: bytes.fromhex("3041300d060960864801650304020205000430"),
    64: bytes.fromhex("3051300d060960864801650304020305000440"),
}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key on the card: where it lies and what it is."""

    slot: Slot
    algorithm: Algorithm


def sign(key: SigningKey, digest: bytes, pin: str) -> Script[bytes]:
    """Select the application, present the PIN and sign a SHA-256, SHA-384 or SHA-512 digest.

    Returns an RSASSA-PKCS1-v1_5 signature, or an ECDSA one in DER. The PIN is presented right before, because 9C
    wants it so for every signature. Raises SecretRefused when the PIN is wrong. Running it again signs again.
    """
    if len(digest) not in _DIGEST_INFO:
        raise ValueError("A digest has 32, 48 or 64 bytes.")
    block = _to_be_signed(key.algorithm, digest)
    yield from select()
    yield from verify_pin(pin)
    data = build(0x7C, build(0x82), build(0x81, block))
    response = yield CommandApdu(0, Ins.GENERAL_AUTHENTICATE, key.algorithm, key.slot, data, ALL)
    answer = require_success(f"sign in slot {key.slot:X}", response)
    try:
        return require(parse_one(answer, 0x7C), 0x82)
    except TlvError as error:
        raise CardAnswerWrong("The card's signature is not well formed.") from error


def prove_possession(key: SigningKey, challenge: bytes, pin: str) -> Script[bytes]:
    """Sign the SHA-256 digest of a fresh challenge, so that the caller can check that key and card belong together.

    At manufacture the PIN is the random one, which the session holds in memory and nobody ever learns.
    """
    return (yield from sign(key, sha256(challenge).digest(), pin))


def _to_be_signed(algorithm: Algorithm, digest: bytes) -> bytes:
    """Return what the card computes on: EMSA-PKCS1-v1_5 (RFC 8017 §9.2), or as much of the digest as a curve takes."""
    if algorithm in _CURVE_BYTES:
        return digest[: _CURVE_BYTES[algorithm]]
    info = _DIGEST_INFO[len(digest)] + digest
    return b"\x00\x01" + b"\xff" * (RSA_BYTES[algorithm] - len(info) - 3) + b"\x00" + info
