"""Cards of two schools and an agency are made together on two readers, posted on one list and activated one by one."""

from __future__ import annotations

import secrets
import threading

import pytest

from ops.demo import hopper
from ops.demo.letter_box import MACHINE
from ops.journey import applying, holding, making
from ops.line_runner import Line, Plan
from ops.worker import seal_all
from tests.faults.line import ready_keys
from workflow.performers.line import Turn
from workflow.views import line as views
from workflow.vocabulary import Ca


@pytest.fixture
def approved(walk):
    """Lend three approved cases, the oldest first."""
    return [walk.approved(ca) for ca in (Ca.XCA, Ca.GCA, Ca.XCA)]


def open_batch(house, count):
    centre = house.staff(making.CENTRE)
    page = centre.send(centre.open("/centre/line/").form(), {"count": str(count)})
    assert f"已製成 0／{count} 張" in page.words
    return page.path


def run_two_readers(house):
    """Let two readers work whose cards the demonstration's hands change; each waits once for the other's first card."""
    readers = tuple(one.name for one in house.station.readers() if one.name.startswith(MACHINE))
    met, first, hands = threading.Barrier(len(readers), timeout=200), set(), threading.Lock()

    def change(reader):
        if reader not in first:
            first.add(reader)
            met.wait()
        with hands:
            # Nobody else seals, and a busy machine may need longer for the cards than an entry may wait for its seal.
            seal_all(house.office)
            hopper.feed(house.office, house.station)

    hopper.feed(house.office, house.station)
    house.wait("the audit log to be sealed", lambda: True)
    with ready_keys(0, 16):
        turns = Line(house.office, Plan(readers, "line", pause=0.02), change).run()
    assert turns[Turn.MADE] == 3
    with house.office.reading() as connection:
        return {job.reader for job in views.jobs(connection, 1)} == set(readers)


def post_together(house, numbers):
    """Pack each card into its own envelope and post them on one list; returns the list's page."""
    centre = house.staff(making.CENTRE)
    for number in numbers:
        card = house.case(number).head.card_number
        page = centre.open("/centre/packing/")
        centre.send(page.form("/packing/"), {"card_number": card, "envelope_number": number})
    mails = {house.case(number).head.case_id: f"{secrets.randbelow(10**14):014d}" for number in numbers}
    typed = {f"mail-{case_id}": number for case_id, number in mails.items()}
    return centre.send(centre.open("/centre/posting/").form(), typed), list(mails.values())


def activate(house, filed):
    csn = next(card.csn for card in house.case(filed.number).cards if card.state == "posted")
    reader = holding.insert(house, csn)
    pin = holding.activate(house, reader, filed.applicant.user_code)
    holding.prove_pin(house, reader, pin)
    return pin


@pytest.mark.rule("CRD-01", "CRD-05", "CRD-07", "ACT-01")
def test_cards_of_several_organisations_are_made_posted_and_activated(walk, house, approved):
    numbers = [filed.number for filed in approved]
    path = open_batch(house, 3)
    assert run_two_readers(house)
    page = house.staff(making.CENTRE).open(path)
    assert "已製成 3／3 張" in page.words
    assert [page.words.count(number) for number in numbers] == [1, 1, 1]
    page, mails = post_together(house, numbers)
    assert all(mail in page.words for mail in mails)
    pins = [activate(house, filed) for filed in approved]
    assert len(pins) == len(set(pins))
    assert [house.state(number) for number in numbers] == ["activated"] * 3
    for filed in approved:
        assert walk.status_of_certificates(filed) == {"valid"}
        _, page = applying.own_case(house, filed.number, filed.applicant.user_code)
        assert "已開卡" in page.words
