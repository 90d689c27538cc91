"""Kinds of certificate holders and the subject type OIDs that stand for them in directory attributes.

Some OIDs were read in real certificates; for others no public certificate is known, and a number under a
private test arc keeps their place. `confirmed` tells which is which, so that nobody takes a placeholder for the real
number: an operator who knows it gives it to `with_numbers`, by a setting of the office.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pki.errors import ProfileRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The arc that ITU-T and ISO set aside for examples (X.660), where no real subject type can ever stand.
_PLACEHOLDER_ARC: Final = "2.999.886.1.100.3.2"


@dataclass(frozen=True, slots=True)
class SubjectType:
    """A kind of holder; `name` becomes part of profile names, `confirmed` is False for a placeholder OID."""

    name: str
    zh: str
    en: str
    oid: str
    confirmed: bool


SCHOOL: Final = SubjectType("school", "學校", "school", "2.16.886.1.100.3.2.11", confirmed=True)
FOUNDATION: Final = SubjectType(
    "foundation", "財團法人", "foundation", f"{_PLACEHOLDER_ARC}.1", confirmed=False
)
ASSOCIATION: Final = SubjectType(
    "association", "社團法人", "incorporated association", f"{_PLACEHOLDER_ARC}.2", confirmed=False
)
ADMINISTRATIVE_CORPORATION: Final = SubjectType(
    "administrative_corporation",
    "行政法人",
    "administrative corporation",
    f"{_PLACEHOLDER_ARC}.3",
    confirmed=False,
)
PROFESSIONAL_OFFICE: Final = SubjectType(
    "professional_office", "自由職業事務所", "professional office", f"{_PLACEHOLDER_ARC}.4", confirmed=False
)
OTHER_ORGANISATION: Final = SubjectType(
    "other_organisation", "其他組織或團體", "other organisation", f"{_PLACEHOLDER_ARC}.5", confirmed=False
)
# The next three are named in public client programs of GCA and MOICA.
AGENCY: Final = SubjectType(
    "agency", "政府機關", "government agency", "2.16.886.1.100.3.2.1.1", confirmed=True
)
UNIT: Final = SubjectType("unit", "政府單位", "government unit", "2.16.886.1.100.3.2.1.2", confirmed=True)
NATURAL_PERSON: Final = SubjectType(
    "natural_person", "自然人", "natural person", "2.16.886.1.100.3.1.1", confirmed=True
)

# No public certificate of a foreign resident is known, so whether they have a type of their own is open.
FOREIGN_NATURAL_PERSON: Final = SubjectType(
    "foreign_natural_person", "外籍自然人", "foreign natural person", f"{_PLACEHOLDER_ARC}.6", confirmed=False
)
# The next two were read in real certificates, the third in a public client program.
MOBILE_NATURAL_PERSON: Final = SubjectType(
    "mobile_natural_person", "行動自然人", "mobile natural person", "2.16.886.1.100.3.1.9", confirmed=True
)
SERVER: Final = SubjectType(
    "server", "伺服應用軟體", "server application", "2.16.886.1.100.3.3.1", confirmed=True
)
MEDICAL_INSTITUTION: Final = SubjectType(
    "medical_institution", "醫事機構", "medical institution", "2.16.886.1.100.3.2.21", confirmed=True
)

XCA_TYPES: Final = (
    SCHOOL,
    FOUNDATION,
    ASSOCIATION,
    ADMINISTRATIVE_CORPORATION,
    PROFESSIONAL_OFFICE,
    OTHER_ORGANISATION,
)
GCA_TYPES: Final = (AGENCY, UNIT)
MOICA_TYPES: Final = (NATURAL_PERSON, FOREIGN_NATURAL_PERSON)
# Rules CSR-02 and CSR-05: whose key may be elsewhere than on a card.
NON_CARD_TYPES: Final = (AGENCY, UNIT, MEDICAL_INSTITUTION, FOUNDATION, PROFESSIONAL_OFFICE)
# The holders of cards; phones and servers have types of their own.
ALL_TYPES: Final = (*XCA_TYPES, *GCA_TYPES, *MOICA_TYPES)

_NUMBER: Final = re.compile(r"(?!2\.999\.)[012]\.(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")


def with_numbers(numbers: Mapping[str, str]) -> tuple[SubjectType, ...]:
    """Return all types of holders of cards, those named with the OID that an operator found out, as confirmed.

    Raises ProfileRefusedError for a type that is unknown or was confirmed already under another OID, for what is no OID
    or a placeholder, and for one OID of two types.
    """
    known = {kind.name: kind for kind in ALL_TYPES}
    for name, oid in numbers.items():
        kind = known.get(name)
        if kind is None:
            waiting = ", ".join(sorted(each.name for each in ALL_TYPES if not each.confirmed))
            raise ProfileRefusedError(
                "pki.subject_type.unknown", f"there is no subject type {name}; unconfirmed are {waiting}"
            )
        if kind.confirmed and kind.oid != oid:
            raise ProfileRefusedError(
                "pki.subject_type.confirmed", f"the subject type {name} was seen to be {kind.oid}"
            )
        if not _NUMBER.fullmatch(oid):
            raise ProfileRefusedError("pki.subject_type.oid", f"{oid} for {name} is no OID of a subject type")
        known[name] = replace(kind, oid=oid, confirmed=True)
    others = (SERVER, MOBILE_NATURAL_PERSON, MEDICAL_INSTITUTION)
    oids = [kind.oid for kind in (*known.values(), *others)]
    if len(set(oids)) != len(oids):
        raise ProfileRefusedError("pki.subject_type.repeated", "one OID stands for two subject types")
    return tuple(known.values())
