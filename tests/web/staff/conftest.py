"""People at the counter, each with a browser, and cases brought to where they meet them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from workflow.commands import RecordCardMade, SubmitApplication
from workflow.facts import PUBLIC, SYSTEM
from workflow.handlers import handle
from workflow.store import schema as s
from workflow.views.case_page import case_head
from workflow.vocabulary import Ca, Rank, Role, SubscriberKind

PASSWORD = "correct horse"
FORM = {
    "rank": "primary", "subscriber_kind": "school", "agreement_accepted": "yes", "oid": "2.16.886.111.90005",
    "organisation_email": "school@example.tw", "contact_name": "陳聯絡", "contact_title": "組長",
    "contact_email": "chen@example.tw", "mailing_postal_code": "103", "mailing_county": "臺北市",
    "mailing_district": "大同區", "mailing_address": "長安西路37號", "contact_phone": "02-2558-1234", "contact_fax": "",
}  # fmt: skip


class Counter:
    """The counter: browsers of people by role, and the way of a case through their hands."""

    def __init__(self, app, house, make_visitor):
        self.app, self.house, self.office, self._visitor = app, house, house.office, make_visitor
        self.window = house.window()
        self.browsers = {}
        self._letters = iter(range(1, 1000))

    def browser(self, *roles, name="", window_id=None):
        """Return the browser of somebody with these roles, logged in; the same one each time."""
        login = name or "-".join(roles)
        if login not in self.browsers:
            self.house.account(login, *roles, window_id=window_id, person=f"王{login}")
            browser = self._visitor(self.app)
            browser.log_in(login)
            browser.get("/")
            self.browsers[login] = browser
        return self.browsers[login]

    @property
    def clerk(self):
        return self.browser("letter_clerk")

    @property
    def reviewer(self):
        return self.browser("first_reviewer", window_id=self.window)

    @property
    def officer(self):
        return self.browser("second_reviewer")

    @property
    def centre(self):
        return self.browser("card_centre")

    @property
    def desk(self):
        return self.browser("help_desk")

    def applied(self, name="臺北市立建成國民小學", rank=Rank.PRIMARY, *, window=None, **values):
        """Put an application on file and return its id."""
        number = len(self.house.rows(s.case)) + 1
        window = window or self.window
        organisation = self.house.organisation(name, window_id=window, oid=f"2.16.886.111.{number}", ubn=None)
        command = SubmitApplication(
            ca=Ca.XCA, subscriber_kind=SubscriberKind.SCHOOL, rank=rank, organisation_id=organisation, window_id=window,
            form=FORM | {"rank": str(rank), "oid": f"2.16.886.111.{number}"} | values, agreement_accepted=True,
            user_code="Ab3#xyz",
        )  # fmt: skip
        return handle(self.office, command, PUBLIC).case_id

    def log_letter(self, *cases, **fields):
        """Log a letter by hand that names the cases; return its id."""
        typed = {
            "sender_name": "臺北市政府教育局", "number": f"北市教字第{next(self._letters)}號", "dated": "115/11/20", "subject": "申請憑證",
            "numbers": "\n".join(self.number(case) for case in cases),
        }  # fmt: skip
        answer = self.clerk.post("/letters/new/", follow=False, **(typed | fields))
        assert answer.status_code == 302, answer.text
        return int(answer.headers["Location"].strip("/").split("/")[-1])

    def received(self, **values):
        case = self.applied(**values)
        letter = self.log_letter(case)
        answer = self.clerk.post(f"/letters/{letter}/tie/", case_id=str(case))
        assert answer.status_code == 200
        return case

    def decide(self, browser, desk, case, decision, **more):
        fields = {"decision": decision, "password": PASSWORD, **self.seen(case)} | more
        return browser.post(f"/{desk}/cases/{case}/", follow=False, **fields)

    def in_second_review(self, **values):
        case = self.received(**values)
        assert self.decide(self.reviewer, "window", case, "approve_first").status_code == 302
        self.put(case, state="second_review")
        return case

    def put(self, case, **values):
        """Put a case where a test needs it, past what other tests prove."""
        self.house.update(s.case, case, **values)

    def made(self, number="XC00000000000001", **values):
        """Return a case whose card was made."""
        case, now = self.applied(**values), self.office.clock.now()
        self.put(case, state="manufacturing")
        self.house.insert(
            s.card, csn=f"{case:08x}", number=number, state="personalising", box="A", step="", reason="", case_id=case,
            counted_in_at=now, updated_at=now,
        )  # fmt: skip
        for purpose in ("signature", "encipherment"):
            self.certificate(case, purpose, number)
        handle(self.office, RecordCardMade(case_id=case, card_number=number, issued_at=now), SYSTEM)
        return case

    def certificate(self, case, purpose, number):
        now, name = self.office.clock.now(), f"{purpose}{case}"
        serial = f"{'5' if purpose == 'signature' else '6'}{case:031x}"
        self.house.insert(
            s.certificate, ca="xca", authority="xca", serial=serial, case_id=case, csn=f"{case:08x}", purpose=purpose, status="issued", tbs=b"",
            tbs_sha256=name, der=b"", spki_sha256=name, subject="CN=測試", card_number=number, not_before=now,
            not_after=now + timedelta(days=1826), status_at=now, created_at=now,
        )  # fmt: skip

    def head(self, case):
        with self.office.reading() as connection:
            return case_head(connection, _sees_all(), case)

    def number(self, case):
        return self.head(case).number

    def state(self, case):
        return str(self.head(case).state)

    def seen(self, case):
        head = self.head(case)
        return {"seen_version": str(head.version), "seen_sha256": head.snapshot_sha256}

    def do(self, browser, case, trigger, **fields):
        return browser.post(f"/staff/cases/{case}/do/{trigger}/", follow=False, **(self.seen(case) | fields))

    def dead_letter(self, case):
        now = self.office.clock.now() - timedelta(hours=1)
        return self.house.insert(
            s.outbox, case_id=case, lane="notice", effect="notice", template="posted", payload={}, state="dead",
            attempts=8, due_at=now, created_at=now, last_error="550 no such mailbox",
        )  # fmt: skip

    def count(self, table):
        with self.office.reading() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def _sees_all():
    from workflow.facts import Actor

    return Actor("測試", frozenset({Role.AUDITOR}))


@pytest.fixture
def counter(app, house, make_visitor):
    return Counter(app, house, make_visitor)
