"""Read the fields of a certificate byte for byte, and check a chain of certificates.

Names are compared and copied as bytes: re-encoding them could change a string type, and the certificate library
warns about names that are longer than it likes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pki import der
from pki.errors import ChainRefusedError, DerRefusedError, KeyRefusedError, PkiError
from pki.keys import algorithm_for, load_public_key, verify_signature
from pki.profiles import Extension

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TRUE: Final = der.boolean(value=True)
# keyCertSign is bit 5 of KeyUsage (RFC 5280 §4.2.1.3), counted from the left.
_KEY_CERT_SIGN: Final = 0x80 >> 5
# keyIdentifier is [0] in an AKI.
_KEY_IDENTIFIER_TAG: Final = 0x80
# RFC 5280 §4.2: a certificate with any other critical extension must be rejected.
_UNDERSTOOD: Final = frozenset(
    {
        Extension.BASIC_CONSTRAINTS.value,
        Extension.KEY_USAGE.value,
        Extension.EXTENDED_KEY_USAGE.value,
    }
)
_TBS_FIELDS: Final = 8
_TIME_FORMAT: Final = "%Y%m%d%H%M%SZ"
_TIME_LENGTH: Final = 15


@dataclass(frozen=True, slots=True)
class ExtensionValue:
    """An extension as it stands: whether it is critical and its DER value."""

    critical: bool
    value: bytes


@dataclass(frozen=True, slots=True)
class CertificateFields:
    """The fields of a TBSCertificate (RFC 5280 §4.1); names, key and algorithm are their exact bytes."""

    serial: int
    algorithm: bytes
    issuer_name: bytes
    not_before: datetime
    not_after: datetime
    subject_name: bytes
    spki_der: bytes
    extensions: Mapping[str, ExtensionValue]

    @property
    def subject_key_identifier(self) -> bytes | None:
        """The SKI, if there is one."""
        found = self.extensions.get(Extension.SUBJECT_KEY_IDENTIFIER.value)
        return None if found is None else der.read(found.value).expect(der.OCTET_STRING).content

    @property
    def authority_key_identifier(self) -> bytes | None:
        """The key identifier in the AKI, if there is one."""
        found = self.extensions.get(Extension.AUTHORITY_KEY_IDENTIFIER.value)
        parts = () if found is None else der.read(found.value).expect(der.SEQUENCE).children()
        return next((part.content for part in parts if part.tag == _KEY_IDENTIFIER_TAG), None)

    @property
    def may_certify(self) -> bool:
        """Whether basicConstraints and keyUsage both allow the key to sign certificates."""
        basic = self.extensions.get(Extension.BASIC_CONSTRAINTS.value)
        usage = self.extensions.get(Extension.KEY_USAGE.value)
        if basic is None or usage is None:
            return False
        is_ca = der.read(basic.value).content.startswith(_TRUE)
        bits = der.read(usage.value).expect(der.BIT_STRING).content
        return is_ca and len(bits) > 1 and bool(bits[1] & _KEY_CERT_SIGN)

    @property
    def path_length(self) -> int | None:
        """How many CA certificates may follow below this one; None for any number."""
        basic = self.extensions.get(Extension.BASIC_CONSTRAINTS.value)
        parts = () if basic is None else der.read(basic.value).children()
        return next((part.as_integer() for part in parts if part.tag == der.INTEGER), None)


def key_identifier(spki_der: bytes) -> bytes:
    """Return the key identifier of RFC 5280 §4.2.1.2 method 1: SHA-1 over the key's bits."""
    bits = der.read(spki_der).expect(der.SEQUENCE).children()[1].expect(der.BIT_STRING).content
    return hashlib.sha1(bits[1:], usedforsecurity=False).digest()


