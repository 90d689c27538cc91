from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from pki.errors import KeyRefusedError
from pki.keys import (
    KeyKind,
    PrivateKeySigner,
    SignatureAlgorithm,
    SoftwareSigner,
    algorithm_for,
    load_public_key,
)


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [
        (KeyKind.RSA_2048, SignatureAlgorithm.SHA256_WITH_RSA),
        (KeyKind.P256, SignatureAlgorithm.ECDSA_WITH_SHA256),
        (KeyKind.P384, SignatureAlgorithm.ECDSA_WITH_SHA384),
    ],
)
def test_a_key_signs_with_its_algorithm_after_being_put_to_rest(
    kind: KeyKind, algorithm: SignatureAlgorithm
) -> None:
    made = SoftwareSigner.generate(kind)
    signer = SoftwareSigner.from_pkcs8(made.to_pkcs8(b"passphrase"), b"passphrase")
    assert signer.algorithm is algorithm
    assert signer.spki_der == made.spki_der
    made.verify(b"data", signer.sign(b"data"))
    with pytest.raises(KeyRefusedError):
        made.verify(b"other data", signer.sign(b"data"))


def test_a_wrong_passphrase_does_not_open_a_key() -> None:
    encrypted = SoftwareSigner.generate(KeyKind.P256).to_pkcs8(b"right")
    for passphrase in (b"wrong", b""):
        with pytest.raises(KeyRefusedError, match="passphrase"):
            SoftwareSigner.from_pkcs8(encrypted, passphrase)


def test_a_key_is_never_written_without_a_passphrase() -> None:
    with pytest.raises(KeyRefusedError):
        SoftwareSigner.generate(KeyKind.P256).to_pkcs8(b"")


def test_a_key_lying_open_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    opened = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(KeyRefusedError):
        SoftwareSigner.from_pkcs8(opened, b"passphrase")


def test_a_key_of_another_kind_is_refused() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    encrypted = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"passphrase"),
    )
    with pytest.raises(KeyRefusedError):
        SoftwareSigner.from_pkcs8(encrypted, b"passphrase")
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with pytest.raises(KeyRefusedError):
        load_public_key(spki)


def test_a_curve_without_an_algorithm_is_refused() -> None:
    with pytest.raises(KeyRefusedError):
        algorithm_for(ec.generate_private_key(ec.SECP521R1()).public_key())


def test_bytes_that_are_no_key_are_refused() -> None:
    with pytest.raises(KeyRefusedError):
        load_public_key(b"\x30\x00")


def test_a_key_object_of_any_origin_can_sign() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    signer = PrivateKeySigner(key)
    assert signer.private_key is key
    signer.verify(b"data", signer.sign(b"data"))
