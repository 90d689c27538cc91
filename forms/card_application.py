"""The application form for a card certificate, with an OID (APP-14) and without one (APP-15).

One form asks for one card (APP-02). Each kind of subscriber has a form title of its own (APP-10).
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from forms.addresses import address_fields, address_rule, complete_address, same_as
from forms.contacts import CONTACT_LINES, CONTACT_PERSON
from forms.fields import Choice, Field, Form, Section
from forms.kinds import Kind
from forms.problems import Problem

USER_CODE_FIELDS: Final = ("user_code", "user_code_again")


class Rank(Enum):
    """Primary (正卡) or secondary card (附卡)."""

    PRIMARY = ("primary", "正卡", "Primary card")
    SECONDARY = ("secondary", "附卡", "Secondary card")

    def __init__(self, code: str, zh: str, en: str) -> None:
        self.code = code
        self.zh = zh
        self.en = en


class SubscriberKind(Enum):
    """Who may hold a card: the six kinds of XCA (APP-10) and the two of GCA (APP-11); `subject` heads the data section."""

    SCHOOL = ("school", "學校", "School", "學校")
    FOUNDATION = ("foundation", "財團法人", "Foundation", "財團法人")
    ASSOCIATION = ("association", "社團法人", "Association", "社團法人")
    ADMINISTRATIVE_CORPORATION = (
        "administrative_corporation",
        "行政法人",
        "Administrative corporation",
        "行政法人",
    )
    PROFESSIONAL_OFFICE = ("professional_office", "自由職業事務所", "Professional office", "自由職業事務所")
    OTHER = ("other", "其他組織或團體", "Other organisation or group", "組織與團體")
    AGENCY = ("agency", "政府機關", "Government agency", "政府機關")
    UNIT = ("unit", "政府單位", "Government unit", "政府單位")

    def __init__(self, code: str, zh: str, en: str, subject: str) -> None:
        self.code = code
        self.zh = zh
        self.en = en
        self.subject = subject


XCA_KINDS: Final = (
    SubscriberKind.SCHOOL,
    SubscriberKind.FOUNDATION,
    SubscriberKind.ASSOCIATION,
    SubscriberKind.ADMINISTRATIVE_CORPORATION,
    SubscriberKind.PROFESSIONAL_OFFICE,
    SubscriberKind.OTHER,
)
GCA_KINDS: Final = (SubscriberKind.AGENCY, SubscriberKind.UNIT)


def form_title(kind: SubscriberKind, rank: Rank) -> tuple[str, str]:
    """Return the title of the printed form in zh-TW and English.

    >>> form_title(SubscriberKind.SCHOOL, Rank.PRIMARY)[0]
    '學校正卡憑證申請書'
    """
    return (
        f"{kind.subject}{rank.zh}憑證申請書",
        f"Application for a certificate: {kind.en.lower()}, {rank.en.lower()}",
    )


def card_application(kinds: tuple[SubscriberKind, ...], *, with_oid: bool) -> Form:
    """Return the form for the given subscriber kinds; `with_oid` says whether the organisation was found in the register."""
    box = "mailing_same_as_organisation"
    fillers = [complete_address("mailing")]
    rules = [_agreement_rule, address_rule("mailing")]
    if not with_oid:
        # The copy is made from the evened-out address, so the order of the fillers matters.
        fillers = [complete_address("organisation"), same_as("mailing", "organisation", box), *fillers]
        rules = [_agreement_rule, address_rule("organisation"), address_rule("mailing")]
    return Form(
        name="card_application_with_oid" if with_oid else "card_application_without_oid",
        title_zh="憑證 IC 卡申請書",
        title_en="Application for a certificate on a card",
        sections=(
            _application_section(kinds),
            _organisation_section(with_oid=with_oid),
            _contact_section(box=None if with_oid else box),
        ),
        rules=tuple(rules),
        fillers=tuple(fillers),
    )


def _application_section(kinds: tuple[SubscriberKind, ...]) -> Section:
    ranks = tuple(Choice(rank.code, rank.zh, rank.en) for rank in Rank)
    subscribers = tuple(Choice(kind.code, kind.zh, kind.en) for kind in kinds)
    return Section(
        "application",
        "申請項目",
        "What is applied for",
        (
            Field("rank", "卡別", "Card rank", Kind.CHOICE, required=True, certificate=True, choices=ranks),
            Field(
                "subscriber_kind",
                "用戶類別",
                "Kind of subscriber",
                Kind.CHOICE,
                required=True,
                certificate=True,
                choices=subscribers,
            ),
            Field(
                "agreement_accepted", "我同意用戶約定條款", "I accept the subscriber agreement", Kind.CHECKBOX
            ),
        ),
    )


def _organisation_section(*, with_oid: bool) -> Section:
    email = Field(
        "organisation_email",
        "組織團體代表電子郵件信箱",
        "E-mail of the organisation",
        Kind.EMAIL,
        required=True,
        max_length=254,
        help_zh="所填信箱將註記於憑證內，作為安全電子郵件之用。",
        help_en="This address goes into the certificate, for secure e-mail.",
        certificate=True,
    )
    return Section(
        "organisation", "申請資格", "Organisation", (_OID_FIELD, email) if with_oid else _without_oid(email)
    )


_OID_FIELD: Final = Field(
    "oid",
    "組織識別碼 OID",
    "Organisation OID",
    Kind.OID,
    required=True,
    max_length=128,
    help_zh="只填數字與小數點，請勿填寫中文名稱或其他符號。",
    help_en="Digits and dots only.",
    certificate=True,
)


def _without_oid(email: Field) -> tuple[Field, ...]:
    return (
        Field("full_name", "全名", "Full name", required=True, max_length=120, certificate=True),
        Field(
            "ubn",
            "統一編號",
            "Uniform business number",
            Kind.UBN,
            required=True,
            max_length=8,
            help_zh="8 位數字。",
            help_en="8 digits.",
        ),
        Field(
            "school_agency_code",
            "學校機關代碼",
            "Agency code of the school",
            Kind.AGENCY_CODE,
            max_length=10,
            help_zh="有編列機關代碼之學校才須填寫。",
            help_en="Only for schools that have one.",
        ),
        *address_fields("organisation", "地址", "Address"),
        email,
        Field("organisation_phone", "電話", "Telephone", Kind.PHONE, required=True, max_length=32),
        Field("organisation_fax", "傳真", "Fax", Kind.PHONE, max_length=32),
        Field("remarks", "備註", "Remarks", Kind.LONG_TEXT, max_length=300),
    )


def _contact_section(*, box: str | None) -> Section:
    same = (Field(box, "同上方所填地址", "Same as the address above", Kind.CHECKBOX),) if box else ()
    return Section(
        "contact",
        "憑證聯絡人資料",
        "Certificate contact",
        (
            *CONTACT_PERSON,
            *same,
            *address_fields("mailing", "卡片寄送地址", "Address the card is sent to"),
            *CONTACT_LINES,
        ),
    )


def _agreement_rule(values: Mapping[str, str]) -> tuple[Problem, ...]:
    if values["agreement_accepted"] == "yes":
        return ()
    return (
        Problem(
            "agreement_accepted",
            "agreement",
            "請先閱讀並勾選「我同意用戶約定條款」，才能送出申請。",
            "Read the subscriber agreement and tick the box before you hand in the application.",
        ),
    )


def check_user_code(first: str, second: str, minimum: int, maximum: int | None = None) -> tuple[Problem, ...]:
    """Check a user code typed twice (APP-16): printable ASCII without space, case-sensitive, length within the policy.

    The code is neither stored nor quoted in a problem.
    """
    problems: list[Problem] = []
    too_short = len(first) < minimum
    if too_short or (maximum is not None and len(first) > maximum):
        span_zh = f"至少 {minimum} 個字元" if maximum is None else f"{minimum} 至 {maximum} 個字元"
        span_en = f"at least {minimum}" if maximum is None else f"{minimum} to {maximum}"
        code = "user_code_short" if too_short else "user_code_long"
        problems.append(
            Problem("user_code", code, f"用戶代碼應為{span_zh}。", f"A user code has {span_en} characters.")
        )
    if not all("!" <= character <= "~" for character in first):
        problems.append(
            Problem(
                "user_code",
                "user_code_characters",
                "用戶代碼只能用半形英文字母、數字與符號，大小寫有別，不含空白。",
                "A user code has ASCII letters (case matters), digits and symbols, without spaces.",
            )
        )
    if first != second:
        problems.append(
            Problem(
                "user_code_again",
                "user_code_differs",
                "兩次輸入的用戶代碼不同，請重新輸入（大小寫有別）。",
                "The two user codes differ; type them again (case matters).",
            )
        )
    return tuple(problems)
