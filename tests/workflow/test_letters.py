"""Official letters: logged once, tied to many cases, counts compared; and the window's own letter."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from forms.letters import open_upload
from workflow import commands as c
from workflow.errors import BadInput, NotAllowed, NotFound, Refused, RegistryError
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.vocabulary import Ca, Rank, Role


def refused(registry, code, command, actor=None):
    with pytest.raises(RegistryError) as caught:
        registry.do(command, actor or registry.clerk)
    assert caught.value.code == code
    return caught.value


def logged(registry, **values):
    return registry.do(registry.letter(**values), registry.clerk).created_id


@pytest.mark.rule("APP-02", "LTR-01")
def test_one_letter_brings_many_cases_of_several_ranks(registry):
    organisation = registry.organisation(Ca.XCA)
    first = registry.a_case(organisation_id=organisation)
    more = [registry.a_case(organisation_id=organisation, rank=Rank.SECONDARY) for _ in range(3)]
    letter = logged(registry, said_primary=1, said_secondary=3)
    outcome = registry.do(c.TieLetter(letter_id=letter, case_ids=(first, *more)), registry.clerk)
    assert {case.state for case in outcome.cases} == {"first_review"}
    assert len(registry.rows(t.letter_case)) == 4
    assert registry.rows(t.letter)[0].tied_at == registry.clock.now()


@pytest.mark.rule("APP-03", "APP-04", "RV2-01")
def test_a_letter_that_counts_otherwise_is_tied_only_with_a_reason(registry):
    case_id = registry.a_case()
    letter = logged(registry, said_primary=1, said_secondary=2)
    refusal = refused(registry, "letter.counts_differ", c.TieLetter(letter_id=letter, case_ids=(case_id,)))
    assert "附卡 2 張" in refusal.zh
    assert registry.state(case_id) == "uploaded"
    reason = "另兩件補送中"
    registry.do(c.TieLetter(letter_id=letter, case_ids=(case_id,), difference_reason=reason), registry.clerk)
    assert registry.rows(t.letter)[0].difference_reason == reason


@pytest.mark.rule("APP-03", "APP-04")
def test_cases_tied_later_are_counted_with_those_before(registry):
    organisation = registry.organisation(Ca.XCA)
    first = registry.a_case(organisation_id=organisation)
    second = registry.a_case(organisation_id=organisation, rank=Rank.SECONDARY)
    letter = logged(registry, said_primary=1, said_secondary=1)
    registry.do(c.TieLetter(letter_id=letter, case_ids=(first,), difference_reason="分批"), registry.clerk)
    registry.do(c.TieLetter(letter_id=letter, case_ids=(second,)), registry.clerk)
    assert registry.state(second) == "first_review"


@pytest.mark.rule("LTR-01")
def test_the_same_letter_is_not_logged_twice(registry):
    number = "府教字第1150000123號"
    logged(registry, number=number)
    for twin in (number, f" {number} ", "府教字 第1150000123號"):
        refused(registry, "letter.duplicate", registry.letter(number=twin))
    refused(registry, "letter.duplicate", registry.letter(number=number, sender_name="臺北市政府 "))
    logged(registry, number=number, sender_name="新北市政府")


def test_a_letter_without_sender_or_number_is_refused_by_field(small_registry):
    with pytest.raises(BadInput) as caught:
        small_registry.do(small_registry.letter(sender_name=" ", number=""), small_registry.clerk)
    assert [problem.field for problem in caught.value.problems] == ["sender_name", "number"]


@pytest.mark.rule("LTR-01")
def test_two_clerks_who_log_one_letter_at_once_log_it_once(locking_registry):
    registry = locking_registry
    letter, clerk = registry.letter(), registry.clerk
    answers = at_once(lambda: registry.do(letter, clerk), 4)
    assert sorted(answers) == ["done", "letter.duplicate", "letter.duplicate", "letter.duplicate"]
    assert len(registry.rows(t.letter)) == 1


@pytest.mark.rule("LTR-01")
def test_two_clerks_who_tie_one_case_at_once_tie_it_once(locking_registry):
    registry = locking_registry
    case_id = registry.a_case()
    letters = [logged(registry) for _ in range(3)]
    clerk = registry.clerk
    ties = [c.TieLetter(letter_id=letter, case_ids=(case_id,)) for letter in letters]
    pending = iter(ties)
    answers = at_once(lambda: registry.do(next(pending), clerk), 3)
    assert sorted(answers) == ["case.not_now", "case.not_now", "done"]
    assert len(registry.rows(t.letter_case)) == 1


def at_once(act, times):
    """Do something in several threads at the same moment; returns how each ended."""
    start = Barrier(times)

    def one(_number):
        start.wait()
        try:
            act()
        except RegistryError as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_a_letter_is_tied_wholly_or_not_at_all(registry):
    good, gone = registry.a_case(), registry.a_case("withdrawn")
    letter = logged(registry)
    refused(registry, "case.not_now", c.TieLetter(letter_id=letter, case_ids=(good, gone)))
    refused(registry, "case.not_found", c.TieLetter(letter_id=letter, case_ids=(good, 999)))
    refused(registry, "letter.no_cases", c.TieLetter(letter_id=letter, case_ids=()))
    refused(registry, "letter.not_found", c.TieLetter(letter_id=999, case_ids=(good,)))
    assert registry.state(good) == "uploaded"
    assert registry.rows(t.letter_case) == []


@pytest.mark.rule("LTR-02", "RV1-03")
def test_the_window_forwards_its_approved_cases_with_a_letter_of_its_own(registry):
    organisation = registry.organisation(Ca.XCA)
    first = registry.a_case("first_passed", organisation_id=organisation)
    second = registry.a_case("first_passed", organisation_id=organisation, rank=Rank.SECONDARY)
    outcome = registry.do(c.ForwardCases(case_ids=(first, second)), registry.reviewer)
    assert {case.state for case in outcome.cases} == {"second_review"}
    own = registry.rows(t.letter, t.letter.c.direction == "outgoing")[0]
    assert own.number == outcome.number
    files = registry.rows(t.document, t.document.c.letter_id == own.id)
    assert {file.media_type for file in files} == {"application/xml", "application/pdf"}
    read = open_upload({file.name: file.content for file in files})
    assert read.number.raw == own.number
    with pytest.raises(NotFound):
        registry.do(c.TieLetter(letter_id=own.id, case_ids=(first,)), registry.clerk)


@pytest.mark.rule("LTR-02")
def test_nothing_is_forwarded_before_it_is_approved(registry):
    passed, waiting = registry.a_case("first_passed"), registry.a_case("first_review")
    refused(registry, "case.not_now", c.ForwardCases(case_ids=(passed, waiting)), registry.reviewer)
    refused(registry, "letter.no_cases", c.ForwardCases(case_ids=()), registry.reviewer)
    refused(registry, "case.not_found", c.ForwardCases(case_ids=(passed, 999)), registry.reviewer)
    assert registry.state(passed) == "first_passed"


def test_only_a_clerk_logs_and_ties(registry):
    letter = logged(registry)
    for role in set(Role) - {Role.LETTER_CLERK}:
        actor = registry.account(role)
        with pytest.raises(NotAllowed):
            registry.do(registry.letter(), actor)
        with pytest.raises(NotAllowed):
            registry.do(c.TieLetter(letter_id=letter, case_ids=(1,)), actor)


@pytest.mark.rule("LTR-01")
def test_a_missing_letter_is_chased_until_it_comes(registry):
    case_id = registry.a_case()
    assert [row.rung for row in registry.waiting(case_id)] == [14, 28]
    registry.tie(case_id)
    assert registry.waiting(case_id) == []
    with pytest.raises(Refused):
        registry.do(c.ChaseLetter(case_id=case_id), SYSTEM)
