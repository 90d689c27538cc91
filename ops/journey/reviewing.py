"""The staff who read: the letter clerk, the first-review window and the second reviewer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.journey.cast import letter_of
from ops.journey.pages import JourneyError

if TYPE_CHECKING:
    from ops.journey.applying import Filed
    from ops.journey.house import House
    from ops.journey.pages import Page

CLERK, WINDOW, OFFICER, DESK = "clerk", "taichung", "officer1", "desk"
_DI = ".di"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer decides; a return needs its reason."""

    trigger: str
    reason: str = ""


def receive_letter(house: House, filed: Filed) -> bytes:
    """Import the applicant's electronic letter and tie it to the case; returns the letter's DI file (LTR-01)."""
    files = letter_of(filed.applicant, (filed.number,), (filed.application_pdf,), house.office.clock.now())
    clerk = house.staff(CLERK)
    page = clerk.send(clerk.open("/letters/import/").form(), files=files)
    case_id = str(house.case(filed.number).head.case_id)
    page = clerk.send(page.form("/tie/").tick_only("case_id", case_id))
    if filed.number not in page.words:
        raise JourneyError(f"the letter was not tied to {filed.number}")
    return next(content for name, content in files.items() if name.endswith(_DI))


def review_first(house: House, number: str, decision: Decision | None = None, login: str = WINDOW) -> Page:
    """Decide as the competent authority's window; passes the case unless told otherwise (RV1-03, RV1-04)."""
    return _decide(
        house, login, f"/window/cases/{_id(house, number)}/", decision or Decision("approve_first")
    )


def review_second(house: House, number: str, decision: Decision | None = None, login: str = OFFICER) -> Page:
    """Decide as the CA agency; approves the case unless told otherwise (RV2-01, RV2-02)."""
    return _decide(
        house, login, f"/officer/cases/{_id(house, number)}/", decision or Decision("approve_second")
    )


def forward(house: House, number: str, login: str = WINDOW) -> bytes:
    """Send a case on with the window's own letter, and return that letter's DI file (LTR-02)."""
    window = house.staff(login)
    page = window.open("/window/forward/")
    page = window.send(page.form().tick_only("case_id", str(_id(house, number))))
    return window.download(page.link(_DI)).content


def act(house: House, login: str, number: str, trigger: str, **values: str) -> Page:
    """Do to a case what its page offers somebody, through the form of that action."""
    member = house.staff(login)
    page = member.open(f"/staff/cases/{_id(house, number)}/do/{trigger}/")
    return member.send(page.form(), dict(values))


def _decide(house: House, login: str, path: str, decision: Decision) -> Page:
    reviewer = house.staff(login)
    answers: dict[str, str | bool] = {
        "decision": decision.trigger,
        "reason": decision.reason,
        "password": house.settings.demo_password,
    }
    return reviewer.send(reviewer.open(path).form(), answers)


def _id(house: House, number: str) -> int:
    return house.case(number).head.case_id
