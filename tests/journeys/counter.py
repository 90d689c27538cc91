"""The counter for batches of signing requests, as people go up to it."""

from __future__ import annotations

from ops.journey import reviewing
from ops.journey.cast import CONTACT, register
from workflow.vocabulary import Ca

SIGNATURE = "gca:agency_non_card_signature"
OTHER_OFFICER = "officer2"


class Counter:
    """What people do at the counter with a batch."""

    def __init__(self, house, ca=Ca.GCA) -> None:
        self.house = house
        self.agency = register(house.office, ca)
        self.number = ""

    @property
    def case_id(self):
        return self.house.case(self.number).head.case_id

    def page(self, login, path=""):
        return self.house.staff(login).open(f"/requests/{self.case_id}/{path}")

    def submit(self, files, **answers):
        desk = self.house.staff(reviewing.DESK)
        form = desk.open("/requests/new/").form()
        said = {
            "profile": SIGNATURE, "organisation_oid": self.agency.oid, "contact_name": CONTACT,
            "contact_email": self.agency.email, **answers,
        }  # fmt: skip
        page = desk.send(form, said, files=files)
        self.number = page.text('//*[contains(@class, "case-number")]').replace(" ", "")
        self.house.wait_for_state(self.number, "examined")

    def decide(self, login, decision, reason=""):
        member = self.house.staff(login)
        answers = {"decision": decision, "reason": reason, "password": self.house.settings.demo_password}
        return member.send(self.page(login, "decide/").form("/decide/"), answers)

    def opened(self, number=""):
        """Open the case as its subscriber does, on the way to accepting; by its number or a certificate's serial."""
        visitor = self.house.visitor("subscriber")
        said = {"number": number or self.number, "user_code": self.agency.user_code}
        return visitor, visitor.send(visitor.open("/accept/").form("/status/"), said)

    def approve_twice(self):
        self.decide(reviewing.OFFICER, "approve_request")
        self.decide(OTHER_OFFICER, "confirm_request")

    def download(self, login, page, end):
        return self.house.staff(login).download(page.link(end)).content
