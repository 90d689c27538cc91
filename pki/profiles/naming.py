"""Which attributes the subject of a certificate has, and in which form: the naming rules of a profile."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pki.names import NameAttribute

if TYPE_CHECKING:
    from pki.names import Subject

COUNTRY: Final = "TW"
_PERSON_NUMBER: Final = re.compile(r"[0-9]{16}")


class CommonNameForm(Enum):
    """What a CN holds: the name of a person or thing, or the domain of a server."""

    TEXT = "text"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class NameFault:
    """Why a subject is not this profile's: a stable code, the attribute's label, and the sentence in both languages."""

    code: str
    attribute: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class NameRules:
    """Required and further attributes, how many localities and units, and which attributes are PrintableString.

    Attributes always stand in the order C, L, O, OU, CN, serialNumber, and one stands in each RDN (`pki.names`).
    Lengths are those of X.520. `numbered` asks for the 16 digits that the CA gives (rule RV2-08).
    """

    required: frozenset[NameAttribute]
    further: frozenset[NameAttribute] = frozenset()
    common_name: CommonNameForm = CommonNameForm.TEXT
    numbered: bool = False
    most_localities: int = 2
    most_units: int = 5
    printable: frozenset[NameAttribute] = frozenset({NameAttribute.COUNTRY, NameAttribute.SERIAL_NUMBER})

    @property
    def allowed(self) -> frozenset[NameAttribute]:
        """Every attribute that may stand in the subject."""
        return self.required | self.further

    def tag_of(self, kind: NameAttribute) -> int:
        """Return the tag of the string type in which the attribute is written."""
        return NameAttribute.COUNTRY.tag if kind in self.printable else NameAttribute.ORGANISATION.tag

    def faults(self, subject: Subject) -> tuple[NameFault, ...]:
        """Return everything in which a subject departs from these rules; values are checked when they are encoded."""
        return _faults(self, subject)


_COUNTRY: Final = NameFault(
    "name.country", "C", "國家代碼 C 須為 TW，請改為 TW。", "The country C has to be TW; change it."
)
_NUMBER: Final = NameFault(
    "name.number",
    "serialNumber",
    "serialNumber 須為憑證機構給的 16 位數字。",
    "serialNumber is the 16 digits that the CA gives.",
)


# Gate and issue ask the same of each subject, and a batch carries few.
@lru_cache(maxsize=256)
def _faults(rules: NameRules, subject: Subject) -> tuple[NameFault, ...]:
    count = Counter(kind for kind, _ in subject.pairs())
    missing = [_missing(kind) for kind in NameAttribute if kind in rules.required and not count[kind]]
    surplus = [_surplus(kind) for kind in NameAttribute if count[kind] and kind not in rules.allowed]
    limits = ((NameAttribute.LOCALITY, rules.most_localities), (NameAttribute.UNIT, rules.most_units))
    crowded = [_crowded(kind, most) for kind, most in limits if count[kind] > most]
    others = []
    if subject.country != COUNTRY:
        others.append(_COUNTRY)
    if (
        rules.numbered
        and subject.serial_number is not None
        and not _PERSON_NUMBER.fullmatch(subject.serial_number)
    ):
        others.append(_NUMBER)
    return (*missing, *surplus, *crowded, *others)


def _missing(kind: NameAttribute) -> NameFault:
    return NameFault(
        "name.missing",
        kind.label,
        f"主體名稱缺少 {kind.label}，請補上。",
        f"The subject has no {kind.label}; add it.",
    )


def _surplus(kind: NameAttribute) -> NameFault:
    return NameFault(
        "name.surplus",
        kind.label,
        f"這種憑證的主體名稱不含 {kind.label}，請移除。",
        f"The subject of this kind of certificate has no {kind.label}; remove it.",
    )


def _crowded(kind: NameAttribute, most: int) -> NameFault:
    return NameFault(
        "name.crowded",
        kind.label,
        f"主體名稱的 {kind.label} 最多 {most} 個，請減少。",
        f"The subject has at most {most} of {kind.label}; leave some out.",
    )
