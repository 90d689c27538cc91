"""Private keys whose signature is made elsewhere, in the shape that the certificate library knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    PrivateFormat,
    PublicFormat,
)
from pkcs11 import Mechanism

from pki.errors import KeyRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.utils import Buffer

# DigestInfo of SHA-256 up to the digest (RFC 8017 §9.2).
_SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")


def rsa_public_key(modulus: bytes, exponent: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of an RSA key whose numbers a token gave, most significant byte first."""
    numbers = rsa.RSAPublicNumbers(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big"))
    return numbers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _stays() -> NoReturn:
    raise KeyRefusedError("pki.token.closed", "the private key stays in its token and only signs")


class _StaysInToken:
    """What every key in a token refuses, and how it is copied: by its reference, for there is one key."""

    def private_numbers(self) -> NoReturn:
        """Refuse: the key stays where it is."""
        _stays()

    def private_bytes(
        self,
        encoding: Encoding,
        format: PrivateFormat,  # noqa: A002 - the interface's own name.
        encryption_algorithm: KeySerializationEncryption,
    ) -> NoReturn:
        """Refuse: the key stays where it is."""
        del encoding, format, encryption_algorithm
        _stays()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> Self:
        return self


class TokenRsaKey(_StaysInToken, rsa.RSAPrivateKey):
    """An RSA key that signs PKCS#1 v1.5 with SHA-256 in its token, and does nothing else."""

    def __init__(self, public: rsa.RSAPublicKey, sign: Callable[[bytes, Mechanism], bytes]) -> None:
        self._public = public
        self._sign = sign

    @property
    def key_size(self) -> int:
        """The bits of the modulus."""
        return self._public.key_size

    def public_key(self) -> rsa.RSAPublicKey:
        """Return the public half."""
        return self._public

    def sign(
        self,
        data: Buffer,
        padding: AsymmetricPadding,
        algorithm: Prehashed | hashes.HashAlgorithm | NoDigestInfo,
    ) -> bytes:
        """Sign; refuses any padding but PKCS#1 v1.5 and any hash but SHA-256."""
        digest = (
            getattr(algorithm, "_algorithm", algorithm) if isinstance(algorithm, Prehashed) else algorithm
        )
        if not isinstance(padding, PKCS1v15) or not isinstance(digest, hashes.SHA256):
            raise KeyRefusedError("pki.token.mechanism", "a key in a token signs PKCS#1 v1.5 with SHA-256")
        if isinstance(algorithm, Prehashed):
            return self._sign(_SHA256_INFO + bytes(data), Mechanism.RSA_PKCS)
        return self._sign(bytes(data), Mechanism.SHA256_RSA_PKCS)

    def decrypt(self, ciphertext: bytes, padding: AsymmetricPadding) -> bytes:
        """Refuse: a signing key decrypts nothing."""
        del ciphertext, padding
        _stays()


class TokenEllipticCurveKey(_StaysInToken, ec.EllipticCurvePrivateKey):
    """A key on a NIST curve that signs digests in its token, and does nothing else."""

    def __init__(self, public: ec.EllipticCurvePublicKey, sign: Callable[[bytes], bytes]) -> None:
        self._public = public
        self._sign = sign

    @property
    def curve(self) -> ec.EllipticCurve:
        """The curve."""
        return self._public.curve

    @property
    def key_size(self) -> int:
        """The bits of the curve's field."""
        return self._public.key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half."""
        return self._public

    def sign(self, data: Buffer, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Hash here, sign there: few tokens hash for ECDSA themselves."""
        algorithm = signature_algorithm.algorithm
        if isinstance(algorithm, Prehashed):
            return self._sign(bytes(data))
        hashed = hashes.Hash(algorithm)
        hashed.update(data)
        return self._sign(hashed.finalize())

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """Refuse: a signing key agrees on nothing."""
        del algorithm, peer_public_key
        _stays()
