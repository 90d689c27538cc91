"""Certificates for tests of what stands around them: real DER, made in a fraction of a millisecond with Ed25519."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from pki.sda import DirectoryAttributes

OIDS = {
    "C": NameOID.COUNTRY_NAME, "L": NameOID.LOCALITY_NAME, "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME, "CN": NameOID.COMMON_NAME,
}  # fmt: skip
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FARMERS = (("C", "TW"), ("L", "金門縣"), ("O", "農會"))


@cache
def _key(number):
    del number
    return Ed25519PrivateKey.generate()


def a_certificate(
    name=FARMERS, email="office@example.tw", oid="2.16.886.111.7", serial=7, not_before=START, days=5 * 365
):
    """Return the DER of a certificate with a name as (label, value) pairs."""
    subject = x509.Name([x509.NameAttribute(OIDS[label], value) for label, value in name])
    issuer = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "TW")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(issuer).public_key(_key(1).public_key()).serial_number(serial)
        .not_valid_before(not_before).not_valid_after(not_before + timedelta(days=days))
        .add_extension(x509.KeyUsage(True, *[False] * 8), critical=True)
    )  # fmt: skip
    if email:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(email)]), critical=False)
    if oid:
        attributes = DirectoryAttributes("2.16.886.1.100.3.2.1", organisation_oid=oid)
        kind = x509.ObjectIdentifier("2.5.29.9")
        builder = builder.add_extension(x509.UnrecognizedExtension(kind, attributes.to_der()), critical=False)
    return builder.sign(_key(0), None).public_bytes(Encoding.DER)


def an_organisation_certificate():
    """Return the certificate of a farmers' association, with e-mail address and OID."""
    return a_certificate()
