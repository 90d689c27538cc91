"""What a manufacturing session does to a blank, for tests that need a finished card."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID

from hardware.piv import Algorithm, Slot
from hardware.scripts.card_number import write_card_number
from hardware.scripts.certificates import write_certificate
from hardware.scripts.generate_key import generate_key
from hardware.scripts.set_secrets import CardSecrets, set_secrets
from hardware.secrets_of_card import new_management_key, new_pin, new_puk

if TYPE_CHECKING:
    from hardware.station import Session

CARD_NUMBER = "XC00000000001168"
HOLDER = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "測試機關")])


@dataclass(frozen=True)
class MadeCard:
    """A finished card: its secrets, and per slot the public key (SPKI DER) and the certificate (DER)."""

    secrets: CardSecrets
    public_keys: dict[Slot, bytes]
    certificates: dict[Slot, bytes]


def some_secrets() -> CardSecrets:
    return CardSecrets(
        new_pin(secrets.randbelow), new_puk(secrets.randbelow), new_management_key(secrets.token_bytes)
    )


def a_challenge() -> bytes:
    return secrets.token_bytes(16)


def make_card(
    session: Session, signature: Algorithm = Algorithm.RSA_2048, encipherment: Algorithm = Algorithm.RSA_2048
) -> MadeCard:
    """Take a blank over, make both keys, and write certificates and card number."""
    ours = some_secrets()
    session.run(set_secrets(ours, a_challenge()))
    keys, certificates = {}, {}
    for slot, algorithm in ((Slot.SIGNATURE, signature), (Slot.ENCIPHERMENT, encipherment)):
        keys[slot] = session.run(generate_key(slot, algorithm))
        certificates[slot] = a_certificate(keys[slot], slot, algorithm)
        session.run(write_certificate(slot, certificates[slot]))
    session.run(write_card_number(CARD_NUMBER))
    return MadeCard(ours, keys, certificates)


def a_certificate(spki: bytes, slot: Slot, algorithm: Algorithm, name: x509.Name = HOLDER) -> bytes:
    """Certify a public key by a key that is thrown away."""
    issuer_key = ec.generate_private_key(ec.SECP256R1())
    signs = slot is Slot.SIGNATURE
    enciphers = not signs and algorithm in {Algorithm.RSA_2048, Algorithm.RSA_3072}
    usage = x509.KeyUsage(
        digital_signature=signs,
        content_commitment=signs,
        key_encipherment=enciphers,
        data_encipherment=enciphers,
        key_agreement=not signs and not enciphers,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(load_der_public_key(spki))
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2031, 1, 1, tzinfo=UTC))
        .add_extension(usage, critical=True)
        .sign(issuer_key, SHA256())
    )
    return certificate.public_bytes(Encoding.DER)
