"""Profiles of people and bodies: cards, phones, keys elsewhere, and the registry's own staff."""

from __future__ import annotations

from typing import Final

from pki.keygate import P256, P384, P521, KeyRules
from pki.names import NameAttribute
from pki.profiles.naming import NameRules
from pki.profiles.oids import CLASS_3_ASSURANCE
from pki.profiles.parts import (
    AlternativeNames,
    Carrier,
    Extension,
    HolderRules,
    Identifier,
    Life,
    Purpose,
)
from pki.profiles.profile import Profile
from pki.sda import CardRank
from pki.subject_types import GCA_TYPES, MOBILE_NATURAL_PERSON, MOICA_TYPES, SubjectType

# The order seen in XCA card certificates of 2015 and GCA certificates of 2017.
CARD_EXTENSIONS: Final = (
    Extension.AUTHORITY_KEY_IDENTIFIER,
    Extension.SUBJECT_KEY_IDENTIFIER,
    Extension.AUTHORITY_INFORMATION_ACCESS,
    Extension.KEY_USAGE,
    Extension.CERTIFICATE_POLICIES,
    Extension.SUBJECT_ALTERNATIVE_NAME,
    Extension.SUBJECT_DIRECTORY_ATTRIBUTES,
    Extension.CRL_DISTRIBUTION_POINTS,
)
# The order seen in certificates of the government's test CA of 2023 and of MOICA of 2024.
PERSON_EXTENSIONS: Final = (
    Extension.AUTHORITY_KEY_IDENTIFIER,
    Extension.SUBJECT_KEY_IDENTIFIER,
    Extension.KEY_USAGE,
    Extension.CERTIFICATE_POLICIES,
    Extension.SUBJECT_ALTERNATIVE_NAME,
    Extension.SUBJECT_DIRECTORY_ATTRIBUTES,
    Extension.CRL_DISTRIBUTION_POINTS,
    Extension.AUTHORITY_INFORMATION_ACCESS,
)
_STAFF_EXTENSIONS: Final = tuple(
    kind for kind in CARD_EXTENSIONS if kind is not Extension.SUBJECT_DIRECTORY_ATTRIBUTES
)

_C, _L, _O, _OU, _CN, _NUMBER = NameAttribute
ORGANISATION_NAMES: Final = NameRules(frozenset({_C, _O}), frozenset({_L, _OU, _NUMBER}))
# Rule CSR-05: the X.509 name of an agency may end in a CN where the key is not on a card.
GOVERNMENT_NAMES: Final = NameRules(frozenset({_C, _O}), frozenset({_L, _OU, _CN, _NUMBER}))
PERSON_NAMES: Final = NameRules(frozenset({_C, _CN, _NUMBER}), numbered=True)
STAFF_NAMES: Final = NameRules(frozenset({_C, _O, _CN}), frozenset({_L, _OU, _NUMBER}))

_ORGANISATION: Final = frozenset({Identifier.ENTERPRISE_NUMBER, Identifier.ORGANISATION_OID})
ON_CARDS: Final = HolderRules(frozenset({CardRank.PRIMARY, CardRank.SECONDARY}), _ORGANISATION)
OFF_CARDS: Final = HolderRules(frozenset({None}), _ORGANISATION)
# Ordinary cards of people carry no rank, phones the rank `mobile`.
PERSON_CARDS: Final = HolderRules(frozenset({None}), frozenset({Identifier.CITIZEN_TAIL}))
PHONES: Final = HolderRules(frozenset({CardRank.MOBILE}), frozenset({Identifier.CITIZEN_TAIL}))

_SIGNING_CARD_KEYS: Final = KeyRules(curves=frozenset({P256, P384}))
_ENCIPHERING_CARD_KEYS: Final = KeyRules(curves=frozenset())
SIGNING_REQUEST_KEYS: Final = KeyRules(rsa_bits_to=8192, curves=frozenset({P256, P384, P521}))
ENCIPHERING_REQUEST_KEYS: Final = KeyRules(rsa_bits_to=8192, curves=frozenset())
_PURPOSES: Final = (
    (Purpose.SIGNATURE, "signature", "簽章"),
    (Purpose.ENCIPHERMENT, "encipherment", "加解密"),
)


