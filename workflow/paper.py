"""The sheets of a case: what is stored is put into words and handed to `forms.sheets`. Nothing is changed here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from forms.card_application import Rank as FormRank
from forms.card_application import SubscriberKind as FormKind
from forms.card_application import card_application, form_title
from forms.fonts import KaiFonts, UncoveredCharacter
from forms.rocdate import roc_long
from forms.sheets.address_labels import AddressLabel, LabelSheet
from forms.sheets.address_labels import address_labels as draw_labels
from forms.sheets.application import ApplicationForm, Section
from forms.sheets.application import application_form as draw_application
from forms.sheets.mail_list import MailItem, MailList, mail_list
from forms.sheets.seals import SealBox
from forms.sheets.table import Field
from forms.sheets.usercode_letter import UserCodeLetter, usercode_letter
from forms.sheets.usercode_reset import UserCodeReset, usercode_reset
from workflow import policies
from workflow.agencies import AGENCIES
from workflow.commands import CheckUserCode
from workflow.days import taipei_day
from workflow.errors import FieldProblem, NotFound, Refused
from workflow.facts import PUBLIC
from workflow.filed_cases import FiledCase, filed_case
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.store.loading import load_cases

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from forms.fields import Form
    from workflow.facts import CaseFacts
    from workflow.office import Office

PDF = "application/pdf"
S = TypeVar("S")


@dataclass(frozen=True)
class Sheet:
    """A file to hand out."""

    name: str
    media_type: str
    content: bytes


@lru_cache(maxsize=4)
def fonts(directories: tuple[str, ...]) -> KaiFonts:
    """Return the typefaces, opened once a process."""
    return KaiFonts.find(Path(directories[0]) if directories else None)


def office_fonts(office: Office) -> KaiFonts:
    """Return the office's typefaces."""
    return fonts(office.settings.font_dirs)


def printed(draw: Callable[[S, KaiFonts], bytes], sheet: S, office: Office) -> bytes:
    """Draw a sheet in the office's typefaces; Refused for a character that none of them has, and nothing is drawn."""
    try:
        return draw(sheet, office_fonts(office))
    except UncoveredCharacter as missing:
        raise Refused(
            "paper.uncovered", char=missing.char, code=f"U+{missing.codepoint:04X}", where=missing.where
        ) from missing


def unprintable(office: Office, form: Form, values: Mapping[str, str]) -> tuple[FieldProblem, ...]:
    """Return a problem for each answer with a character that no typeface draws: it could never stand on the paper."""
    known = office_fonts(office)
    found = []
    for field in form.fields:
        missing = known.uncovered("".join(values.get(field.name, "").split()))
        if missing:
            codes = "、".join(f"{char}（U+{ord(char):04X}）" for char in missing)
            zh = f"「{field.label_zh}」中的 {codes} 沒有字型可以列印，請改用其他字。"
            en = f"{field.label_en}: no typeface can print {codes}. Please use other characters."
            found.append(FieldProblem(field.name, "unprintable", zh, en))
    return tuple(found)


def application_form(office: Office, case_id: int) -> Sheet:
    """Return the application form of a case as PDF, with the seal boxes and copies its policy wants (APP-09, P-14)."""
    with office.reading() as connection:
        filed = filed_case(connection, case_id)
    case = filed.case
    policy = policies.by_version(case.policy_version)
    assert case.rank is not None and case.subscriber_kind is not None  # noqa: S101, PT018 - an application has both.
    kind = next(kind for kind in FormKind if kind.code == str(case.subscriber_kind))
    rank = next(rank for rank in FormRank if rank.code == str(case.rank))
    title, english = form_title(kind, rank)
    seals = policy.application_seals.value.get(case.subscriber_kind, ())
    copies = ("第一聯　送件", "第二聯　自存")[: policy.application_copies.value]
    sheet = ApplicationForm(
        authority=case.ca.zh,
        title=title,
        english_title=english,
        case_number=case.number,
        filled_on=roc_long(taipei_day(filed.filed_at)),
        rank=case.rank.zh,
        sections=_sections(filed, kind),
        revision=case.revision,
        sha256=filed.sha256,
        seals=tuple(SealBox(seal) for seal in seals),
        notes=_notes(case),
        copies=copies if len(copies) > 1 else ("",),
    )
    return Sheet(f"application-{case.number}.pdf", PDF, printed(draw_application, sheet, office))


def _notes(case: CaseFacts) -> tuple[str, ...]:
    policy = policies.by_version(case.policy_version)
    agency = AGENCIES[case.ca]
    where = "主管機關（初審註冊窗口）" if policy.first_review.value else f"{agency.name}（{agency.address}）"
    days = policy.activation_days.value
    return (
        f"本申請書請隨公文函送{where}。",
        f"卡片寄達後請於{policy.activation_basis.value.zh}起 {days} 日內完成開卡。",
    )


def _sections(filed: FiledCase, kind: FormKind) -> tuple[Section, ...]:
    """Put the form's own sections on paper, with the organisation's name from the register at the top."""
    form = card_application((kind,), with_oid="oid" in filed.values)
    named = {"full_name", "rank", "subscriber_kind", "agreement_accepted"}
    head = (Field("組織（團體）名稱", str(filed.organisation.get("name", filed.case.subject_name)), "Name"),)
    sections: list[Section] = []
    for section in form.sections[1:]:
        rows = tuple(
            Field(field.label_zh, str(filed.values[field.name]), field.label_en)
            for field in section.fields
            if field.name not in named
            and filed.values.get(field.name)
            and not field.name.endswith("_same_as_organisation")
        )
        sections.append(Section(section.title_zh, rows if sections else head + rows, section.title_en))
    return tuple(sections)


