"""The made-up organisation and person of one journey, with a name that no journey before it used."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forms.letters import write
from forms.letters.letter import Attachment, DocumentNumber, Party, PartyKind
from forms.letters.models import CardsAskedFor, LetterHead, application_letter
from ops.accounts import load_organisations
from workflow.agencies import AGENCIES
from workflow.days import taipei_day
from workflow.vocabulary import Ca, SubscriberKind

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.office import Office

WINDOW = "臺中市政府教育局"
CONTACT = "堃喆峯𤧟𡍼𠮷龘"
"""Seven characters that old systems lose, four of them beyond the first plane of Unicode or rare within it."""
_SIGNS = "文光和平大同永安明德仁愛信義忠孝中正建國成功志學嘉新福興長春青山秀水東南西北高遠清江"
_CODE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"
_FIRST_ROC_YEAR = 1911


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who applies, and the user code that they choose."""

    ca: Ca
    name: str
    oid: str
    email: str
    user_code: str

    @property
    def answers(self) -> dict[str, str | bool]:
        """What they write into the form beside what the register knows."""
        return {
            "organisation_email": self.email,
            "contact_name": CONTACT,
            "contact_title": "組長",
            "contact_email": self.email,
            "contact_phone": "04-2299-0000#12",
            "user_code": self.user_code,
            "user_code_again": self.user_code,
        }


def register(office: Office, ca: Ca) -> Applicant:
    """Put a new organisation into the register, as its yearly delivery would, and return it as an applicant."""
    serial = f"{secrets.randbelow(900_000_000) + 100_000_000}"
    word = "".join(secrets.choice(_SIGNS) for _ in range(4))
    name = f"臺中市立{word}國民小學" if ca is Ca.XCA else f"示範部{word}署"
    applicant = Applicant(
        ca=ca,
        name=name,
        oid=f"2.16.886.{'111.90005' if ca is Ca.XCA else '101.90003'}.{serial}",
        email=f"contact{serial}@example.org.tw",
        user_code="".join(secrets.choice(_CODE_SIGNS) for _ in range(10)),
    )
    load_organisations(office, [_row(applicant)])
    return applicant


def _row(applicant: Applicant) -> dict[str, object]:
    return {
        "ca": str(applicant.ca),
        "kind": str(SubscriberKind.SCHOOL if applicant.ca is Ca.XCA else SubscriberKind.AGENCY),
        "name": applicant.name,
        "oid": applicant.oid,
        "ubn": None,
        "agency_code": None,
        "not_eligible": None,
        "county": "臺中市",
        "town": "西屯區",
        "postal_code": "407",
        "address": "晴空路1號",
        "phone": "04-2299-0000",
        "email": applicant.email,
        "window": WINDOW if applicant.ca is Ca.XCA else None,
    }


def letter_of(
    applicant: Applicant, case_numbers: tuple[str, ...], forms: tuple[bytes, ...], now: datetime
) -> dict[str, bytes]:
    """Return the files of the applicant's electronic letter that asks for primary cards (APP-04)."""
    day = taipei_day(now)
    serial = f"{secrets.randbelow(10_000_000):07d}"
    agency = AGENCIES[applicant.ca]
    receiver = WINDOW if applicant.ca is Ca.XCA else agency.name
    head = LetterHead(
        sender=Party(PartyKind.AGENCY, applicant.name, "383000000Q"),
        address="407 臺中市西屯區晴空路1號",
        contact_lines=(f"承辦人：{CONTACT}", "電話：04-2299-0000", f"電子信箱：{applicant.email}"),
        date=day,
        number=DocumentNumber.of("晴總", str(day.year - _FIRST_ROC_YEAR), serial),
        receiver=Party(PartyKind.AGENCY, receiver, "387310000A" if applicant.ca is Ca.XCA else agency.code),
        signature=applicant.name,
    )
    cards = CardsAskedFor(f"{applicant.ca.zh}憑證IC卡", case_numbers, ())
    attachments = tuple(
        Attachment(f"application{place}.pdf", "application/pdf", form) for place, form in enumerate(forms, 1)
    )
    return write(application_letter(head, "公文電子交換", cards, attachments))
