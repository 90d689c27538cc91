"""Rehearse a profile: order a sample of it, build it and lint it under throw-away keys.

`check_profiles` finds what contradicts itself in the data; a rehearsal finds what only the finished certificate
shows. It signs nothing that anybody trusts: the issuer and every key live as long as the call.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pki.errors import LintRefusedError, PkiError
from pki.issuing import new_serial, prepare, sign
from pki.keys import KeyKind, SoftwareSigner
from pki.names import EXECUTIVE_YUAN, NameAttribute, Subject
from pki.orders import Addresses, CertificateOrder, Issuer
from pki.profiles import (
    ROOT_CA,
    SUBORDINATE_CA,
    AlternativeNames,
    CommonNameForm,
    Extension,
    Identifier,
    NameRules,
    Profile,
)
from pki.sda import DirectoryAttributes

if TYPE_CHECKING:
    from datetime import datetime

_HOST: Final = "http://repository.example.gov.tw"
_DOMAIN: Final = "www.example.gov.tw"
_IDENTIFIERS: Final = {
    Identifier.CITIZEN_TAIL: "6789",
    Identifier.ENTERPRISE_NUMBER: "04595257",
    Identifier.ORGANISATION_OID: "2.16.886.111.90005.90003.100004",
}


def sample_subject(naming: NameRules) -> Subject:
    """Return an invented subject with every attribute that the rules allow."""
    has = naming.allowed
    domain = naming.common_name is CommonNameForm.DOMAIN
    return Subject(
        ("新竹縣", "竹東鎮") if NameAttribute.LOCALITY in has else (),
        EXECUTIVE_YUAN if NameAttribute.ORGANISATION in has else None,
        ("示範部", "示範局") if NameAttribute.UNIT in has else (),
        (_DOMAIN if domain else "示範名稱") if NameAttribute.COMMON_NAME in has else None,
        "0000000123456789" if NameAttribute.SERIAL_NUMBER in has else None,
    )


def sample_attributes(profile: Profile) -> DirectoryAttributes | None:
    """Return directory attributes with a rank and every identifier that the profile allows."""
    if profile.subject_type is None or profile.holder is None:
        return None
    given = {kind.value: _IDENTIFIERS[kind] for kind in profile.holder.identifiers}
    ranks = sorted(profile.holder.ranks, key=lambda rank: "" if rank is None else rank.value)
    return DirectoryAttributes(profile.subject_type.oid, ranks[0], **given)


def sample_order(profile: Profile, spki_der: bytes, not_before: datetime) -> CertificateOrder:
    """Return an order that fills every place of a profile."""
    lists = (f"{_HOST}/CRL2/CRL_0001.crl", f"{_HOST}/CRL2/complete.crl")[2 - profile.lists :]
    access = Extension.AUTHORITY_INFORMATION_ACCESS in profile.extensions
    return CertificateOrder(
        profile,
        sample_subject(profile.naming),
        spki_der,
        new_serial(),
        not_before,
        Addresses(lists, f"{_HOST}/IssuedToThisCA.p7b", f"{_HOST}/OCSP/ocsp") if access else Addresses(lists),
        sample_attributes(profile),
        "seal@example.gov.tw" if profile.alternative_names is AlternativeNames.EMAIL else None,
        (_DOMAIN,) if profile.alternative_names.are_domains else (),
    )


def rehearse(profile: Profile, now: datetime) -> tuple[str, ...]:
    """Return what stands in the way of a certificate of this profile, as sentences; empty when it can be issued."""
    try:
        prepare(sample_order(profile, _key("holder").spki_der, now), _issuer(profile, now))
    except LintRefusedError as error:
        return error.findings
    except PkiError as error:
        return (str(error),)
    return ()


def _issuer(profile: Profile, now: datetime) -> Issuer:
    root = _key("root")
    name = Subject(organisation="Rehearsal")
    if profile.is_ca:
        return Issuer.of_new_root(name, root.spki_der)
    order = sample_order(SUBORDINATE_CA, root.spki_der, now - timedelta(days=1))
    above = Issuer.of_new_root(sample_subject(ROOT_CA.naming), root.spki_der)
    prepared = prepare(order, above)
    return Issuer.from_certificate(sign(prepared.tbs_der, prepared.tbs_sha256, above, root))


@lru_cache
def _key(_role: str) -> SoftwareSigner:
    return SoftwareSigner.generate(KeyKind.RSA_2048)
