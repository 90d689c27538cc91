"""Certificate profiles: what each kind of certificate looks like, as frozen data.

A change here is a change of the practice statement. The shapes follow certificates seen in the field: order of
extensions, key usage, policy OID and subject type. `check_profiles` runs when the module loads and refuses to start
on a profile that contradicts itself. Values that depend on the case (name, key, serial, addresses) come with the order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

from pki.errors import ProfileRefusedError
from pki.subject_types import ALL_TYPES, SubjectType

TAIPEI: Final = ZoneInfo("Asia/Taipei")
# id-tw-gpki-certpolicy: 3 is class3Assurance, 0 is the assurance level for tests.
CLASS_3_ASSURANCE: Final = "2.16.886.101.0.3.3"
TEST_ASSURANCE: Final = "2.16.886.101.0.3.0"
_FEBRUARY: Final = 2
_LEAP_DAY: Final = 29


class Extension(Enum):
    """The certificate extensions we issue, by OID (RFC 5280 §4.2, RFC 6960 §4.2.2.2.1)."""

    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35"
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
    AUTHORITY_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1"
    BASIC_CONSTRAINTS = "2.5.29.19"
    KEY_USAGE = "2.5.29.15"
    CERTIFICATE_POLICIES = "2.5.29.32"
    SUBJECT_ALTERNATIVE_NAME = "2.5.29.17"
    SUBJECT_DIRECTORY_ATTRIBUTES = "2.5.29.9"
    CRL_DISTRIBUTION_POINTS = "2.5.29.31"
    EXTENDED_KEY_USAGE = "2.5.29.37"
    OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5"


class KeyUse(Enum):
    """Bits of KeyUsage, under the names that the certificate library gives them."""

    DIGITAL_SIGNATURE = "digital_signature"
    KEY_ENCIPHERMENT = "key_encipherment"
    DATA_ENCIPHERMENT = "data_encipherment"
    KEY_CERT_SIGN = "key_cert_sign"
    CRL_SIGN = "crl_sign"


class Purpose(Enum):
    """What the certified key is for; one purpose for each certificate."""

    SIGNATURE = frozenset({KeyUse.DIGITAL_SIGNATURE})
    ENCIPHERMENT = frozenset({KeyUse.KEY_ENCIPHERMENT, KeyUse.DATA_ENCIPHERMENT})
    CERTIFICATION = frozenset({KeyUse.KEY_CERT_SIGN, KeyUse.CRL_SIGN})
    # The value differs from SIGNATURE only by its name: a responder signs answers and nothing else.
    OCSP_SIGNING = (KeyUse.DIGITAL_SIGNATURE,)

    @property
    def key_usage(self) -> frozenset[KeyUse]:
        """The KeyUsage bits that the purpose sets."""
        return frozenset(self.value)


@dataclass(frozen=True, slots=True)
class Life:
    """How long a certificate lives: calendar years and days, to the last second of that day in Taipei."""

    years: int = 0
    days: int = 0

    def end(self, not_before: datetime) -> datetime:
        """Return the notAfter that belongs to a notBefore: 23:59:59 Asia/Taipei of the anniversary (rule P-04).

        29 February becomes 28 February where the year has none. Counting whole days, as the practice statements do,
        makes the life up to a day longer than the years alone.
        """
        day = not_before.astimezone(TAIPEI).date()
        year = day.year + self.years
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        if (day.month, day.day) == (_FEBRUARY, _LEAP_DAY) and not leap:
            day = day.replace(day=_LEAP_DAY - 1)
        day = day.replace(year=year) + timedelta(days=self.days)
        return datetime.combine(day, time(23, 59, 59), tzinfo=TAIPEI)


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of certificate. `name` is stored with each certificate and never changes its meaning."""

    name: str
    zh: str
    en: str
    purpose: Purpose
    life: Life
    extensions: tuple[Extension, ...]
    subject_type: SubjectType | None = None
    path_length: int | None = None
    policy: str | None = CLASS_3_ASSURANCE

    @property
    def is_ca(self) -> bool:
        """Whether its certificates certify others."""
        return self.purpose is Purpose.CERTIFICATION

    def faults(self) -> tuple[str, ...]:
        """Return what contradicts itself in this profile, as sentences; empty when it is sound."""
        has = set(self.extensions)
        basics = {Extension.AUTHORITY_KEY_IDENTIFIER, Extension.SUBJECT_KEY_IDENTIFIER, Extension.KEY_USAGE}
        responder = self.purpose is Purpose.OCSP_SIGNING
        rules = (
            (len(has) == len(self.extensions), "an extension stands twice"),
            (basics <= has, "AKI, SKI and KU are in every certificate"),
            (
                self.is_ca == (Extension.BASIC_CONSTRAINTS in has),
                "CA certificates alone have basicConstraints",
            ),
            (self.path_length is None or self.is_ca, "a path length belongs to a CA certificate"),
            (responder == (Extension.OCSP_NO_CHECK in has), "responders alone have ocsp-nocheck"),
            (responder == (Extension.EXTENDED_KEY_USAGE in has), "responders alone have extended key usage"),
            (
                (self.subject_type is not None) == (Extension.SUBJECT_DIRECTORY_ATTRIBUTES in has),
                "a subject type and directory attributes go together",
            ),
            (
                (self.policy is not None) == (Extension.CERTIFICATE_POLICIES in has),
                "a policy OID and certificatePolicies go together",
            ),
            (self.life.years >= 0 and self.life.days >= 0, "a life is not negative"),
            (self.life.years + self.life.days > 0, "a life is at least a day"),
        )
        return tuple(sentence for holds, sentence in rules if not holds)


