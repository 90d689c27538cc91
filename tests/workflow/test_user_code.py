"""The user code: wrong ones are counted, the third locks, and many hands at once get no more than three."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.workflow.registry import CODE
from workflow import commands as c
from workflow.errors import (
    BadInput,
    NotAllowed,
    Refused,
    RegistryError,
    UserCodeLocked,
    WrongUserCode,
)
from workflow.facts import PUBLIC, SYSTEM
from workflow.store import schema as t
from workflow.vocabulary import Ca


def amend(case_id, code=CODE):
    return c.AmendApplication(case_id=case_id, user_code=code, form={"contact_name": "林聯絡"})


def guess(registry, case_id, code="wrong!", times=1):
    for _ in range(times):
        with pytest.raises(WrongUserCode):
            registry.do(amend(case_id, code), PUBLIC)


@pytest.mark.rule("PIN-03")
def test_the_third_wrong_code_locks_and_then_the_right_one_is_worth_nothing(registry):
    case_id = registry.a_case()
    with pytest.raises(WrongUserCode) as first:
        registry.do(amend(case_id, "wrong!"), PUBLIC)
    assert "2" in first.value.zh
    guess(registry, case_id)
    with pytest.raises(UserCodeLocked):
        registry.do(amend(case_id, "wrong!"), PUBLIC)
    with pytest.raises(UserCodeLocked):
        registry.do(amend(case_id), PUBLIC)
    assert (registry.case(case_id).user_code_tries, registry.case(case_id).version) == (3, 1)
    assert registry.audit_kinds().count("user_code_wrong") == 2
    assert registry.audit_kinds().count("user_code_locked") == 1


@pytest.mark.rule("PIN-03")
def test_the_right_code_forgets_the_wrong_ones(registry):
    case_id = registry.a_case()
    guess(registry, case_id, times=2)
    registry.do(amend(case_id), PUBLIC)
    assert registry.case(case_id).user_code_tries == 0
    guess(registry, case_id, times=2)


@pytest.mark.rule("PIN-03")
def test_many_guesses_at_once_are_never_more_than_three(locking_registry):
    registry = locking_registry
    case_id = registry.a_case()
    codes = [f"guess{number}" for number in range(7)] + [CODE]
    start = Barrier(len(codes))

    def attempt(code):
        start.wait()
        try:
            registry.do(amend(case_id, code), PUBLIC)
        except RegistryError as refusal:
            return type(refusal)
        return None

    with ThreadPoolExecutor(len(codes)) as pool:
        answers = list(pool.map(attempt, codes))
    # The right code starts the count anew when it comes first or second, so at most five are answered "wrong".
    assert answers.count(UserCodeLocked) >= 2
    assert registry.case(case_id).user_code_tries == 3
    kinds = registry.audit_kinds()
    assert kinds.count("user_code_locked") == 1
    assert kinds.count("user_code_wrong") == answers.count(WrongUserCode) <= (4 if None in answers else 2)


@pytest.mark.rule("APP-16", "P-01")
@pytest.mark.parametrize("code", ["", "short", "elevenchars", "with space", "代碼代碼代碼", "tab\tin it"])
def test_a_code_of_the_wrong_shape_is_refused_in_words(small_registry, code):
    with pytest.raises(BadInput) as caught:
        small_registry.submit(user_code=code)
    assert caught.value.problems[0].field == "user_code"
    assert "6" in caught.value.problems[0].zh


@pytest.mark.rule("APP-16")
def test_the_code_is_case_sensitive(small_registry):
    case_id = small_registry.a_case()
    guess(small_registry, case_id, CODE.upper())
    small_registry.do(amend(case_id), PUBLIC)


@pytest.mark.rule("STA-01", "PIN-03")
def test_number_and_code_open_a_case_and_nothing_tells_which_is_wrong(registry):
    case_id = registry.a_case()
    number = registry.case(case_id).number
    spaced = f"{number[:5]} {number[5:]}"
    assert registry.do(c.CheckUserCode(number=spaced, user_code=CODE), PUBLIC).case_id == case_id
    refusals = []
    for asked in (number, "9" * 25):
        with pytest.raises(RegistryError) as caught:
            registry.do(c.CheckUserCode(number=asked, user_code="wrong!"), PUBLIC)
        refusals.append((type(caught.value), caught.value.zh, caught.value.en))
    assert refusals[0] == refusals[1]
    assert registry.case(case_id).user_code_tries == 1


def test_a_case_without_a_code_of_its_own_opens_to_no_code(registry):
    reset = registry.a_reset()
    with pytest.raises(WrongUserCode):
        registry.do(c.CheckUserCode(number=registry.case(reset).number, user_code=CODE), PUBLIC)


@pytest.mark.rule("PIN-03")
def test_staff_can_not_use_up_an_applicants_tries(registry):
    case_id = registry.a_case()
    for actor in (registry.clerk, registry.desk, registry.officer):
        with pytest.raises(NotAllowed):
            registry.do(amend(case_id, "wrong!"), actor)
    assert registry.case(case_id).user_code_tries == 0


@pytest.mark.rule("UCR-01", "PIN-03")
def test_a_reset_opens_a_locked_code_and_the_old_one_is_dead(registry):
    card = registry.a_case("posted", Ca.XCA)
    for _ in range(3):
        with pytest.raises(RegistryError):
            registry.do(c.CheckUserCode(number=registry.case(card).number, user_code="wrong!"), PUBLIC)
    with pytest.raises(UserCodeLocked):
        registry.begin_activation(card)
    reset = registry.a_reset("copy_received", Ca.XCA, card)
    new = registry.tell(reset, Ca.XCA)
    with pytest.raises(WrongUserCode):
        registry.begin_activation(card)
    registry.do(c.BeginActivation(case_id=card, user_code=new, csn=registry.csn(card)), PUBLIC)


@pytest.mark.rule("APP-16")
def test_a_code_that_slips_into_a_form_is_not_written_down(registry):
    case_id = registry.submit(form={"contact_name": "陳聯絡", "user_code": CODE})
    registry.do(
        c.AmendApplication(case_id=case_id, user_code=CODE, form={"user_code": CODE, "x": "1"}), PUBLIC
    )
    assert [dict(row.values) for row in registry.rows(t.form_revision)] == [
        {"contact_name": "陳聯絡"},
        {"x": "1"},
    ]


@pytest.mark.rule("ACT-02")
def test_activation_takes_the_cases_own_card_and_its_code(registry):
    mine, other = registry.a_case("posted", Ca.GCA), registry.a_case("posted", Ca.GCA)
    with pytest.raises(WrongUserCode):
        registry.do(c.BeginActivation(case_id=mine, user_code="wrong!", csn=registry.csn(mine)), PUBLIC)
    for csn in (registry.csn(other), "00000000"):
        with pytest.raises(Refused) as caught:
            registry.do(c.BeginActivation(case_id=mine, user_code=CODE, csn=csn), PUBLIC)
        assert caught.value.code == "card.wrong_card"
    registry.begin_activation(mine)
    assert registry.certificates(mine) == {"issued"}


@pytest.mark.rule("ACT-01", "ACT-02", "ACT-05")
def test_only_an_activation_that_was_begun_puts_the_card_in_force(registry):
    case_id = registry.a_case("posted", Ca.GCA)
    csn = registry.csn(case_id)
    with pytest.raises(Refused):
        registry.do(c.CompleteActivation(case_id=case_id, csn=csn), SYSTEM)
    assert registry.certificates(case_id) == {"issued"}
    registry.begin_activation(case_id)
    told = registry.rows(t.card, t.card.c.csn == csn)[0].next_puk_generation
    registry.begin_activation(case_id)
    registry.do(c.CompleteActivation(case_id=case_id, csn=csn), SYSTEM)
    card = registry.rows(t.card, t.card.c.csn == csn)[0]
    assert (card.state, card.puk_generation, card.next_puk_generation, card.pin_sealed) == (
        "active",
        told,
        None,
        None,
    )
    assert registry.certificates(case_id) == {"valid"}
    assert all(row.published_at for row in registry.rows(t.certificate))


def lock_out(registry, case_id):
    for _ in range(3):
        with pytest.raises(RegistryError):
            registry.do(c.CheckUserCode(number=registry.case(case_id).number, user_code="wrong!"), PUBLIC)


@pytest.mark.rule("PIN-03", "UCR-01")
def test_the_desk_opens_a_code_that_a_stranger_locked_before_there_was_a_card(registry):
    case_id = registry.submit(Ca.GCA)
    unlock = c.UnlockUserCode(case_id=case_id, reason="回電 02-2311-0001 聯絡人本人")
    with pytest.raises(Refused):
        registry.do(unlock, registry.desk)
    lock_out(registry, case_id)
    with pytest.raises(NotAllowed):
        registry.do(unlock, registry.officer)
    with pytest.raises(Refused):
        registry.do(c.UnlockUserCode(case_id=case_id, reason=" "), registry.desk)
    registry.do(unlock, registry.desk)
    registry.do(c.CheckUserCode(number=registry.case(case_id).number, user_code=CODE), PUBLIC)
    assert "user_code_unlocked" in {row.kind for row in registry.rows(t.audit_entry)}


@pytest.mark.rule("PIN-03")
def test_with_a_card_a_locked_code_is_only_reset_on_paper(registry):
    case_id = registry.a_case("posted", Ca.GCA)
    lock_out(registry, case_id)
    with pytest.raises(Refused) as caught:
        registry.do(c.UnlockUserCode(case_id=case_id, reason="電話"), registry.desk)
    assert caught.value.code == "usercode.not_to_unlock"


def test_a_text_that_would_fill_the_disk_is_refused_by_its_field(registry):
    case_id = registry.a_case("second_review", Ca.GCA)
    with pytest.raises(BadInput) as caught:
        registry.decide(c.ReturnSecondReview, case_id, registry.officer, reason="長" * 100_001)
    assert [problem.field for problem in caught.value.problems] == ["reason"]
    assert registry.state(case_id) == "second_review"
