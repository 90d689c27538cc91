"""The work list shows what waits for a person, and nothing that is not theirs."""

import pytest

from workflow.views import worklist as w
from workflow.vocabulary import Ca, Role


def numbers(page):
    return [line.case_id for line in page.lines]


def listed(house, actor, **wanted):
    return w.worklist(house.connection, actor, w.Wanted(**wanted), house.now)


@pytest.mark.rule("RV1-05")
def test_a_window_sees_its_own_organisations_only(house, reviewer):
    mine = house.case("first_review")
    house.case("first_review", window_id=house.south)
    assert numbers(listed(house, reviewer)) == [mine]


def test_the_list_holds_only_what_the_roles_can_act_on(house, officer):
    house.case("first_review")
    house.case("made")
    waiting = house.case("second_review")
    assert numbers(listed(house, officer)) == [waiting]


def test_a_role_without_cases_sees_none(house):
    house.case("first_review")
    page = listed(house, house.actor(Role.OPERATOR, Role.ADMINISTRATOR))
    assert page.lines == ()


def test_the_card_centre_sees_nothing_that_is_under_review(house):
    house.case("second_review")
    ready = house.case("approved")
    centre = house.actor(Role.CARD_CENTRE)
    found = w.lines_where(house.connection, centre, house.now, w.s.case.c.id > 0)
    assert [line.case_id for line in found] == [ready]


def test_a_posted_card_is_nobodys_turn_though_it_may_come_back(house):
    house.case("posted")
    assert listed(house, house.actor(Role.CARD_CENTRE)).lines == ()


@pytest.mark.rule("APP-33")
def test_late_cases_come_first_and_then_the_place_in_the_queue(house, officer):
    young = house.case("second_review", days_in_queue=1)
    old = house.case("second_review", days_in_queue=9)
    soon = house.case("second_review")
    late = house.case("second_review")
    house.deadline(soon, 3)
    house.deadline(late, -1)
    page = listed(house, officer)
    assert numbers(page) == [late, soon, old, young]
    assert [line.overdue for line in page.lines] == [True, False, False, False]


def test_a_reminder_does_not_make_a_case_late(house, officer):
    case = house.case("second_review")
    house.deadline(case, -5, rung=30)
    assert listed(house, officer).lines[0].due_at is None


def test_pages_follow_each_other_without_gap_or_repetition(house, officer, monkeypatch):
    monkeypatch.setattr(w, "PAGE", 2)
    cases = [house.case("second_review", days_in_queue=day) for day in (5, 4, 3)]
    first = listed(house, officer)
    second = listed(house, officer, after=first.after)
    assert numbers(first) + numbers(second) == cases
    assert second.after is None


def test_mine_are_the_cases_that_i_touched_last(house, officer):
    mine, hers = house.case("approved"), house.case("approved")
    for case in (mine, hers):
        house.step(case, 1, person=house.lin)
    house.step(mine, 2)
    house.step(hers, 2, person=house.wang)
    assert numbers(listed(house, officer, tab=w.Tab.MINE)) == [mine]


def test_filters_narrow_the_list(house, officer):
    wanted = house.case("second_review", ca="gca", policy_version="gca-1")
    house.case("second_review")
    assert numbers(listed(house, officer, ca=Ca.GCA)) == [wanted]
    assert listed(house, officer, state="late_paper").lines == ()


def test_the_counts_agree_with_the_list(house, officer):
    case = house.case("second_review")
    house.case("second_review")
    house.deadline(case, -1)
    house.step(case, 1, person=house.lin)
    assert w.counts(house.connection, officer, house.now) == w.Counts(team=2, mine=1, late=1)
