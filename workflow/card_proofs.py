"""Checks the signature by which a card proves that its holder is there."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256


class ProofWrongError(Exception):
    """The signature is not this certificate's key's over this challenge."""


def check_proof(certificate_der: bytes, challenge: bytes, signature: bytes) -> None:
    """Verify RSASSA-PKCS1-v1_5 or ECDSA with SHA-256 over a challenge; raises ProofWrongError."""
    try:
        key = x509.load_der_x509_certificate(certificate_der).public_key()
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, challenge, padding.PKCS1v15(), SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, challenge, ec.ECDSA(SHA256()))
        else:
            raise ProofWrongError("a key of a kind that signs no challenge here")
    except (InvalidSignature, ValueError) as error:
        raise ProofWrongError("the signature does not fit the certificate") from error
