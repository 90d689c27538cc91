"""Subject directory attributes (RFC 5280 §4.2.1.8) as GPKI cards carry them.

The extension tells software what kind of holder it meets (school, agency, person), whether the card is a primary
or a secondary one, and the holder's identifier. Attributes stand in the order type, rank, identifier, as seen in
real XCA certificates; encoding one of those again gives identical bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pki import der
from pki.errors import AttributesRefusedError, DerRefusedError

EXTENSION_OID: Final = "2.5.29.9"
SUBJECT_TYPE_OID: Final = "2.16.886.1.100.2.1"
CARD_RANK_OID: Final = "2.16.886.1.100.2.2"
CITIZEN_TAIL_OID: Final = "2.16.886.1.100.2.51"
ENTERPRISE_NUMBER_OID: Final = "2.16.886.1.100.2.101"
ORGANISATION_OID_OID: Final = "2.16.886.1.100.2.102"

_CITIZEN_TAIL: Final = re.compile(r"[0-9]{4}")
_ENTERPRISE_NUMBER: Final = re.compile(r"[0-9]{8}")


class CardRank(Enum):
    """Whether the certificate sits on a primary card (正卡), a secondary card (附卡) or a phone."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    MOBILE = "mobile"


@dataclass(frozen=True, slots=True)
class DirectoryAttributes:
    """What the extension says about the holder; identifiers that the holder lacks stay None."""

    subject_type: str
    rank: CardRank | None = None
    citizen_tail: str | None = None
    enterprise_number: str | None = None
    organisation_oid: str | None = None

    def to_der(self) -> bytes:
        """Return the extension value; raises AttributesRefusedError for a malformed identifier."""
        _check_digits(self.citizen_tail, _CITIZEN_TAIL, "citizen_tail")
        _check_digits(self.enterprise_number, _ENTERPRISE_NUMBER, "enterprise_number")
        attributes = [_attribute(SUBJECT_TYPE_OID, der.oid(self.subject_type))]
        if self.rank is not None:
            rank = der.tlv(der.PRINTABLE_STRING, self.rank.value.encode("ascii"))
            attributes.append(_attribute(CARD_RANK_OID, rank))
        for kind, text in (
            (CITIZEN_TAIL_OID, self.citizen_tail),
            (ENTERPRISE_NUMBER_OID, self.enterprise_number),
        ):
            if text is not None:
                attributes.append(_attribute(kind, der.tlv(der.UTF8_STRING, text.encode("ascii"))))
        if self.organisation_oid is not None:
            attributes.append(_attribute(ORGANISATION_OID_OID, der.oid(self.organisation_oid)))
        return der.sequence(*attributes)


def read_attributes(encoded: bytes) -> DirectoryAttributes:
    """Read an extension value; refuses unknown, repeated or malformed attributes and a missing subject type."""
    try:
        return _read(der.read(encoded).expect(der.SEQUENCE))
    except DerRefusedError as error:
        raise AttributesRefusedError("pki.sda.der", error.message) from error


def _read(root: der.Element) -> DirectoryAttributes:
    values: dict[str, der.Element] = {}
    for element in root.children():
        kind, value = _read_attribute(element)
        if kind in values:
            raise AttributesRefusedError("pki.sda.repeated", "an attribute stands twice", oid=kind)
        values[kind] = value
    subject_type = values.pop(SUBJECT_TYPE_OID, None)
    if subject_type is None:
        raise AttributesRefusedError("pki.sda.no_type", "the subject type is missing")
    rank = values.pop(CARD_RANK_OID, None)
    tail = values.pop(CITIZEN_TAIL_OID, None)
    number = values.pop(ENTERPRISE_NUMBER_OID, None)
    organisation = values.pop(ORGANISATION_OID_OID, None)
    if values:
        raise AttributesRefusedError("pki.sda.unknown", "an attribute is unknown", oid=next(iter(values)))
    return DirectoryAttributes(
        subject_type.as_oid(),
        None if rank is None else _read_rank(rank),
        None if tail is None else _digits(tail, _CITIZEN_TAIL, "citizen_tail"),
        None if number is None else _digits(number, _ENTERPRISE_NUMBER, "enterprise_number"),
        None if organisation is None else organisation.as_oid(),
    )


def _attribute(kind: str, value: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of(value))


def _read_attribute(element: der.Element) -> tuple[str, der.Element]:
    kind, value_set = element.fields(2)
    values = value_set.expect(der.SET).children()
    if len(values) != 1:
        raise AttributesRefusedError("pki.sda.shape", "an attribute does not hold exactly one value")
    return kind.as_oid(), values[0]


def _read_rank(element: der.Element) -> CardRank:
    text = element.expect(der.PRINTABLE_STRING).content
    for rank in CardRank:
        if rank.value.encode("ascii") == text:
            return rank
    raise AttributesRefusedError("pki.sda.rank", "an unknown card rank")


def _digits(element: der.Element, pattern: re.Pattern[str], field: str) -> str:
    text = element.expect(der.UTF8_STRING).content.decode("ascii", errors="replace")
    _check_digits(text, pattern, field)
    return text


def _check_digits(text: str | None, pattern: re.Pattern[str], field: str) -> None:
    if text is not None and not pattern.fullmatch(text):
        raise AttributesRefusedError("pki.sda.digits", f"{field} is {pattern.pattern}")
