"""Distinguished names as GPKI writes them.

GPKI names hold C as PrintableString, serialNumber as PrintableString and everything else as UTF8String. X.520
counts characters (64 for CN, O and OU; 128 for L), whereas the certificate library counts bytes and so refuses a
CN of 22 Chinese characters; hence names are encoded here and never pass through that library.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

from pki import der
from pki.errors import DerRefusedError, NameRefusedError

EXECUTIVE_YUAN: Final = "行政院"


class NameAttribute(Enum):
    """An attribute of a name: its label, OID, string tag and upper bound in characters (RFC 5280 appendix A)."""

    COUNTRY = ("C", "2.5.4.6", der.PRINTABLE_STRING, 2)
    LOCALITY = ("L", "2.5.4.7", der.UTF8_STRING, 128)
    ORGANISATION = ("O", "2.5.4.10", der.UTF8_STRING, 64)
    UNIT = ("OU", "2.5.4.11", der.UTF8_STRING, 64)
    COMMON_NAME = ("CN", "2.5.4.3", der.UTF8_STRING, 64)
    SERIAL_NUMBER = ("serialNumber", "2.5.4.5", der.PRINTABLE_STRING, 64)

    def __init__(self, label: str, oid: str, tag: int, bound: int) -> None:
        self.label = label
        self.oid = oid
        self.tag = tag
        self.bound = bound


_BY_OID: Final = {attribute.oid: attribute for attribute in NameAttribute}
_PRINTABLE: Final = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]+")
_NATURAL_PERSON_NUMBER: Final = re.compile(r"[0-9]{16}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Subject:
    """A GPKI name. It is written in the order C, L (county before town), O, OU (outermost first), CN, serialNumber."""

    localities: tuple[str, ...] = ()
    organisation: str | None = None
    units: tuple[str, ...] = ()
    common_name: str | None = None
    serial_number: str | None = None
    country: str = "TW"

    def pairs(self) -> tuple[tuple[NameAttribute, str], ...]:
        """Return the attributes with their values, in the order of encoding."""
        columns: tuple[tuple[NameAttribute, tuple[str | None, ...]], ...] = (
            (NameAttribute.COUNTRY, (self.country,)),
            (NameAttribute.LOCALITY, self.localities),
            (NameAttribute.ORGANISATION, (self.organisation,)),
            (NameAttribute.UNIT, self.units),
            (NameAttribute.COMMON_NAME, (self.common_name,)),
            (NameAttribute.SERIAL_NUMBER, (self.serial_number,)),
        )
        return tuple((kind, value) for kind, values in columns for value in values if value is not None)

    def to_der(self, printable: frozenset[NameAttribute] = frozenset()) -> bytes:
        """Return the DER of the name, one attribute in each RDN; raises NameRefusedError for a value X.520 does not allow.

        `printable` are attributes to be written as PrintableString beside those that always are: servers write
        their domain so.
        """
        return _encoded(self, printable)


# A batch carries few names, and each is written several times on its way to a certificate.
@lru_cache(maxsize=256)
def _encoded(subject: Subject, printable: frozenset[NameAttribute]) -> bytes:
    return der.sequence(
        *(
            _relative_name(kind, value, der.PRINTABLE_STRING if kind in printable else kind.tag)
            for kind, value in subject.pairs()
        )
    )


def agency(*units: str) -> Subject:
    """Return a government agency or unit under GCA: C=TW, O=行政院, OU=…, outermost unit first."""
    return Subject(organisation=EXECUTIVE_YUAN, units=units)


def organisation(name: str, *localities: str) -> Subject:
    """Return an organisation under XCA: C=TW, L=county, L=town, O=name."""
    return Subject(localities=localities, organisation=name)


def natural_person(name: str, serial_number: str) -> Subject:
    """Return a person under MOICA: C=TW, CN=name, serialNumber=the 16 digits that the CA gave (rule RV2-08)."""
    if not _NATURAL_PERSON_NUMBER.fullmatch(serial_number):
        raise NameRefusedError("pki.name.person_number", "a person's serialNumber is 16 digits")
    return Subject(common_name=name, serial_number=serial_number)


def read_name(encoded: bytes) -> Subject:
    """Return the Subject that the DER of a GPKI name holds; refuses names of another shape."""
    try:
        found = [
            _read_relative_name(element) for element in der.read(encoded).expect(der.SEQUENCE).children()
        ]
    except DerRefusedError as error:
        raise NameRefusedError("pki.name.der", error.message) from error

    def one(kind: NameAttribute) -> str | None:
        return next((value for found_kind, value in found if found_kind is kind), None)

    def many(kind: NameAttribute) -> tuple[str, ...]:
        return tuple(value for found_kind, value in found if found_kind is kind)

    subject = Subject(
        many(NameAttribute.LOCALITY),
        one(NameAttribute.ORGANISATION),
        many(NameAttribute.UNIT),
        one(NameAttribute.COMMON_NAME),
        one(NameAttribute.SERIAL_NUMBER),
        one(NameAttribute.COUNTRY) or "",
    )
    if subject.pairs() != tuple(found):
        raise NameRefusedError("pki.name.shape", "the attributes do not stand in the GPKI order")
    return subject


@lru_cache(maxsize=256)
def describe_name(encoded: bytes) -> str:
    """Return a name for people and logs, in the order of encoding: `C=TW,O=行政院,OU=財政部`."""
    return ",".join(f"{kind.label}={value}" for kind, value in read_name(encoded).pairs())


def _relative_name(kind: NameAttribute, value: str, tag: int) -> bytes:
    check_value(kind, value)
    if tag == der.PRINTABLE_STRING and not _PRINTABLE.fullmatch(value):
        raise NameRefusedError("pki.name.characters", f"{kind.label} is a PrintableString", value=value)
    encoding = "ascii" if tag == der.PRINTABLE_STRING else "utf-8"
    return der.set_of(der.sequence(der.oid(kind.oid), der.tlv(tag, value.encode(encoding))))


def check_value(kind: NameAttribute, value: str) -> None:
    """Raise NameRefusedError for a value that X.520 does not allow: its length, its ends, its characters."""
    if not value or value != value.strip():
        raise NameRefusedError(
            "pki.name.blank", "a value is empty or has blanks at an end", attribute=kind.label
        )
    if len(value) > kind.bound:
        raise NameRefusedError(
            "pki.name.too_long", f"{kind.label} has at most {kind.bound} characters", length=len(value)
        )
    if kind is NameAttribute.COUNTRY and not _COUNTRY.fullmatch(value):
        raise NameRefusedError("pki.name.country", "a country is two capital letters", value=value)
    # Control characters and lone surrogates have no place in a name; private-use characters do occur in
    # Taiwanese names and whether one may be printed is the paper's question, not this room's.
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value):
        raise NameRefusedError("pki.name.characters", f"{kind.label} holds a control character")


def _read_relative_name(element: der.Element) -> tuple[NameAttribute, str]:
    pairs = element.expect(der.SET).children()
    if len(pairs) != 1:
        raise NameRefusedError("pki.name.shape", "an RDN does not hold exactly one attribute")
    oid, value = pairs[0].fields(2)
    kind = _BY_OID.get(oid.as_oid())
    if kind is None or value.tag not in {der.PRINTABLE_STRING, der.UTF8_STRING}:
        raise NameRefusedError("pki.name.attribute", "an attribute that GPKI names do not hold")
    try:
        return kind, value.content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NameRefusedError("pki.name.characters", "a value is not UTF-8") from error
