"""Sign and verify review decisions, and keep the keys of the staff who make them.

A statement is whatever canonical bytes the reviewer decided on; the signature is ECDSA on P-256 with SHA-256. A staff
key certifies nothing and is no card key: it binds a decision to the person who made it.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from pki.errors import KeyRefusedError, StatementRefusedError
from pki.keys import (
    KeyKind,
    PrivateKeySigner,
    SoftwareSigner,
    load_private_key,
    load_public_key,
    verify_signature,
)


def new_staff_key(passphrase: bytes) -> tuple[bytes, bytes]:
    """Return a fresh P-256 key as (PKCS#8 encrypted under the passphrase, SubjectPublicKeyInfo)."""
    signer = SoftwareSigner.generate(KeyKind.P256)
    return signer.to_pkcs8(passphrase), signer.spki_der


def unlock(encrypted_pkcs8: bytes, passphrase: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the staff key; raises KeyRefusedError for a wrong passphrase or a key of another kind."""
    key = load_private_key(encrypted_pkcs8, passphrase)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyRefusedError("pki.statement.kind", "a staff key is on the curve P-256")
    return key


def sign_statement(private_key: ec.EllipticCurvePrivateKey, statement: bytes) -> bytes:
    """Return the signature over the statement (DER, RFC 3279 §2.2.3)."""
    return PrivateKeySigner(private_key).sign(statement)


def verify_statement(public_key_spki: bytes, statement: bytes, signature: bytes) -> None:
    """Raise StatementRefusedError unless the key's holder signed exactly this statement."""
    try:
        key = load_public_key(public_key_spki)
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise StatementRefusedError("pki.statement.kind", "a staff key is on the curve P-256")
        verify_signature(key, statement, signature)
    except KeyRefusedError as error:
        raise StatementRefusedError("pki.statement.signature", "the statement was not signed so") from error