def _names_of(subject_type: SubjectType) -> NameRules:
    if subject_type.name in {kind.name for kind in MOICA_TYPES}:
        return PERSON_NAMES
    return GOVERNMENT_NAMES if subject_type.name in {kind.name for kind in GCA_TYPES} else ORGANISATION_NAMES


def card_profiles(subject_type: SubjectType, policy: str = CLASS_3_ASSURANCE) -> tuple[Profile, Profile]:
    """Return the signature and the encipherment profile of one kind of holder, each living 5 years (rule P-04)."""
    names = _names_of(subject_type)
    person = names is PERSON_NAMES
    signature, encipherment = (
        Profile(
            f"{subject_type.name}_{suffix}",
            f"{subject_type.zh}{zh}憑證",
            f"{subject_type.en}, {suffix}",
            purpose,
            Life(years=5),
            PERSON_EXTENSIONS if person else CARD_EXTENSIONS,
            subject_type,
            policy=policy,
            alternative_names=AlternativeNames.EMAIL,
            naming=names,
            holder=PERSON_CARDS if person else ON_CARDS,
            keys=_SIGNING_CARD_KEYS if purpose is Purpose.SIGNATURE else _ENCIPHERING_CARD_KEYS,
            lists=2,
            origin="MOICA certificate, 2024" if person else "XCA secondary card of a school, 2015",
        )
        for purpose, suffix, zh in _PURPOSES
    )
    return signature, encipherment


def mobile_profiles(policy: str = CLASS_3_ASSURANCE) -> tuple[Profile, Profile]:
    """Return the two profiles of a person's phone, each living a year (rule P-04), without an e-mail as seen."""
    extensions = tuple(kind for kind in PERSON_EXTENSIONS if kind is not Extension.SUBJECT_ALTERNATIVE_NAME)
    signature, encipherment = (
        Profile(
            f"{MOBILE_NATURAL_PERSON.name}_{suffix}",
            f"行動自然人{zh}憑證",
            f"mobile natural person, {suffix}",
            purpose,
            Life(years=1),
            extensions,
            MOBILE_NATURAL_PERSON,
            policy=policy,
            naming=PERSON_NAMES,
            holder=PHONES,
            keys=_SIGNING_CARD_KEYS if purpose is Purpose.SIGNATURE else _ENCIPHERING_CARD_KEYS,
            lists=2,
            carrier=Carrier.PHONE,
            origin="MOICA test certificate of a phone, 2024",
        )
        for purpose, suffix, zh in _PURPOSES
    )
    return signature, encipherment


def non_card_profiles(subject_type: SubjectType, policy: str = CLASS_3_ASSURANCE) -> tuple[Profile, Profile]:
    """Return the profiles of a body whose key is not on a card: it signs or it enciphers (rules CSR-03, CSR-05)."""
    signature, encipherment = (
        Profile(
            f"{subject_type.name}_non_card_{suffix}",
            f"{subject_type.zh}非IC卡類{zh}憑證",
            f"{subject_type.en} without card, {suffix}",
            purpose,
            Life(years=5),
            CARD_EXTENSIONS,
            subject_type,
            policy=policy,
            alternative_names=AlternativeNames.EMAIL,
            naming=_names_of(subject_type),
            holder=OFF_CARDS,
            keys=SIGNING_REQUEST_KEYS if purpose is Purpose.SIGNATURE else ENCIPHERING_REQUEST_KEYS,
            lists=2,
            carrier=Carrier.SUBSCRIBER,
            origin="CSR-02, CSR-05; extensions as in XCA cards, 2015",
        )
        for purpose, suffix, zh in _PURPOSES
    )
    return signature, encipherment


def staff_profiles(policy: str = CLASS_3_ASSURANCE) -> tuple[Profile, ...]:
    """Return the profile of the cards with which the registry's own staff sign their decisions."""
    return (
        Profile(
            "staff_signature",
            "承辦人員簽章憑證",
            "staff card, signature",
            Purpose.SIGNATURE,
            Life(years=3),
            _STAFF_EXTENSIONS,
            policy=policy,
            alternative_names=AlternativeNames.EMAIL,
            naming=STAFF_NAMES,
            keys=_SIGNING_CARD_KEYS,
            lists=2,
            origin="RV2-03: the officer signs with a card",
        ),
    )
