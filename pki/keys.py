"""Signing keys of CAs and responders, behind one small interface.

`Signer` is what the rest of this room asks for: a public key and a signature. `PrivateKeySigner` serves any
object that implements the certificate library's private key interfaces, so a PKCS#11 key wrapped as a subclass of
`RSAPrivateKey` or `EllipticCurvePrivateKey` fits as it is; `SoftwareSigner` keeps an encrypted PKCS#8 key.
Loading an RSA key costs some 25-45 ms for its checks: make a signer once and keep it.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import Final, Protocol, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from pki import der
from pki.errors import KeyRefusedError

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

RSA_PUBLIC_EXPONENT: Final = 65537


class KeyKind(Enum):
    """A kind of key that this room can make: RSA by modulus bits, or a NIST curve."""

    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"
    P256 = "p-256"
    P384 = "p-384"


_RSA_BITS: Final = {KeyKind.RSA_2048: 2048, KeyKind.RSA_3072: 3072, KeyKind.RSA_4096: 4096}


class SignatureAlgorithm(Enum):
    """A signature algorithm with its AlgorithmIdentifier in DER (RFC 4055 §5, RFC 5758 §3.2)."""

    SHA256_WITH_RSA = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.null())
    ECDSA_WITH_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"))
    ECDSA_WITH_SHA384 = der.sequence(der.oid("1.2.840.10045.4.3.3"))

    @property
    def identifier(self) -> bytes:
        """The AlgorithmIdentifier in DER."""
        return self.value


class Signer(Protocol):
    """What can sign for a CA or a responder."""

    @property
    def private_key(self) -> PrivateKey:
        """The key as the certificate library's builders take it."""

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """The algorithm of every signature this signer makes."""

    @property
    def spki_der(self) -> bytes:
        """The SubjectPublicKeyInfo of the key."""

    def public_key(self) -> PublicKey:
        """Return the public half."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature over the data, encoded as X.509 wants it."""

    def __hash__(self) -> int:
        """Tell signers apart, so that what was made with one can be kept."""


class PrivateKeySigner:
    """Signs with any private key object of the certificate library's interface, in software or in hardware."""

    def __init__(self, private_key: PrivateKey) -> None:
        self._private_key = private_key
        self._public_key = private_key.public_key()
        self._algorithm = algorithm_for(self._public_key)
        self._spki_der = spki_of(self._public_key)

    @property
    def private_key(self) -> PrivateKey:
        """The key as the certificate library's builders take it."""
        return self._private_key

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """The algorithm that belongs to the kind and size of the key."""
        return self._algorithm

    @property
    def spki_der(self) -> bytes:
        """The SubjectPublicKeyInfo of the key."""
        return self._spki_der

    def public_key(self) -> PublicKey:
        """Return the public half."""
        return self._public_key

    def sign(self, data: bytes) -> bytes:
        """Return the signature over the data, encoded as X.509 wants it."""
        key = self._private_key
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return key.sign(data, ec.ECDSA(_hash_of(self._algorithm)))

    def verify(self, data: bytes, signature: bytes) -> None:
        """Raise KeyRefusedError unless the signature over the data is this key's."""
        verify_signature(self._public_key, data, signature)


class SoftwareSigner(PrivateKeySigner):
    """A key that lives in memory and rests as encrypted PKCS#8."""

    @classmethod
    def generate(cls, kind: KeyKind) -> SoftwareSigner:
        """Make a fresh key; RSA of 4096 bits takes a second or more."""
        bits = _RSA_BITS.get(kind)
        if bits is not None:
            return cls(rsa.generate_private_key(RSA_PUBLIC_EXPONENT, bits))
        curve = ec.SECP256R1() if kind is KeyKind.P256 else ec.SECP384R1()
        return cls(ec.generate_private_key(curve))

    @classmethod
    def from_pkcs8(cls, encrypted: bytes, passphrase: bytes | bytearray) -> SoftwareSigner:
        """Load an encrypted PKCS#8 key; raises KeyRefusedError for a wrong passphrase or another kind of key."""
        return cls(load_private_key(encrypted, passphrase))

    def to_pkcs8(self, passphrase: bytes) -> bytes:
        """Return the key as PKCS#8 in DER, encrypted with AES-256 under the passphrase.

        The library derives that key with few PBKDF2 rounds, so a CA's passphrase has to be random, not memorable.
        """
        return encrypt_private_key(self._private_key, passphrase)


