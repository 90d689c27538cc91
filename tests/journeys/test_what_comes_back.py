"""What comes back is not lost: an application to be corrected, and an envelope that nobody took."""

from __future__ import annotations

import pytest

from ops.journey import applying, holding, making, reviewing
from ops.journey.pages import JourneyError
from ops.journey.reviewing import Decision
from workflow.vocabulary import Ca


@pytest.mark.rule("RV1-04", "NTC-03", "FRM-01")
def test_a_returned_application_is_corrected_and_comes_back_to_the_same_window(walk, house, mails):
    filed = walk.with_letter(Ca.XCA)
    reason = "聯絡人職稱與公文不符，請更正。"
    reviewing.review_first(house, filed.number, Decision("return_first", reason))
    assert house.state(filed.number) == "returned_first"
    house.wait("the mails", lambda: not house.case(filed.number).work)
    assert mails.about(reason)

    code = filed.applicant.user_code
    _, page = applying.own_case(house, filed.number, code)
    assert reason in page.words
    applying.amend(house, filed.number, code, {"contact_title": "主任"})
    assert house.state(filed.number) == "first_review"
    page = house.staff(reviewing.WINDOW).open(f"/window/cases/{house.case(filed.number).head.case_id}/")
    assert "主任" in page.words
    assert "組長" in page.words, "what stood there before is shown beside it"
    reviewing.review_first(house, filed.number)
    assert house.state(filed.number) == "first_passed"


@pytest.mark.rule("RV1-05")
def test_another_window_does_not_see_the_case(walk, house):
    filed = walk.with_letter(Ca.XCA)
    with pytest.raises(JourneyError, match="404"):
        reviewing.review_first(house, filed.number, login="hualien")
    assert house.state(filed.number) == "first_review"


@pytest.mark.rule("CRD-05", "CRD-06", "CRD-07")
def test_an_envelope_that_came_back_is_packed_and_posted_again(walk, house):
    filed, first = walk.posted(Ca.GCA)
    making.log_returned(house, first.mail_number, "招領逾期")
    assert house.state(filed.number) == "mail_returned"
    second = making.post(house, filed.number)
    assert second.mail_number != first.mail_number
    assert [str(item.state) for item in house.case(filed.number).mail] == ["returned", "posted"]
    pin = holding.activate(house, holding.insert(house, walk.csn), filed.applicant.user_code)
    assert pin
    assert house.state(filed.number) == "activated"
