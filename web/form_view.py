"""A case's form as a table to read: the labels of the declared form beside the values, with what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from forms.card_application import SubscriberKind as FormKind
from forms.card_application import card_application
from forms.kinds import Kind
from forms.usercode_reset import USERCODE_RESET
from web.certificate_words import kind_of_certificate
from web.language import day, label, t
from workflow.vocabulary import CaseKind

if TYPE_CHECKING:
    from forms.fields import Field, Form
    from workflow.views.case_parts import FormPart, Head

_YES_NO = {"yes": ("是", "Yes"), "no": ("否", "No")}
_OVERRIDDEN = "_overridden"


@dataclass(frozen=True, slots=True)
class Entry:
    """One field as it stands, and as it stood in the revision before when it differs."""

    label: str
    value: str
    before: str | None
    certificate: bool
    overridden: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A titled group of entries."""

    title: str
    entries: tuple[Entry, ...]


def form_of(head: Head, part: FormPart) -> Form:
    """Return the form that the case's values were typed into."""
    if head.kind is CaseKind.USERCODE_RESET:
        return USERCODE_RESET
    return card_application(tuple(FormKind), with_oid="oid" in part.values)


def parts(head: Head, part: FormPart) -> tuple[Part, ...]:
    """Return the form's sections with their values; empty fields are left out unless they were emptied."""
    if head.kind is CaseKind.CERTIFICATE_REQUEST:
        return (_batch(part),)
    made = []
    for section in form_of(head, part).sections:
        entries = tuple(_entry(field, part) for field in section.fields if _has(field, part))
        if entries:
            made.append(Part(label(section), entries))
    return tuple(made)


def _batch(part: FormPart) -> Part:
    """Return what a batch asks for as a whole; its items have a page of their own."""
    said = part.values
    entries = (
        (t("憑證種類", "Kind of certificate"), "profile"),
        (t("物件識別碼（OID）", "OID"), "organisation"),
        (t("聯絡人", "Contact"), "contact_name"),
        (t("電子郵件", "E-mail"), "contact_email"),
        (t("電話", "Telephone"), "contact_phone"),
    )
    shown = tuple(
        Entry(words, _said(name, str(said.get(name, ""))), None, certificate=False, overridden=False)
        for words, name in entries
    )
    number = Entry(
        t("請求檔份數", "Signing requests"),
        str(len(said.get("items", ()))),
        None,
        certificate=False,
        overridden=False,
    )
    return Part(t("憑證請求", "Certificate request"), (*shown, number))


def _said(name: str, value: str) -> str:
    return kind_of_certificate(value) if name == "profile" else value


def _has(field: Field, part: FormPart) -> bool:
    return bool(part.values.get(field.name)) or field.name in part.changed


def _entry(field: Field, part: FormPart) -> Entry:
    before = part.before or {}
    return Entry(
        label=label(field),
        value=_words(field, part.values.get(field.name, "")),
        before=_words(field, before.get(field.name, "")) if field.name in part.changed else None,
        certificate=field.certificate,
        overridden=field.name + _OVERRIDDEN in part.values,
    )


def _words(field: Field, value: Any) -> str:
    for choice in field.choices:
        if choice.value == value:
            return label(choice)
    if field.kind is Kind.DATE:
        return _day(str(value))
    if value in _YES_NO:
        return t(*_YES_NO[value])
    return str(value)


def _day(stored: str) -> str:
    """Return a stored day as people here write it; what isn't a day stays as it is."""
    try:
        return day(date.fromisoformat(stored))
    except ValueError:
        return stored