def split_certificate(certificate_der: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the three parts of a certificate: TBS bytes, signature algorithm, signature bits."""
    parts = der.read(certificate_der).fields(3)
    if parts[2].expect(der.BIT_STRING).content[:1] != b"\x00":
        raise DerRefusedError("pki.certificate.shape", "not a certificate")
    return parts[0].encoded, parts[1].encoded, parts[2].content[1:]


def read_certificate(certificate_der: bytes) -> CertificateFields:
    """Return the fields of a certificate; raises DerRefusedError when it cannot be read."""
    return read_tbs(split_certificate(certificate_der)[0])


# What is signed is read to be checked, and once more for the terms that it is found by.
@lru_cache(maxsize=512)
def read_tbs(tbs_der: bytes) -> CertificateFields:
    """Return the fields of a version 3 TBSCertificate; raises DerRefusedError when it cannot be read."""
    parts = der.read(tbs_der).fields(_TBS_FIELDS)
    if parts[0].encoded != der.explicit(0, der.integer(2)):
        raise DerRefusedError("pki.certificate.shape", "not a version 3 certificate with extensions")
    validity = parts[4].fields(2)
    return CertificateFields(
        parts[1].as_integer(),
        parts[2].encoded,
        parts[3].encoded,
        _read_time(validity[0]),
        _read_time(validity[1]),
        parts[5].encoded,
        parts[6].encoded,
        _read_extensions(parts[7].expect(0xA3)),
    )


def verify_issued_by(certificate_der: bytes, issuer: CertificateFields) -> None:
    """Raise ChainRefusedError unless name, key identifier, algorithm and signature all lead to the issuer."""
    tbs, algorithm, signature = split_certificate(certificate_der)
    fields = read_tbs(tbs)
    if fields.issuer_name != issuer.subject_name:
        raise ChainRefusedError("pki.chain.name", "the issuer's name is another one")
    if fields.authority_key_identifier != issuer.subject_key_identifier:
        raise ChainRefusedError("pki.chain.key_identifier", "the certificate names another issuing key")
    try:
        public_key = load_public_key(issuer.spki_der)
        if not algorithm == fields.algorithm == algorithm_for(public_key).identifier:
            raise ChainRefusedError("pki.chain.algorithm", "not the issuer's signature algorithm")
        verify_signature(public_key, tbs, signature)
    except KeyRefusedError as error:
        raise ChainRefusedError("pki.chain.signature", error.message) from error


def verify_chain(chain: Sequence[bytes], at: datetime) -> None:
    """Raise ChainRefusedError unless the chain, leaf first and a trusted root last, holds at the given time.

    Whether the root is to be trusted, and whether anything was revoked, is for the caller to know.
    """
    try:
        _verify_chain([read_certificate(certificate) for certificate in chain], chain, at)
    except ChainRefusedError:
        raise
    except PkiError as error:
        raise ChainRefusedError("pki.chain.unreadable", error.message) from error


def _verify_chain(fields: Sequence[CertificateFields], chain: Sequence[bytes], at: datetime) -> None:
    if not fields:
        raise ChainRefusedError("pki.chain.empty", "there is nothing to verify")
    for depth, (certificate, encoded) in enumerate(zip(fields, chain, strict=True)):
        if not certificate.not_before <= at <= certificate.not_after:
            raise ChainRefusedError("pki.chain.time", "a certificate is not valid at that time", depth=depth)
        if any(found.critical and kind not in _UNDERSTOOD for kind, found in certificate.extensions.items()):
            raise ChainRefusedError(
                "pki.chain.critical", "a critical extension is not understood", depth=depth
            )
        issuer = fields[min(depth + 1, len(fields) - 1)]
        limit = issuer.path_length
        # The last certificate signs itself; CA certificates between leaf and issuer count against the limit.
        between = min(depth, len(fields) - 2)
        if not issuer.may_certify:
            raise ChainRefusedError("pki.chain.not_a_ca", "an issuer may not certify", depth=depth)
        if limit is not None and between > limit:
            raise ChainRefusedError(
                "pki.chain.path_length", "the chain is too long for an issuer", depth=depth
            )
        verify_issued_by(encoded, issuer)


def _read_extensions(element: der.Element) -> Mapping[str, ExtensionValue]:
    found: dict[str, ExtensionValue] = {}
    inner = element.children()
    if len(inner) != 1:
        raise DerRefusedError("pki.certificate.extension", "extensions are one sequence")
    for sequence in inner[0].expect(der.SEQUENCE).children():
        kind, extension = _read_extension(sequence.encoded)
        if kind in found:
            raise DerRefusedError("pki.certificate.extension", "an extension stands twice", oid=kind)
        found[kind] = extension
    return MappingProxyType(found)


# All but one or two are the same in thousands of certificates.
@lru_cache(maxsize=1024)
def _read_extension(encoded: bytes) -> tuple[str, ExtensionValue]:
    parts = der.read(encoded).fields(2, 3)
    critical, value = parts[1].encoded == _TRUE, parts[-1].expect(der.OCTET_STRING).content
    return parts[0].as_oid(), ExtensionValue(critical, value)


def _read_time(element: der.Element) -> datetime:
    return _time(element.tag, element.content)


# Certificates of one batch begin and end in the same few seconds.
@lru_cache(maxsize=256)
def _time(tag: int, content: bytes) -> datetime:
    text = content.decode("ascii", errors="replace")
    if tag == der.UTC_TIME:
        # RFC 5280 §4.1.2.5.1: two-digit years from 50 on belong to the twentieth century.
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != der.GENERALIZED_TIME:
        raise DerRefusedError("pki.certificate.time", "not a time", tag=tag)
    try:
        moment = datetime.strptime(text, _TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise DerRefusedError("pki.certificate.time", "not a time of RFC 5280") from error
    # The parser is lenient about missing digits; DER is not.
    if len(text) != _TIME_LENGTH:
        raise DerRefusedError("pki.certificate.time", "not a time of RFC 5280")
    return moment
