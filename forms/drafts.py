"""Drafts of the card application that the applicant keeps as a file (FRM-02: 儲存申請資料, 讀取申請資料).

The file holds what was typed, never the user code and never the consent: both are given again each time.
"""

import json
from collections.abc import Mapping
from typing import Final

from forms.canonical import canonical_json
from forms.card_application import GCA_KINDS, XCA_KINDS, card_application
from forms.problems import Problem

DRAFT_FORMAT: Final = "guanfang-card-application-draft"
DRAFT_VERSION: Final = 1
DRAFT_LARGEST: Final = 64 * 1024
_FILE_FIELD: Final = "draft_file"
_NEVER_KEPT: Final = frozenset({"agreement_accepted"})
_LIMITS: Final[Mapping[str, int]] = {
    field.name: 4 * field.max_length + 100
    for with_oid in (True, False)
    for field in card_application(XCA_KINDS + GCA_KINDS, with_oid=with_oid).fields
    if field.name not in _NEVER_KEPT
}


def dump_draft(values: Mapping[str, str]) -> bytes:
    """Return the draft file of typed values; only fields of the form that are not consent are kept, all else is left out."""
    kept = {name: value for name, value in values.items() if name in _LIMITS}
    return canonical_json({"format": DRAFT_FORMAT, "version": DRAFT_VERSION, "values": kept})


def load_draft(data: bytes) -> Mapping[str, str] | Problem:
    """Return the typed values of a draft file, or the one problem why it cannot be read."""
    if len(data) > DRAFT_LARGEST:
        return _problem(
            "draft_too_large", "檔案太大，不是申請資料檔。", "The file is too large to be a draft."
        )
    try:
        content = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_without_twins)
    except (ValueError, RecursionError):
        return _problem(
            "draft_unreadable",
            "檔案不是本系統儲存的申請資料，請選擇按「儲存申請資料」所存的檔案。",
            "This is no draft; choose the file that was saved with “Save draft”.",
        )
    return _values(content)


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return content


def _values(content: object) -> Mapping[str, str] | Problem:
    if not isinstance(content, dict) or content.get("format") != DRAFT_FORMAT:
        return _problem("draft_format", "檔案不是申請資料檔。", "The file is not a draft of an application.")
    if type(content.get("version")) is not int or content["version"] != DRAFT_VERSION:
        return _problem(
            "draft_version",
            "申請資料檔的版本不同，請重新填寫後再儲存。",
            "The draft is of another version; fill in the form and save again.",
        )
    values = content.get("values")
    if set(content) != {"format", "version", "values"} or not isinstance(values, dict):
        return _problem(
            "draft_format", "申請資料檔的內容不完整或被更動。", "The draft is incomplete or was changed."
        )
    return _checked(values)


def _checked(values: dict[str, object]) -> Mapping[str, str] | Problem:
    kept: dict[str, str] = {}
    for name, value in values.items():
        if name not in _LIMITS:
            return _problem(
                "draft_unknown_field",
                "申請資料檔含有表單沒有的欄位。",
                "The draft has a field that the form does not have.",
            )
        if not isinstance(value, str) or len(value) > _LIMITS[name] or _has_surrogate(value):
            return _problem(
                "draft_value",
                f"申請資料檔的欄位「{name}」無法讀取。",
                f"The draft's field {name} cannot be read.",
            )
        kept[name] = value
    return kept


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _problem(code: str, zh: str, en: str) -> Problem:
    return Problem(_FILE_FIELD, code, zh, en)
