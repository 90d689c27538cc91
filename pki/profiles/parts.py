"""The words that profiles are written in: extensions, uses of keys, lives, carriers, rules for holders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from pki.sda import CardRank

TAIPEI: Final = ZoneInfo("Asia/Taipei")
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


class ExtendedUse(Enum):
    """Values of ExtendedKeyUsage, by OID (RFC 5280 §4.2.1.12)."""

    SERVER_AUTHENTICATION = "1.3.6.1.5.5.7.3.1"
    CLIENT_AUTHENTICATION = "1.3.6.1.5.5.7.3.2"
    OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"


class Purpose(Enum):
    """What the certified key is for: its label and the KeyUsage bits that it sets.

    A holder's key has one purpose, to sign or to encipher; servers alone do both with one key, as seen in the field.
    """

    SIGNATURE = ("signature", frozenset({KeyUse.DIGITAL_SIGNATURE}))
    ENCIPHERMENT = ("encipherment", frozenset({KeyUse.KEY_ENCIPHERMENT, KeyUse.DATA_ENCIPHERMENT}))
    CERTIFICATION = ("certification", frozenset({KeyUse.KEY_CERT_SIGN, KeyUse.CRL_SIGN}))
    # A responder signs answers and nothing else.
    OCSP_SIGNING = ("ocsp_signing", frozenset({KeyUse.DIGITAL_SIGNATURE}))
    TLS_SERVER = ("tls_server", frozenset({KeyUse.DIGITAL_SIGNATURE, KeyUse.KEY_ENCIPHERMENT}))
    # Rule CSR-05: a proprietary server application signs and enciphers keys or data.
    SERVER_APPLICATION = (
        "server_application",
        frozenset({KeyUse.DIGITAL_SIGNATURE, KeyUse.KEY_ENCIPHERMENT, KeyUse.DATA_ENCIPHERMENT}),
    )

    def __init__(self, label: str, key_usage: frozenset[KeyUse]) -> None:
        self.label = label
        self.key_usage = key_usage

    def key_usage_of(self, *, elliptic: bool) -> frozenset[KeyUse]:
        """Return the bits for a key: an elliptic curve key enciphers nothing (RFC 8813 §3), so it only signs."""
        enciphering = {KeyUse.KEY_ENCIPHERMENT, KeyUse.DATA_ENCIPHERMENT}
        return self.key_usage - enciphering if elliptic else self.key_usage


class Carrier(Enum):
    """Where the private key lives; keys of cards and phones are made there and never come as a request."""

    CARD = "card"
    PHONE = "phone"
    # A file, an encryptor or a server of the subscriber's own choice (rule CSR-01).
    SUBSCRIBER = "subscriber"
    # The authority's own signer or responder.
    AUTHORITY = "authority"


class AlternativeNames(Enum):
    """What stands in the subject alternative name: label, fewest and most names."""

    NONE = ("none", 0, 0)
    EMAIL = ("email", 0, 1)
    ONE_DOMAIN = ("one_domain", 1, 1)
    # A hundred names keep a certificate small enough for every handshake we know of.
    DOMAINS = ("domains", 1, 100)

    def __init__(self, label: str, fewest: int, most: int) -> None:
        self.label = label
        self.fewest = fewest
        self.most = most

    @property
    def are_domains(self) -> bool:
        """Whether they are dNSNames."""
        return self in {AlternativeNames.ONE_DOMAIN, AlternativeNames.DOMAINS}


class Identifier(Enum):
    """An identifier of the holder in the directory attributes, under its name in `DirectoryAttributes`."""

    CITIZEN_TAIL = "citizen_tail"
    ENTERPRISE_NUMBER = "enterprise_number"
    ORGANISATION_OID = "organisation_oid"


@dataclass(frozen=True, slots=True)
class HolderRules:
    """What directory attributes say beside the subject type: ranks (None for no rank at all) and identifiers."""

    ranks: frozenset[CardRank | None]
    identifiers: frozenset[Identifier] = frozenset()


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

    @property
    def most_days(self) -> int:
        """The most days that it can last, each year counted as a leap year."""
        return self.years * 366 + self.days + 1
