"""The kinds of fields, and for each kind how the typed text is evened out and what is said when it does not fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Final

from forms import identifiers, rocdate
from forms.typed import narrow, tidy_name


class Kind(Enum):
    """What may stand in a field."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    DATE = "date"
    YES_NO = "yes_no"
    CHECKBOX = "checkbox"
    CHOICE = "choice"
    UBN = "ubn"
    PERSON_NUMBER = "person_number"
    AGENCY_CODE = "agency_code"
    OID = "oid"
    CARD_NUMBER = "card_number"
    CASE_NUMBER = "case_number"
    POSTAL_CODE = "postal_code"
    EMAIL = "email"
    PHONE = "phone"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a text does not fit its kind; a mild one is a warning that the person may override."""

    code: str
    zh: str
    en: str
    mild: bool = False


Check = Callable[[str], Complaint | None]
_LAST_HOUR: Final = 24
_ON: Final = frozenset({"1", "on", "y", "yes", "true", "是"})
_OFF: Final = frozenset({"0", "off", "n", "no", "false", "否"})
# These kinds hold names and sentences, whose characters must not be touched.
_AS_TYPED: Final = frozenset({Kind.TEXT, Kind.LONG_TEXT, Kind.CHOICE})
_CAPITALS: Final = frozenset({Kind.PERSON_NUMBER, Kind.AGENCY_CODE})


def normalised(kind: Kind, text: str) -> str:
    """Return the text as it is stored: names only stripped and composed, codes narrow, answers `yes` or `no`, dates ISO."""
    if kind in _AS_TYPED:
        return tidy_name(text)
    plain = narrow(text)
    if kind in {Kind.YES_NO, Kind.CHECKBOX}:
        return _answer(plain)
    if kind is Kind.DATE:
        return _iso(plain)
    if kind is Kind.CASE_NUMBER:
        # The number is printed in five groups of five and copied with the gaps.
        return "".join(plain.replace("-", " ").split())
    return plain.upper() if kind in _CAPITALS else plain


def _answer(plain: str) -> str:
    if plain.casefold() in _ON:
        return "yes"
    return "no" if plain.casefold() in _OFF else plain


def _iso(plain: str) -> str:
    try:
        return rocdate.parse_roc(plain).isoformat()
    except rocdate.RocDateError:
        return plain


def complaint(kind: Kind, value: str) -> Complaint | None:
    """Return what is wrong with a normalised, non-empty value of a kind, or None."""
    check = _CHECKS.get(kind)
    return check(value) if check else None


def _unless(fits: Callable[[str], bool], code: str, zh: str, en: str) -> Check:
    fault = Complaint(code, zh, en)

    def check(value: str) -> Complaint | None:
        return None if fits(value) else fault

    return check


def _ubn(value: str) -> Complaint | None:
    if not identifiers.is_ubn_shape(value):
        return Complaint(
            "ubn_shape", "統一編號應為 8 位數字。", "The uniform business number (統一編號) has 8 digits."
        )
    if identifiers.ubn_verdict(value) is identifiers.UbnVerdict.INVALID:
        return Complaint(
            "ubn_check",
            "統一編號的檢查碼不符，請核對；若登記資料確實如此，請勾選「仍使用此號碼」。",
            "The check digit of the 統一編號 does not fit. Compare it with the register; if it is as registered, "
            "choose to use it nevertheless.",
            mild=True,
        )
    return None


def _agency(value: str) -> Complaint | None:
    if not identifiers.is_agency_code(value):
        return Complaint(
            "agency_shape",
            "機關代碼應為 10 位數字或大寫英文字母。",
            "An agency code has 10 digits or capital letters.",
        )
    if not identifiers.is_usual_agency_code(value):
        return Complaint(
            "agency_unusual",
            "機關代碼通常第 2 至 9 位為數字、末位為英文字母（如 A09000000E），請核對。",
            "The characters 2 to 9 of an agency code are usually digits and the last a letter (A09000000E); check it.",
            mild=True,
        )
    return None


def _oid(value: str) -> Complaint | None:
    if not identifiers.is_oid(value):
        return Complaint(
            "oid_shape",
            "OID 只能填數字與小數點（如 2.16.886.111.100000），請勿填寫中文名稱或其他符號。",
            "An OID has digits and dots only, as in 2.16.886.111.100000; no names or other signs.",
        )
    if not identifiers.is_taiwan_oid(value):
        return Complaint(
            "oid_arc",
            "我國機關、組織及團體的 OID 以 2.16.886. 開頭，請查詢後再填。",
            "OIDs of organisations in Taiwan begin with 2.16.886.; look yours up.",
        )
    return None


def _date(value: str) -> Complaint | None:
    try:
        # Only the one spelling that is stored; Python also reads weeks and days without dashes.
        iso = date.fromisoformat(value).isoformat() == value
    except ValueError:
        iso = False
    if not iso:
        try:
            rocdate.parse_roc(value)
        except rocdate.RocDateError as error:
            return Complaint("date", error.zh, error.en)
    return None


_CHECKS: Final[Mapping[Kind, Check]] = MappingProxyType(
    {
        Kind.UBN: _ubn,
        Kind.AGENCY_CODE: _agency,
        Kind.OID: _oid,
        Kind.DATE: _date,
        Kind.YES_NO: _unless(
            lambda v: v in {"yes", "no"}, "yes_no", "請勾選「是」或「否」。", "Choose yes or no."
        ),
        Kind.CHECKBOX: _unless(
            lambda v: v in {"yes", "no"}, "checkbox", "請勾選或取消勾選。", "Tick the box or leave it."
        ),
        Kind.PERSON_NUMBER: _unless(
            lambda v: identifiers.person_number_kind(v) is not None,
            "person_number",
            "身分證統一編號或居留證號不正確，應為 1 個英文字母加 9 位數字（舊式居留證為 2 個字母加 8 位數字），請核對。",
            "The national identity or resident permit number is not right: one letter and 9 digits (old permits: two "
            "letters and 8 digits) with a check digit.",
        ),
        Kind.CARD_NUMBER: _unless(
            identifiers.is_card_number,
            "card_number",
            "卡號應為 2 個英文字母加 14 位數字，印在卡片正面（如 Xc00000000001168）。",
            "A card number has 2 letters and 14 digits, as printed on the card (Xc00000000001168).",
        ),
        Kind.CASE_NUMBER: _unless(
            identifiers.is_case_number,
            "case_number",
            "案件流水號應為 25 位數字，印在申請書與用戶代碼函上。",
            "A case serial number has 25 digits; it is printed on the application form and the user-code letter.",
        ),
        Kind.POSTAL_CODE: _unless(
            identifiers.is_postal_code,
            "postal_shape",
            "郵遞區號應為 3、5 或 6 位數字。",
            "A postal code has 3, 5 or 6 digits.",
        ),
        Kind.EMAIL: _unless(
            identifiers.is_email,
            "email",
            "電子郵件信箱格式不正確，請只填一個英數字信箱（如 name@example.gov.tw）。",
            "This is not an e-mail address; give one plain address such as name@example.gov.tw.",
        ),
        Kind.HOUR: _unless(
            lambda v: v.isascii() and v.isdigit() and len(v) <= len("24") and int(v) <= _LAST_HOUR,
            "hour",
            "請以 24 小時制填寫整點，如 9 或 17。",
            "Give a full hour of the 24-hour clock, such as 9 or 17.",
        ),
        Kind.PHONE: _unless(
            identifiers.is_phone,
            "phone",
            "電話或傳真號碼格式不正確，請填區域碼與號碼，分機以 # 表示（如 02-12345678#123）。",
            "This is not a telephone number; give area code and number, and # before an extension (02-12345678#123).",
        ),
    }
)
