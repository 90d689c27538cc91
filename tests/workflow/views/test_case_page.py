"""A case's page tells all of it to those who may see it, and nothing to others."""

import pytest

from workflow.errors import NotFound
from workflow.store import schema as s
from workflow.views import deadlines, documents
from workflow.views.case_page import case_head, case_page, find_case_id
from workflow.vocabulary import DeadlineState, Role, StatusChange


def revise(house, case, revision, **values):
    house.add(
        s.form_revision, case_id=case, revision=revision, values=values, sha256="", by_name="x", at=house.now
    )


@pytest.mark.rule("RV1-05")
def test_another_windows_case_is_as_good_as_not_there(house, reviewer):
    other = house.case(window_id=house.south)
    with pytest.raises(NotFound):
        case_page(house.connection, reviewer, other)
    with pytest.raises(NotFound):
        find_case_id(house.connection, reviewer, "no such number")


def test_what_changed_since_the_revision_before_is_marked(house, reviewer):
    case = house.case()
    revise(house, case, 1, name="舊名", phone="1")
    revise(house, case, 2, name="新名", phone="1")
    form = case_page(house.connection, reviewer, case).form
    assert form.changed == {"name"}
    assert form.before["name"] == "舊名"


def test_a_first_revision_has_no_changes(house, reviewer):
    case = house.case()
    revise(house, case, 1, name="新名")
    assert case_page(house.connection, reviewer, case).form.changed == frozenset()


def test_the_page_offers_only_what_the_role_may_try_now(house, reviewer, officer):
    case = house.case("first_review")
    assert case_page(house.connection, reviewer, case).actions == ("approve_first", "return_first")
    assert case_page(house.connection, officer, case).actions == ()


@pytest.mark.rule("LTR-02")
def test_letters_come_with_their_documents(house, reviewer):
    case, letter = house.case(), house.letter()
    house.tie(letter, case)
    house.document(letter_id=letter, name="letter.di")
    house.document(case_id=case, name="form.pdf")
    page = case_page(house.connection, reviewer, case)
    assert [doc.name for doc in page.letters[0].documents] == ["letter.di"]
    assert [doc.name for doc in page.documents] == ["form.pdf"]
    assert page.documents[0].size == 4


def test_open_and_dead_work_is_shown_and_done_work_is_not(house, officer):
    case = house.case()
    house.work(case, "dead", last_error="no route")
    house.work(case, "done")
    work = case_page(house.connection, officer, case).work
    assert [part.last_error for part in work] == ["no route"]


def test_the_history_reads_in_the_words_of_the_case_kind(house, officer):
    case = house.case()
    house.step(case, 1, "submit", source="new", dest="uploaded")
    house.step(case, 2, "receive_letter")
    steps = case_page(house.connection, officer, case).history
    assert steps[0].source is None
    assert steps[1].dest.zh == "已收到公文（初審中）"


def test_a_voided_decision_does_not_stand(house, officer):
    case = house.case()
    account = house.add(s.account, login="w", person_id=house.wang, roles=[], password_hash="")
    house.add(
        s.review_decision, case_id=case, stage="first", verdict="approve", person_id=house.wang, account_id=account,
        snapshot_sha256="x", policy_version="xca-1", reason="", statement="", signature=b"s", at=house.now,
        voided_at=house.now,
    )  # fmt: skip
    decision = case_page(house.connection, officer, case).decisions[0]
    assert decision.person == "王小明"
    assert not decision.stands


@pytest.mark.rule("ACT-04")
def test_a_deadline_says_which_rule_set_its_date(house, officer):
    case = house.case("posted")
    house.deadline(case, 60)
    house.deadline(case, -30, rung=30, state="fired")
    head = case_head(house.connection, officer, case)
    first, second = deadlines.of_case(house.connection, head)
    assert first.is_end
    assert first.reason.rule_ids == ("ACT-04",)
    assert "XCA slides" in first.reason.source
    assert second.state is DeadlineState.FIRED


@pytest.mark.rule("RV1-05")
def test_a_document_is_given_only_to_those_who_see_its_case(house, reviewer, officer):
    other = house.case(window_id=house.south)
    found = house.document(case_id=other, content=b"secret")
    assert documents.document(house.connection, officer, found).content == b"secret"
    for nobody in (reviewer, house.actor(Role.OPERATOR)):
        with pytest.raises(NotFound):
            documents.document(house.connection, nobody, found)


def test_the_forecast_counts_by_what_will_happen(house):
    for days in (-1, 5, 20, 80):
        house.deadline(house.case("posted"), days)
    house.deadline(house.case("posted", ca="gca", policy_version="gca-1"), 5, policy_version="gca-1")
    lines = {line.change: line for line in deadlines.forecast(house.connection, house.now)}
    assert (lines[StatusChange.REVOKE].overdue, lines[StatusChange.REVOKE].within) == (1, (2, 3, 4))
    assert lines[StatusChange.SUSPEND].within == (1, 1, 1)


def test_upcoming_deadlines_come_nearest_first_in_pages(house, monkeypatch):
    monkeypatch.setattr(deadlines, "PAGE", 1)
    later, sooner = house.case("posted"), house.case("posted")
    house.deadline(later, 6)
    house.deadline(sooner, 2)
    house.deadline(house.case("posted"), 60)
    first, key = deadlines.upcoming(house.connection, house.now, 7)
    second, end = deadlines.upcoming(house.connection, house.now, 7, key)
    assert [first[0].case_id, second[0].case_id] == [sooner, later]
    assert end is None
