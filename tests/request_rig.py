"""Build certification requests of any shape: sound ones, and those that no decent tool would make."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from pki import der
from pki.keys import spki_of

SHA256_WITH_RSA = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.null())
ECDSA_WITH_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"))
DOMAIN = "www.example.gov.tw"
UTF8, PRINTABLE, IA5, BMP = 0x0C, 0x13, 0x16, 0x1E
LABELS = {
    "C": "2.5.4.6",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "CN": "2.5.4.3",
    "ST": "2.5.4.8",
    "emailAddress": "1.2.840.113549.1.9.1",
}


@lru_cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def name(*pairs: tuple[str, str], tag: int = UTF8) -> bytes:
    encodings = {UTF8: "utf-8", BMP: "utf-16-be", PRINTABLE: "ascii", IA5: "ascii"}
    return der.sequence(
        *(
            der.set_of(der.sequence(der.oid(LABELS[label]), der.tlv(tag, text.encode(encodings[tag]))))
            for label, text in pairs
        )
    )


def attribute(oid: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(oid), der.set_of(*values))


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = (der.boolean(value=True),) if critical else ()
    return der.sequence(der.oid(oid), *flag, der.octet_string(value))


def extension_request(*extensions: bytes, oid: str = "1.2.840.113549.1.9.14") -> bytes:
    return attribute(oid, der.sequence(*extensions))


def alternative_names(*domains: str | bytes, addresses: tuple[bytes, ...] = ()) -> bytes:
    names = [der.tlv(0x82, part if isinstance(part, bytes) else part.encode()) for part in domains]
    names += [der.tlv(0x87, address) for address in addresses]
    return extension("2.5.29.17", der.sequence(*names))


def request(
    subject: bytes | None = None,
    attributes: tuple[bytes, ...] = (),
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
    **parts: bytes,
) -> bytes:
    """A signed request in DER; `version`, `spki`, `algorithm` and `signature` replace the sound part of that name."""
    key = key or rsa_key()
    info = der.sequence(
        parts.get("version", der.integer(0)),
        name(("CN", DOMAIN)) if subject is None else subject,
        parts.get("spki", spki_of(key.public_key())),
        der.tlv(0xA0, *attributes),
    )
    if isinstance(key, rsa.RSAPrivateKey):
        signature, algorithm = key.sign(info, padding.PKCS1v15(), hashes.SHA256()), SHA256_WITH_RSA
    else:
        signature, algorithm = (
            key.sign(info, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)),
            ECDSA_WITH_SHA256,
        )
    return der.sequence(
        info,
        parts.get("algorithm", algorithm),
        der.bit_string(parts.get("signature", signature)),
    )


def for_domains(*domains: str | bytes, common_name: str | None = DOMAIN) -> bytes:
    """A request of a TLS server with these alternative names."""
    subject = name() if common_name is None else name(("CN", common_name))
    return request(subject, (extension_request(alternative_names(*domains)),))


def pem(encoded: bytes, label: str = "CERTIFICATE REQUEST", newline: str = "\n") -> str:
    body = base64.encodebytes(encoded).decode("ascii").replace("\n", newline)
    return f"-----BEGIN {label}-----{newline}{body}-----END {label}-----{newline}"
