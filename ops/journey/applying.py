"""The applicant at the pages: from the search for the organisation to the case number and the papers (APP-12 … APP-20)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.journey.pages import JourneyError, Visitor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.journey.cast import Applicant
    from ops.journey.house import House
    from ops.journey.pages import Page


@dataclass(frozen=True, slots=True)
class Filed:
    """A case that was filed: its number, and the two papers that were printed."""

    applicant: Applicant
    number: str
    application_pdf: bytes
    user_code_letter_pdf: bytes


def apply(house: House, applicant: Applicant, answers: Mapping[str, str | bool] | None = None) -> Filed:
    """Apply for a primary card; `answers` replace what the applicant would write."""
    visitor = house.visitor("applicant")
    page = visitor.open(f"/apply/?ca={applicant.ca}&q={applicant.oid}")
    if applicant.name not in page.words:
        raise JourneyError(f"{applicant.name} is not found by its OID")
    page = visitor.send(page.form("/apply/"))
    page = visitor.send(page.form("/apply/1/"), {"rank": "primary"})
    page = visitor.send(page.form("/apply/2/"), {"agreement_accepted": True})
    form = page.form("/apply/3/", {"contact_name": ""})
    page = visitor.send(form, applicant.answers | dict(answers or {}), button=("action", "upload"))
    return _printed(visitor, page, applicant)


def _printed(visitor: Visitor, page: Page, applicant: Applicant) -> Filed:
    number = page.text('//*[contains(@class, "case-number")]').replace(" ", "")
    application = visitor.download(page.link("下載申請書"))
    letter = visitor.send_for_file(page.form("/case/letter"), {"user_code": applicant.user_code})
    page = visitor.open("/apply/5/")
    confirmed = dict.fromkeys(("letter_printed", "form_printed", "address_right"), True)
    page = visitor.send(page.form(), confirmed)
    if page.path != "/apply/6/":
        raise JourneyError(f"the confirmation led to {page.path}")
    return Filed(applicant, number, application.content, letter.content)


def own_case(house: House, number: str, user_code: str) -> tuple[Visitor, Page]:
    """Open a case by its number and user code, as its applicant does (STA-01)."""
    visitor = house.visitor("applicant")
    return visitor, visitor.send(visitor.open("/status/").form(), {"number": number, "user_code": user_code})


def amend(house: House, number: str, user_code: str, changes: Mapping[str, str | bool]) -> Page:
    """Correct what was returned, and upload it again (RV1-04)."""
    visitor, _ = own_case(house, number, user_code)
    form = visitor.open("/case/amend").form()
    return visitor.send(form, {**changes, "user_code": user_code})


def is_turned_away(house: House, applicant: Applicant) -> bool:
    """Tell whether the pages refuse another primary card at the first step (APP-05, REV-05)."""
    visitor = house.visitor("applicant")
    page = visitor.send(visitor.open(f"/apply/?ca={applicant.ca}&q={applicant.oid}").form("/apply/"))
    return bool(visitor.try_to_send(page.form("/apply/1/"), {"rank": "primary"}).complaints)
