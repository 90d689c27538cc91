"""Encode the extensions of a certificate in the order that its profile sets."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from pki import der
from pki.certificates import key_identifier
from pki.errors import ProfileRefusedError
from pki.keygate import is_elliptic
from pki.profiles import AlternativeNames, Extension, Identifier, KeyUse, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable

    from pki.orders import CertificateOrder, Issuer
    from pki.sda import DirectoryAttributes


def encode_extensions(order: CertificateOrder, issuer: Issuer) -> bytes:
    """Return the Extensions SEQUENCE; an extension for which the order brings nothing is left out.

    Only an e-mail address may be left out so; anything else missing, or brought to a profile that has no place for
    it, raises ProfileRefusedError.
    """
    _refuse_surplus(order)
    encoded = []
    for kind in order.profile.extensions:
        try:
            value = _ENCODERS[kind](order, issuer)
        except ValueError as error:
            # The library says so of an address that is not ASCII; ours are e-mail and web addresses alone.
            raise ProfileRefusedError("pki.order.value", f"{kind.name}: {error}") from error
        if value is not None:
            encoded.append(_extension(kind.value, kind in order.profile.critical, value))
    return der.sequence(*encoded)


# What follows from profile, issuer and addresses alone is the same in thousands of certificates, so it is kept.
@lru_cache(maxsize=1024)
def _extension(kind: str, critical: bool, value: bytes) -> bytes:  # noqa: FBT001 - a field of the extension.
    flag = (der.boolean(value=True),) if critical else ()
    return der.sequence(der.oid(kind), *flag, der.octet_string(value))


@lru_cache(maxsize=64)
def authority_key_identifier(identifier: bytes) -> bytes:
    """Return the value of an AKI that holds the key identifier alone."""
    return x509.AuthorityKeyIdentifier(identifier, None, None).public_bytes()


def _authority_key(_order: CertificateOrder, issuer: Issuer) -> bytes:
    return authority_key_identifier(issuer.key_identifier)


def _subject_key(order: CertificateOrder, _issuer: Issuer) -> bytes:
    return der.octet_string(key_identifier(order.spki_der))


def _information_access(order: CertificateOrder, _issuer: Issuer) -> bytes:
    return _access(order.addresses.ca_issuers, order.addresses.ocsp)


@lru_cache(maxsize=64)
def _access(ca_issuers: str | None, ocsp: str | None) -> bytes:
    methods = (
        (AuthorityInformationAccessOID.CA_ISSUERS, ca_issuers),
        (AuthorityInformationAccessOID.OCSP, ocsp),
    )
    found = [
        x509.AccessDescription(method, x509.UniformResourceIdentifier(address))
        for method, address in methods
        if address is not None
    ]
    if not found:
        raise ProfileRefusedError("pki.order.addresses", "authority information access has no address")
    return x509.AuthorityInformationAccess(found).public_bytes()


def _key_usage(order: CertificateOrder, _issuer: Issuer) -> bytes:
    return _usage(order.profile.purpose, elliptic=is_elliptic(order.spki_der))


@lru_cache(maxsize=64)
def _usage(purpose: Purpose, *, elliptic: bool) -> bytes:
    bits = purpose.key_usage_of(elliptic=elliptic)
    return x509.KeyUsage(
        digital_signature=KeyUse.DIGITAL_SIGNATURE in bits,
        content_commitment=False,
        key_encipherment=KeyUse.KEY_ENCIPHERMENT in bits,
        data_encipherment=KeyUse.DATA_ENCIPHERMENT in bits,
        key_agreement=False,
        key_cert_sign=KeyUse.KEY_CERT_SIGN in bits,
        crl_sign=KeyUse.CRL_SIGN in bits,
        encipher_only=False,
        decipher_only=False,
    ).public_bytes()


def _basic_constraints(order: CertificateOrder, _issuer: Issuer) -> bytes:
    return x509.BasicConstraints(ca=True, path_length=order.profile.path_length).public_bytes()


def _policies(order: CertificateOrder, _issuer: Issuer) -> bytes:
    # GPKI certificates carry no policy qualifiers (rule RV2-07).
    return _policy_identifiers(order.profile.policies)


@lru_cache(maxsize=64)
def _policy_identifiers(policies: tuple[str, ...]) -> bytes:
    return der.sequence(*(der.sequence(der.oid(policy)) for policy in policies))


def _refuse_surplus(order: CertificateOrder) -> None:
    profile = order.profile
    rules = (
        (
            order.email is None or profile.alternative_names is AlternativeNames.EMAIL,
            "the profile has no e-mail",
        ),
        (not order.domains or profile.alternative_names.are_domains, "the profile has no domains"),
        (order.attributes is None or profile.subject_type is not None, "the profile has no attributes"),
    )
    for holds, sentence in rules:
        if not holds:
            raise ProfileRefusedError("pki.order.surplus", sentence, profile=profile.name)


def _alternative_name(order: CertificateOrder, _issuer: Issuer) -> bytes | None:
    if order.profile.alternative_names.are_domains:
        return _domains(order)
    if order.email is None:
        return None
    return _email(order.email)


@lru_cache(maxsize=64)
def _email(address: str) -> bytes:
    return x509.SubjectAlternativeName([x509.RFC822Name(address)]).public_bytes()


def _domains(order: CertificateOrder) -> bytes:
    form = order.profile.alternative_names
    if not form.fewest <= len(order.domains) <= form.most or len(set(order.domains)) != len(order.domains):
        raise ProfileRefusedError(
            "pki.order.domains", f"the profile has {form.fewest} to {form.most} distinct domains"
        )
    # Rule CSR-06: subject and alternative name carry the domain.
    if order.subject.common_name not in order.domains:
        raise ProfileRefusedError("pki.order.domains", "the CN is none of the domains")
    return x509.SubjectAlternativeName([x509.DNSName(domain) for domain in order.domains]).public_bytes()


def _directory_attributes(order: CertificateOrder, _issuer: Issuer) -> bytes:
    attributes, subject_type, rules = order.attributes, order.profile.subject_type, order.profile.holder
    if attributes is None or subject_type is None or attributes.subject_type != subject_type.oid:
        raise ProfileRefusedError("pki.order.subject_type", "directory attributes do not fit the profile")
    given, encoded = _holder(attributes)
    if rules is None or attributes.rank not in rules.ranks or not given <= rules.identifiers:
        raise ProfileRefusedError(
            "pki.order.holder",
            "the profile has another rank or no such identifier",
            profile=order.profile.name,
        )
    return encoded


@lru_cache(maxsize=256)
def _holder(attributes: DirectoryAttributes) -> tuple[frozenset[Identifier], bytes]:
    """Return which identifiers of a holder are said, and the value that says them."""
    given = frozenset(kind for kind in Identifier if getattr(attributes, kind.value) is not None)
    return given, attributes.to_der()


def _distribution_points(order: CertificateOrder, _issuer: Issuer) -> bytes:
    if not order.addresses.crl:
        raise ProfileRefusedError("pki.order.addresses", "there is no CRL address")
    return _points(order.addresses.crl)


@lru_cache(maxsize=1024)
def _points(lists: tuple[str, ...]) -> bytes:
    # One point for each list: a relying party may use either, and each covers all reasons.
    return x509.CRLDistributionPoints(
        x509.DistributionPoint([x509.UniformResourceIdentifier(address)], None, None, None)
        for address in lists
    ).public_bytes()


def _extended_key_usage(order: CertificateOrder, _issuer: Issuer) -> bytes:
    return der.sequence(*(der.oid(use.value) for use in order.profile.extended_uses))


def _no_check(_order: CertificateOrder, _issuer: Issuer) -> bytes:
    return der.null()


_ENCODERS: Final[dict[Extension, Callable[[CertificateOrder, Issuer], bytes | None]]] = {
    Extension.AUTHORITY_KEY_IDENTIFIER: _authority_key,
    Extension.SUBJECT_KEY_IDENTIFIER: _subject_key,
    Extension.AUTHORITY_INFORMATION_ACCESS: _information_access,
    Extension.BASIC_CONSTRAINTS: _basic_constraints,
    Extension.KEY_USAGE: _key_usage,
    Extension.CERTIFICATE_POLICIES: _policies,
    Extension.SUBJECT_ALTERNATIVE_NAME: _alternative_name,
    Extension.SUBJECT_DIRECTORY_ATTRIBUTES: _directory_attributes,
    Extension.CRL_DISTRIBUTION_POINTS: _distribution_points,
    Extension.EXTENDED_KEY_USAGE: _extended_key_usage,
    Extension.OCSP_NO_CHECK: _no_check,
}
