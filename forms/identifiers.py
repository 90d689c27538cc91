"""Numbers and names that Taiwanese forms ask for: what shape they have and what their check digits say.

Pure functions on text that is already narrow (ASCII digits and letters, no outer spaces). They return verdicts or
booleans; the sentences for people are in `forms.kinds`. Sources: Ministry of Finance rule of 2023-04 for the
uniform business number, the letter values of the national identity number, and RFC 3696 and 5321 for e-mail.
"""

import re
from enum import Enum
from typing import Final

_UBN_WEIGHTS: Final = (1, 2, 1, 2, 1, 2, 4, 1)
_UBN_SHAPE: Final = re.compile(r"[0-9]{8}")
_UBN_NOBODY: Final = "00000000"
_ID_WEIGHTS: Final = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
_ID_NATIONAL: Final = re.compile(r"[A-Z][12][0-9]{8}")
_ID_RESIDENT_NEW: Final = re.compile(r"[A-Z][89][0-9]{8}")
_ID_RESIDENT_OLD: Final = re.compile(r"[A-Z][A-D][0-9]{8}")
_LETTER_VALUES: Final = {letter: value for value, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO", start=10)}
_AGENCY: Final = re.compile(r"[0-9A-Z]{10}")
_AGENCY_USUAL: Final = re.compile(r"[0-9A-Z][0-9]{8}[A-Z]")
_OID: Final = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")
_OID_LONGEST: Final = 128
_OID_SECOND_ARC_LIMIT: Final = 40
_OID_JOINT: Final = 2
_TAIWAN_ARC: Final = "2.16.886."
_CARD: Final = re.compile(r"[A-Za-z]{2}[0-9]{14}")
_CASE: Final = re.compile(r"[0-9]{25}")
_POSTAL: Final = re.compile(r"[0-9]{3}(?:[0-9]{2,3})?")
_EMAIL_LONGEST: Final = 254
_EMAIL_LOCAL_LONGEST: Final = 64
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_PHONE: Final = re.compile(r"\+?[0-9() -]{5,24}(?:(?:#|ext\.?|轉|分機) ?[0-9]{1,6})?")
_PHONE_DIGITS: Final = range(7, 16)
_EXTENSION: Final = re.compile(r"#|ext\.?|轉|分機")


class UbnVerdict(Enum):
    """What the check sum of a uniform business number (統一編號) says; numbers given out since 2023-04 may pass the new rule only."""

    VALID_BOTH = "valid_both"
    VALID_NEW_ONLY = "valid_new_only"
    INVALID = "invalid"


class PersonNumberKind(Enum):
    """Whose number it is, by its shape."""

    NATIONAL = "national"
    RESIDENT = "resident"
    RESIDENT_OLD = "resident_old"


def is_ubn_shape(text: str) -> bool:
    """Say whether the text is eight digits."""
    return bool(_UBN_SHAPE.fullmatch(text))


def ubn_sum(number: str) -> int:
    """Return the weighted sum of digits over eight digits; raises ValueError for any other text.

    >>> ubn_sum("04595257")
    40
    """
    if not is_ubn_shape(number):
        raise ValueError("A uniform business number has eight digits.")
    products = (int(digit) * weight for digit, weight in zip(number, _UBN_WEIGHTS, strict=True))
    return sum(product // 10 + product % 10 for product in products)


def ubn_verdict(number: str) -> UbnVerdict:
    """Judge a uniform business number by the old rule (sum divisible by 10) and the new one (by 5).

    A seventh digit 7 has the product 28, whose digits add up to 10 and count as 1 or as 0; either may pass.

    >>> ubn_verdict("04595252")
    <UbnVerdict.VALID_NEW_ONLY: 'valid_new_only'>
    """
    if not is_ubn_shape(number) or number == _UBN_NOBODY:
        return UbnVerdict.INVALID
    total = ubn_sum(number)
    sums = (total, total + 1) if number[6] == "7" else (total,)
    if any(value % 10 == 0 for value in sums):
        return UbnVerdict.VALID_BOTH
    if any(value % 5 == 0 for value in sums):
        return UbnVerdict.VALID_NEW_ONLY
    return UbnVerdict.INVALID


def person_number_kind(number: str) -> PersonNumberKind | None:
    """Return whose number this is if shape and check digit are right, else None.

    >>> person_number_kind("A123456789")
    <PersonNumberKind.NATIONAL: 'national'>
    """
    for shape, kind in (
        (_ID_NATIONAL, PersonNumberKind.NATIONAL),
        (_ID_RESIDENT_NEW, PersonNumberKind.RESIDENT),
        (_ID_RESIDENT_OLD, PersonNumberKind.RESIDENT_OLD),
    ):
        if shape.fullmatch(number):
            return kind if _person_sum(number) % 10 == 0 else None
    return None


def _person_sum(number: str) -> int:
    first = _LETTER_VALUES[number[0]]
    # The old resident numbers carry a second letter, of whose value only the last digit counts.
    second = _LETTER_VALUES[number[1]] % 10 if number[1].isalpha() else int(number[1])
    digits = (first // 10, first % 10, second, *(int(digit) for digit in number[2:]))
    return sum(digit * weight for digit, weight in zip(digits, _ID_WEIGHTS, strict=True))


def is_agency_code(code: str) -> bool:
    """Say whether the text can be an agency code (機關代碼): ten digits or capital letters, no check digit (OID-07)."""
    return bool(_AGENCY.fullmatch(code))


def is_usual_agency_code(code: str) -> bool:
    """Say whether an agency code has the usual shape: one character, eight digits, and the letter of its line of business."""
    return bool(_AGENCY_USUAL.fullmatch(code))


def is_oid(text: str) -> bool:
    """Say whether the text is an object identifier in digits and dots (X.660), of at most 128 characters."""
    if len(text) > _OID_LONGEST or not _OID.fullmatch(text):
        return False
    first, second = text.split(".")[:2]
    return int(first) == _OID_JOINT or int(second) < _OID_SECOND_ARC_LIMIT


def is_taiwan_oid(text: str) -> bool:
    """Say whether the text is an object identifier below the country arc 2.16.886."""
    return is_oid(text) and text.startswith(_TAIWAN_ARC)


def is_card_number(text: str) -> bool:
    """Say whether the text is a card number: two letters of either case and fourteen digits."""
    return bool(_CARD.fullmatch(text))


def same_card_number(one: str, other: str) -> bool:
    """Compare two card numbers; cards print them with small and with capital letters."""
    return is_card_number(one) and one.casefold() == other.casefold()


def is_case_number(text: str) -> bool:
    """Say whether the text is a case serial number (案件流水號): 25 digits."""
    return bool(_CASE.fullmatch(text))


def is_postal_code(text: str) -> bool:
    """Say whether the text has 3, 5 or 6 digits; whether it fits an address is asked of `forms.postal`."""
    return bool(_POSTAL.fullmatch(text))


def is_email(text: str) -> bool:
    """Say whether the text is one bare ASCII address of at most 254 characters with a domain of two labels or more.

    Quoted local parts, address literals, comments and display names are refused: the address may go into a
    certificate as rfc822Name (RFC 5280 §4.2.1.6), which allows none of them.
    """
    local, at, domain = text.rpartition("@")
    labels = domain.split(".")
    return (
        bool(at)
        and len(text) <= _EMAIL_LONGEST
        and len(local) <= _EMAIL_LOCAL_LONGEST
        and bool(_LOCAL.fullmatch(local))
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
    )


def is_phone(text: str) -> bool:
    """Say whether the text is a telephone or fax number of 7 to 15 digits, with an extension (#, ext, 轉, 分機) or without."""
    if not _PHONE.fullmatch(text):
        return False
    number = _EXTENSION.split(text)[0]
    return sum(character.isdigit() for character in number) in _PHONE_DIGITS