def encrypt_private_key(private_key: PrivateKey, passphrase: bytes) -> bytes:
    """Return a private key as encrypted PKCS#8 in DER; refuses an empty passphrase."""
    if not passphrase:
        raise KeyRefusedError("pki.key.no_passphrase", "a private key is never written without a passphrase")
    return private_key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase),
    )


def load_private_key(encrypted: bytes, passphrase: bytes | bytearray) -> PrivateKey:
    """Return the private key inside encrypted PKCS#8; raises KeyRefusedError, without saying more than needed."""
    try:
        key = serialization.load_der_private_key(encrypted, passphrase)  # type: ignore[arg-type]  # it takes any buffer, and its stub names bytes alone.
    except (ValueError, TypeError) as error:
        raise KeyRefusedError("pki.key.locked", "wrong passphrase, or not an encrypted PKCS#8 key") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise KeyRefusedError("pki.key.kind", "only RSA and NIST curves are used here")
    return key


# Gate, proof of possession and issue look at the same key in turn, and every signature at the issuer's. A few are kept.
@lru_cache(maxsize=512)
def load_public_key(spki_der: bytes) -> PublicKey:
    """Return the public key inside a SubjectPublicKeyInfo; raises KeyRefusedError for anything but RSA and EC keys."""
    try:
        key = serialization.load_der_public_key(spki_der)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyRefusedError("pki.key.spki", "not a readable RSA or elliptic curve key") from error
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise KeyRefusedError("pki.key.kind", "only RSA and NIST curves are used here")
    return key


def spki_of(public_key: PublicKey) -> bytes:
    """Return the SubjectPublicKeyInfo of a public key in DER."""
    return public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def algorithm_for(public_key: PublicKey) -> SignatureAlgorithm:
    """Return the one signature algorithm that we use with a key of this kind and size."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return SignatureAlgorithm.SHA256_WITH_RSA
    if isinstance(public_key.curve, ec.SECP256R1):
        return SignatureAlgorithm.ECDSA_WITH_SHA256
    if isinstance(public_key.curve, ec.SECP384R1):
        return SignatureAlgorithm.ECDSA_WITH_SHA384
    raise KeyRefusedError(
        "pki.key.kind", "no signature algorithm for this curve", curve=public_key.curve.name
    )


def verify_signature(public_key: PublicKey, data: bytes | memoryview, signature: bytes) -> None:
    """Raise KeyRefusedError unless the signature over the data was made with the key's own algorithm.

    The data is hashed where it stands, so that a view of something large is not copied.
    """
    algorithm = _hash_of(algorithm_for(public_key))
    hashed = hashes.Hash(algorithm)
    hashed.update(data)
    digest, prehashed = hashed.finalize(), Prehashed(algorithm)
    try:
        if isinstance(public_key, rsa.RSAPublicKey):
            public_key.verify(signature, digest, padding.PKCS1v15(), prehashed)
        else:
            public_key.verify(signature, digest, ec.ECDSA(prehashed))
    except InvalidSignature as error:
        raise KeyRefusedError("pki.key.signature", "the signature is not this key's") from error


def _hash_of(algorithm: SignatureAlgorithm) -> hashes.HashAlgorithm:
    return hashes.SHA384() if algorithm is SignatureAlgorithm.ECDSA_WITH_SHA384 else hashes.SHA256()
