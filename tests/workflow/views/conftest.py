"""A small registry on both databases, filled by plain inserts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
import sqlalchemy as sa

from workflow.facts import Actor
from workflow.store import schema as s
from workflow.vocabulary import Role

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


class House:
    """A database with two windows, and builders that put rows into it."""

    def __init__(self, connection):
        self.connection = connection
        self.now = NOW
        self._serial = count(1)
        self.north = self.window("北區窗口")
        self.south = self.window("南區窗口")
        self.wang = self.add(s.person, name="王小明")
        self.lin = self.add(s.person, name="林美麗")

    def add(self, table, **values):
        return self.connection.execute(table.insert().values(**values)).inserted_primary_key[0]

    def window(self, name):
        return self.add(
            s.review_window, name=name, agency_code="", county="", kinds=[], address="", phone="", email=""
        )

    def organisation(self, name="幸福國小", oid="2.16.886.101.1", ubn="12345675"):
        return self.add(
            s.organisation, ca="xca", name=name, oid=oid, ubn=ubn, kind="school", county="", town="",
            postal_code="", address="", phone="", email="",
        )  # fmt: skip

    def case(self, state="first_review", *, days_in_queue=1, **values):
        number = next(self._serial)
        row = {
            "number": f"04001{number:020}", "ca": "xca", "kind": "card_application", "state": state, "version": 1,
            "policy_version": "xca-1", "window_id": self.north, "subject_name": f"第{number}國小",
            "subscriber_kind": "school", "rank": "primary", "snapshot_sha256": "ab" * 32, "contact_name": "陳聯絡",
            "contact_email": "c@example.tw", "data": {}, "opened_at": NOW, "state_since": NOW,
            "queued_at": NOW - timedelta(days=days_in_queue),
        }  # fmt: skip
        return self.add(s.case, **(row | values))

    def deadline(
        self, case_id, due_in_days, *, kind="activation", rung=0, trigger="lapse_activation", **values
    ):
        row = {
            "case_id": case_id, "kind": kind, "rung": rung, "trigger": trigger, "policy_version": "xca-1",
            "basis_at": NOW, "budget": 90, "in_months": False, "due_at": NOW + timedelta(days=due_in_days),
            "state": "waiting",
        }  # fmt: skip
        return self.add(s.deadline, **(row | values))

    def letter(self, number="北市教字第1號", **values):
        row = {
            "direction": "incoming", "our_number": f"R{next(self._serial)}", "sender_name": "臺北市政府", "sender_code": "",
            "number": number, "dated": date(2026, 11, 1), "subject": "申請憑證", "explanation": "",
            "difference_reason": "", "proposed": [], "at": NOW,
        }  # fmt: skip
        return self.add(s.letter, **(row | values))

    def tie(self, letter_id, case_id):
        self.connection.execute(s.letter_case.insert().values(letter_id=letter_id, case_id=case_id, at=NOW))

    def document(self, **values):
        row = {
            "kind": "form",
            "name": "form.pdf",
            "media_type": "application/pdf",
            "sha256": "",
            "content": b"%PDF",
        }
        return self.add(s.document, **(row | {"at": NOW} | values))

    def step(self, case_id, version, trigger="amend", person=None, dest="first_review", source="uploaded"):
        return self.add(
            s.history, case_id=case_id, version=version, at=NOW, trigger=trigger, source=source, dest=dest,
            actor="x", person_id=person, note="",
        )  # fmt: skip

    def work(self, case_id, state="dead", **values):
        row = {
            "lane": "notice",
            "effect": "notice",
            "template": "posted",
            "payload": {},
            "due_at": NOW,
            "created_at": NOW,
        }
        return self.add(s.outbox, case_id=case_id, state=state, **(row | values))

    def card(self, csn, state="blank", **values):
        row = {"box": "A", "step": "", "reason": "", "counted_in_at": NOW, "updated_at": NOW}
        return self.add(s.card, csn=csn, state=state, **(row | values))

    def actor(self, *roles: Role, window=None, person=None):
        return Actor("人", frozenset(roles), account_id=1, person_id=person, window_id=window)


@pytest.fixture
def house(empty_database_url):
    engine = sa.create_engine(empty_database_url)
    s.metadata.create_all(engine)
    with engine.connect() as connection:
        yield House(connection)
    engine.dispose()


@pytest.fixture
def officer(house):
    return house.actor(Role.SECOND_REVIEWER, person=house.lin)


@pytest.fixture
def reviewer(house):
    return house.actor(Role.FIRST_REVIEWER, window=house.north, person=house.wang)
