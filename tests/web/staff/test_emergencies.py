"""The help desk's page of emergency suspensions: what it takes, what it refuses, and who sees it."""

from __future__ import annotations

import pytest

from workflow.store import schema as s

URL = "/desk/emergency/"
FAX = {"card_number": "XC00000000000001", "asked_by": "林遺失", "phone": "0912-000-111", "paper": "police"}


@pytest.fixture
def card(counter):
    """A card whose CA offers emergency suspensions."""
    case = counter.made("XC00000000000001")
    counter.put(case, ca="moica", policy_version="moica-2.0", state="activated")
    counter.house.update(s.certificate, 1, status="valid", serial="1a")
    counter.house.update(s.certificate, 2, status="valid", serial="2b")
    return case


def statuses(counter):
    return {row.status for row in counter.house.rows(s.certificate)}


def test_a_fax_is_logged_called_back_and_the_card_suspended(counter, card):
    assert "請立即回電" in counter.desk.post(URL, **FAX, reason="皮夾遭竊").text
    hasty = [counter.desk.post(f"{URL}1/", said="本人接聽", **more) for more in ({"outcome": "suspend"}, {})]
    assert [(one.status_code, 'href="#f-identified-1"' in one.text) for one in hasty] == [(400, True)] * 2
    page = counter.desk.post(f"{URL}1/", outcome="suspend", identified="yes", said=" ")
    assert page.status_code == 400
    assert 'href="#f-said-1"' in page.text
    assert statuses(counter) == {"valid"}
    assert (
        "憑證已停用"
        in counter.desk.post(f"{URL}1/", outcome="suspend", identified="yes", said="本人接聽").text
    )
    assert statuses(counter) == {"suspended"}
    again = counter.desk.post(f"{URL}1/", outcome="refuse", said="無人接聽")
    assert (again.status_code, "已由他人處理" in again.text) == (409, True)


def test_what_the_fax_lacks_is_said_beside_its_field(counter, card):
    missing = counter.desk.post(URL, **FAX, reason="")
    assert (missing.status_code, 'href="#f-reason"' in missing.text) == (400, True)
    papers = counter.desk.post(URL, **FAX | {"paper": "none"}, reason="遺失")
    assert (papers.status_code, 'href="#f-paper"' in papers.text) == (400, True)
    unknown = counter.desk.post(URL, **FAX | {"card_number": "XC00000000000009"}, reason="遺失")
    assert (unknown.status_code, "查無此卡號" in unknown.text) == (400, True)
    assert counter.count(s.emergency) == 0


def test_only_the_help_desk_sees_it(counter):
    assert counter.officer.get(URL).status_code == 403
    assert counter.centre.post(URL, **FAX, reason="遺失").status_code == 403
    assert counter.desk.get(URL).status_code == 200