# The order seen in XCA and GCA card certificates.
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
_ROOT_EXTENSIONS: Final = (
    Extension.AUTHORITY_KEY_IDENTIFIER,
    Extension.SUBJECT_KEY_IDENTIFIER,
    Extension.KEY_USAGE,
    Extension.BASIC_CONSTRAINTS,
)
_SUBORDINATE_EXTENSIONS: Final = (
    Extension.AUTHORITY_KEY_IDENTIFIER,
    Extension.SUBJECT_KEY_IDENTIFIER,
    Extension.KEY_USAGE,
    Extension.CRL_DISTRIBUTION_POINTS,
    Extension.AUTHORITY_INFORMATION_ACCESS,
    Extension.BASIC_CONSTRAINTS,
    Extension.CERTIFICATE_POLICIES,
)
_RESPONDER_EXTENSIONS: Final = (
    Extension.AUTHORITY_KEY_IDENTIFIER,
    Extension.SUBJECT_KEY_IDENTIFIER,
    Extension.KEY_USAGE,
    Extension.EXTENDED_KEY_USAGE,
    Extension.OCSP_NO_CHECK,
)

ROOT_CA: Final = Profile(
    "root_ca", "根憑證", "root CA", Purpose.CERTIFICATION, Life(years=30), _ROOT_EXTENSIONS, policy=None
)
SUBORDINATE_CA: Final = Profile(
    "subordinate_ca",
    "下屬憑證機構憑證",
    "subordinate CA",
    Purpose.CERTIFICATION,
    Life(years=20),
    _SUBORDINATE_EXTENSIONS,
    path_length=0,
)
# Rule CRL-06: short-lived, renewed regularly, with id-pkix-ocsp-nocheck.
OCSP_RESPONDER: Final = Profile(
    "ocsp_responder",
    "線上憑證狀態回應伺服器憑證",
    "OCSP responder",
    Purpose.OCSP_SIGNING,
    Life(days=7),
    _RESPONDER_EXTENSIONS,
    policy=None,
)

_PURPOSES: Final = (
    (Purpose.SIGNATURE, "signature", "簽章"),
    (Purpose.ENCIPHERMENT, "encipherment", "加解密"),
)


def card_profiles(subject_type: SubjectType, policy: str = CLASS_3_ASSURANCE) -> tuple[Profile, Profile]:
    """Return the signature and the encipherment profile of one kind of holder, each living 5 years (rule P-04)."""
    signature, encipherment = (
        Profile(
            f"{subject_type.name}_{suffix}",
            f"{subject_type.zh}{zh}憑證",
            f"{subject_type.en}, {suffix}",
            purpose,
            Life(years=5),
            CARD_EXTENSIONS,
            subject_type,
            policy=policy,
        )
        for purpose, suffix, zh in _PURPOSES
    )
    return signature, encipherment


def all_profiles(
    subject_types: tuple[SubjectType, ...], policy: str = CLASS_3_ASSURANCE
) -> dict[str, Profile]:
    """Every profile by name, checked; `policy` lets a demonstration use the test assurance level."""
    cards = tuple(profile for kind in subject_types for profile in card_profiles(kind, policy))
    subordinate = replace(SUBORDINATE_CA, policy=policy)
    return check_profiles((ROOT_CA, subordinate, OCSP_RESPONDER, *cards))


def check_profiles(profiles: tuple[Profile, ...]) -> dict[str, Profile]:
    """Return the profiles by name; raises ProfileRefusedError naming the first that contradicts itself or repeats a name."""
    by_name: dict[str, Profile] = {}
    for profile in profiles:
        if profile.name in by_name:
            raise ProfileRefusedError(
                "pki.profile.repeated", "two profiles share a name", profile=profile.name
            )
        faults = profile.faults()
        if faults:
            raise ProfileRefusedError("pki.profile.faults", "; ".join(faults), profile=profile.name)
        by_name[profile.name] = profile
    return by_name


# The standard set; building it here makes a contradiction stop the program when it starts.
PROFILES: Final = all_profiles(ALL_TYPES)