def user_code_letter(office: Office, case_id: int, user_code: str) -> Sheet:
    """Return the user-code letter, printed from what the applicant types again (APP-18).

    Raises WrongUserCode after counting the try: the code itself is kept nowhere.
    """
    with office.reading() as connection:
        case = load_cases(connection, [case_id], lock=False).get(case_id)
    if case is None:
        raise NotFound("case.not_found")
    handle(office, CheckUserCode(number=case.number, user_code=user_code), PUBLIC)
    agency = AGENCIES[case.ca]
    letter = UserCodeLetter(
        authority=case.ca.zh,
        case_number=case.number,
        user_code=user_code,
        hotline=agency.phone,
        hours=agency.hours,
        printed_on=roc_long(taipei_day(office.clock.now())),
    )
    return Sheet(f"user-code-letter-{case.number}.pdf", PDF, printed(usercode_letter, letter, office))


def reset_form(office: Office, case_id: int) -> Sheet:
    """Return the form of a user-code reset, with the seal boxes its policy wants (UCR-03, UCR-04)."""
    with office.reading() as connection:
        filed = filed_case(connection, case_id)
    case, values = filed.case, filed.values
    policy = policies.by_version(case.policy_version)
    kind = case.subscriber_kind
    seals = policy.reset_seals.value.get(kind, ()) if kind else ()
    phone, _, extension = str(values.get("contact_phone", "")).partition("#")
    hours = f"{values.get('reachable_from', '')} 時至 {values.get('reachable_until', '')} 時"
    sheet = UserCodeReset(
        authority=case.ca.zh,
        applied_on=_roc(str(values.get("application_date", ""))),
        card_number=str(case.card_number),
        organisation=case.subject_name,
        contact_name=str(values.get("contact_name", "")),
        contact_title=str(values.get("contact_title", "")),
        phone=phone,
        extension=extension,
        reachable=f"{_roc(str(values.get('reachable_date', '')))} {hours}",
        email=str(values.get("contact_email", "")),
        fax=str(values.get("contact_fax", "")),
        locked=str(values.get("wrong_code_over_three", "")) == "yes",
        seals=tuple(SealBox(seal) for seal in seals),
        notes=(
            f"案件流水號：{case.number}",
            f"請先傳真或以電子郵件寄至服務台，正本須於 {policy.reset_paper_months.value} 個月內寄回。",
        ),
    )
    return Sheet(f"user-code-reset-{case.number}.pdf", PDF, printed(usercode_reset, sheet, office))


def _roc(day: str) -> str:
    """Return a stored day (ISO 8601) as paper writes it; what isn't a day stays as it is."""
    try:
        return roc_long(date.fromisoformat(day))
    except ValueError:
        return day


def mailing_list(office: Office, list_id: int) -> Sheet:
    """Return a registered-mail list, 20 items a page (CRD-05)."""
    head_of, m, k = t.mailing_list.c, t.mail_item.c, t.case.c
    with office.reading() as connection:
        head = connection.execute(sa.select(t.mailing_list).where(head_of.id == list_id)).first()
        if head is None:
            raise NotFound("case.not_found")
        rows = connection.execute(
            sa.select(m.case_id, m.mail_number, k.ca)
            .join(t.case, k.id == m.case_id)
            .where(m.list_id == list_id)
            .order_by(m.position)
        ).all()
        filed = {row.case_id: filed_case(connection, row.case_id) for row in rows}
    agency = AGENCIES[filed[rows[0].case_id].case.ca]
    items = tuple(
        MailItem(row.mail_number, _addressee(filed[row.case_id]), _address(filed[row.case_id])[1])
        for row in rows
    )
    posting = MailList(
        sender=f"{agency.name}{agency.unit}",
        sender_address=agency.address,
        sender_phone=agency.phone,
        posted_on=roc_long(taipei_day(head.at)),
        list_number=head.number,
        items=items,
        mail_class=head.post_kind,
    )
    return Sheet(f"mailing-list-{list_id}.pdf", PDF, printed(mail_list, posting, office))


def address_labels(office: Office, case_ids: Sequence[int]) -> Sheet:
    """Return address labels; the case number in bars pairs envelope and card (CRD-06)."""
    with office.reading() as connection:
        filed = [filed_case(connection, case_id) for case_id in case_ids]
    if not filed:
        raise NotFound("case.not_found")
    labels = tuple(_label(one) for one in filed)
    agency = AGENCIES[filed[0].case.ca]
    sheet = LabelSheet(
        sender=f"{agency.name}{agency.unit} {agency.postal_code} {agency.address}", labels=labels
    )
    return Sheet("address-labels.pdf", PDF, printed(draw_labels, sheet, office))


def _label(filed: FiledCase) -> AddressLabel:
    postal_code, address = _address(filed)
    return AddressLabel(
        postal_code=postal_code,
        address=address,
        addressee=_addressee(filed, "\n"),
        case_number=filed.case.number,
        envelope_number=filed.case.number,
        mark=policies.by_version(filed.case.policy_version).post_kind.value,
    )


def _addressee(filed: FiledCase, between: str = " ") -> str:
    """Return organisation and person; a label has a line for each, so that no name is broken."""
    return f"{filed.case.subject_name}{between}{filed.values.get('contact_name', '')}"


def _address(filed: FiledCase) -> tuple[str, str]:
    """Return postal code and address of the card's mailing address (CRD-06)."""
    values = filed.values
    address = "".join(str(values.get(f"mailing_{part}", "")) for part in ("county", "district", "address"))
    return str(values.get("mailing_postal_code", "")), address
