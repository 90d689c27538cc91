"""What a certificate is ordered with, and who issues it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pki.certificates import CertificateFields, key_identifier, read_certificate

if TYPE_CHECKING:
    from datetime import datetime

    from pki.names import Subject
    from pki.profiles import Profile
    from pki.sda import DirectoryAttributes


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where relying parties find things: CRL URLs (partition first, then complete), the issuer's .p7b, OCSP."""

    crl: tuple[str, ...] = ()
    ca_issuers: str | None = None
    ocsp: str | None = None


@dataclass(frozen=True, slots=True)
class CertificateOrder:
    """Everything that one certificate says beyond its profile.

    `not_before` is aware, `serial` comes from new_serial(), `domains` are A-labels in lower case, the CN among them.
    """

    profile: Profile
    subject: Subject
    spki_der: bytes
    serial: int
    not_before: datetime
    addresses: Addresses = field(default_factory=Addresses)
    attributes: DirectoryAttributes | None = None
    email: str | None = None
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Issuer:
    """A CA as its certificates know it; `fields` is None only for a root whose certificate is being made."""

    name_der: bytes
    spki_der: bytes
    key_identifier: bytes
    fields: CertificateFields | None = None

    @classmethod
    def from_certificate(cls, certificate_der: bytes) -> Issuer:
        """Return the issuer that a CA certificate describes."""
        fields = read_certificate(certificate_der)
        identifier = fields.subject_key_identifier or key_identifier(fields.spki_der)
        return cls(fields.subject_name, fields.spki_der, identifier, fields)

    @classmethod
    def of_new_root(cls, subject: Subject, spki_der: bytes) -> Issuer:
        """Return the issuer of a root certificate that does not exist yet: the root itself."""
        return cls(subject.to_der(), spki_der, key_identifier(spki_der))
