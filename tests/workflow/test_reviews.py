"""The reviewers: four eyes, decisions bound to what was seen, signed and voided."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workflow.registry import CODE, PASSWORD, STATEMENTS
from workflow import commands as c
from workflow.approvals import current_case, require_approvals
from workflow.errors import NotAllowed, NotFound, Refused, RegistryError, Unavailable
from workflow.facts import PUBLIC, SYSTEM
from workflow.store import schema as t
from workflow.vocabulary import Ca, Rank, Role


def decisions(registry, case_id):
    return registry.rows(t.review_decision, t.review_decision.c.case_id == case_id)


def refused(registry, code, kind, case_id, actor, **values):
    with pytest.raises(RegistryError) as caught:
        registry.decide(kind, case_id, actor, **values)
    assert caught.value.code == code


@pytest.mark.rule("RV1-03", "RV2-02", "ROL-07")
def test_two_persons_approve_and_each_signs_what_was_seen(registry):
    case_id = registry.a_case("approved")
    first, second = decisions(registry, case_id)
    assert first.person_id != second.person_id
    assert first.snapshot_sha256 == second.snapshot_sha256 == registry.case(case_id).snapshot_sha256
    for decision in (first, second):
        spki = registry.rows(t.account, t.account.c.id == decision.account_id)[0].signing_spki
        STATEMENTS.verify(spki, decision.statement.encode(), decision.signature)
        assert json.loads(decision.statement)["snapshot"] == decision.snapshot_sha256


@pytest.mark.rule("RV2-03", "LTR-02")
def test_the_windows_own_letter_leaves_the_approvals_standing(registry):
    case_id = registry.a_case("approved")
    require_approvals(registry.office, current_case(registry.office, case_id))


@pytest.mark.rule("RV2-03")
def test_a_signed_return_that_its_row_calls_an_approval_is_none(registry):
    case_id = registry.a_case("second_review")
    registry.decide(c.ReturnSecondReview, case_id, registry.officer, reason="補正")
    returned = t.review_decision.c.verdict == "return"
    registry.update(t.review_decision, returned, verdict="approve", voided_at=None)
    with pytest.raises(Unavailable) as caught:
        require_approvals(registry.office, current_case(registry.office, case_id))
    assert caught.value.code == "certificate.not_approved"


@pytest.mark.rule("ROL-07")
def test_one_person_with_two_accounts_never_decides_twice(registry):
    case_id = registry.a_case("second_review")
    other_account = registry.account(Role.SECOND_REVIEWER, person=registry.reviewer.person_id)
    refused(registry, "case.four_eyes", c.ApproveSecondReview, case_id, other_account)
    refused(registry, "case.four_eyes", c.RefuseApplication, case_id, other_account)
    registry.decide(c.ApproveSecondReview, case_id, registry.officer)


@pytest.mark.rule("ROL-07")
def test_whoever_logged_or_tied_the_letter_never_decides(registry):
    logger, tier = registry.account(Role.LETTER_CLERK), registry.account(Role.LETTER_CLERK)
    case_id = registry.a_case(ca=Ca.GCA)
    letter = registry.do(registry.letter(), logger).created_id
    registry.do(c.TieLetter(letter_id=letter, case_ids=(case_id,)), tier)
    for clerk in (logger, tier):
        officer = registry.account(Role.SECOND_REVIEWER, person=clerk.person_id)
        refused(registry, "case.four_eyes", c.ApproveSecondReview, case_id, officer)


@pytest.mark.rule("ROL-07")
def test_nobody_decides_on_their_own_entry(registry):
    case_id = registry.a_case("second_review", Ca.GCA)
    registry.update(t.case, t.case.c.id == case_id, entered_by=registry.officer.person_id)
    refused(registry, "case.four_eyes", c.ApproveSecondReview, case_id, registry.officer)


@pytest.mark.rule("RV1-01", "RV1-05")
def test_another_window_may_not_decide_nor_forward(registry):
    case_id = registry.a_case("first_review")
    stranger = registry.account(Role.FIRST_REVIEWER, window=registry.window("高雄市"))
    refused(registry, "access.not_your_organisation", c.ApproveFirstReview, case_id, stranger)
    registry.decide(c.ApproveFirstReview, case_id, registry.reviewer)
    with pytest.raises(NotAllowed):
        registry.do(c.ForwardCases(case_ids=(case_id,)), stranger)


@pytest.mark.rule("FRM-01", "RV2-01")
def test_a_decision_on_a_form_that_was_changed_meanwhile_is_refused(registry):
    case_id = registry.a_case("second_review", Ca.GCA)
    refused(
        registry,
        "case.snapshot_changed",
        c.ApproveSecondReview,
        case_id,
        registry.officer,
        seen_sha256="0" * 64,
    )
    refused(registry, "case.stale", c.ApproveSecondReview, case_id, registry.officer, seen_version=1)


@pytest.mark.rule("RV1-03", "RV1-04", "FRM-01")
def test_an_amendment_voids_the_first_approval_and_the_case_is_reviewed_anew(registry):
    case_id = registry.a_case("returned_second")
    before = registry.case(case_id)
    registry.do(c.AmendApplication(case_id=case_id, user_code=CODE, form={"contact_name": "林"}), PUBLIC)
    after = registry.case(case_id)
    assert (after.state, after.revision) == ("first_review", before.revision + 1)
    assert after.snapshot_sha256 != before.snapshot_sha256
    assert all(decision.voided_at for decision in decisions(registry, case_id))
    assert after.queued_at == before.queued_at
    registry.decide(c.ApproveFirstReview, case_id, registry.reviewer)
    registry.do(c.ForwardCases(case_ids=(case_id,)), registry.reviewer)
    registry.decide(c.ApproveSecondReview, case_id, registry.officer)
    require_approvals(registry.office, current_case(registry.office, case_id))


def test_a_second_letter_can_not_slip_under_a_decision(registry):
    case_id = registry.a_case("first_passed")
    before = registry.case(case_id).snapshot_sha256
    with pytest.raises(Refused):
        registry.tie(case_id)
    assert registry.case(case_id).snapshot_sha256 == before


@pytest.mark.rule("LTR-01")
def test_the_letter_that_is_tied_changes_what_is_decided_on(registry):
    one, other = registry.a_case(ca=Ca.GCA), registry.a_case(ca=Ca.GCA)
    before = registry.case(one).snapshot_sha256
    registry.tie(one)
    assert registry.case(one).snapshot_sha256 != before
    assert registry.case(other).state == "uploaded"


@pytest.mark.rule("RV1-04", "APP-30")
@pytest.mark.rule("APP-07")
def test_the_officer_may_grant_fewer_cards_than_were_asked_for(small_registry):
    registry = small_registry
    organisation = registry.organisation(Ca.GCA)
    asked = [
        registry.a_case("second_review", Ca.GCA, organisation_id=organisation, rank=Rank.SECONDARY)
        for _ in range(2)
    ]
    registry.decide(c.ApproveSecondReview, asked[0], registry.officer)
    registry.decide(c.RefuseApplication, asked[1], registry.officer, reason="張數超過實際需要")
    assert [registry.state(case_id) for case_id in asked] == ["approved", "refused"]


@pytest.mark.parametrize("kind", [c.ReturnSecondReview, c.RefuseApplication])
def test_a_return_or_refusal_without_a_reason_is_refused(registry, kind):
    case_id = registry.a_case("second_review", Ca.GCA)
    refused(registry, "case.reason_missing", kind, case_id, registry.officer, reason=" ")


def test_a_wrong_signing_password_records_nothing(registry):
    case_id = registry.a_case("second_review", Ca.GCA)
    refused(
        registry,
        "decision.password_wrong",
        c.ApproveSecondReview,
        case_id,
        registry.officer,
        password="wrong",
    )
    assert decisions(registry, case_id) == []


@pytest.mark.rule("WEB-01", "AUD-01")
def test_wrong_signing_passwords_lock_the_account_like_those_of_the_log_in(registry):
    case_id = registry.a_case("second_review", Ca.GCA)
    approve = (c.ApproveSecondReview, case_id, registry.officer)
    for _ in range(registry.office.settings.log_in_tries):
        refused(registry, "decision.password_wrong", *approve, password="wrong")
    refused(registry, "account.locked", *approve)
    with pytest.raises(NotAllowed) as caught:
        registry.do(c.LogIn(login=registry.officer.name, password=PASSWORD), PUBLIC)
    assert caught.value.code == "account.locked"
    assert decisions(registry, case_id) == []
    registry.clock.move(minutes=registry.office.settings.lock_minutes + 1)
    registry.decide(*approve)


def test_whoever_has_no_key_signs_nothing(registry):
    case_id = registry.a_case("second_review", Ca.GCA)
    nobody = replace(registry.officer, account_id=None)
    refused(registry, "access.denied", c.ApproveSecondReview, case_id, nobody)
    refused(registry, "access.denied", c.ApproveSecondReview, case_id, SYSTEM)


@pytest.mark.rule("OID-01", "APP-22")
def test_an_organisation_gets_its_oid_before_the_approval(registry):
    organisation = registry.organisation(Ca.GCA, oid=None)
    case_id = registry.a_case("second_review", Ca.GCA, organisation_id=organisation)
    refused(registry, "case.oid_missing", c.ApproveSecondReview, case_id, registry.officer)
    for wrong in (
        "",
        "1.2.3",
        "2.16.886.甲",
        "2.16.886" + ".1" * 40,
        "2.16.886.١",
        "2.16.886..1",
        "2.16.886.",
    ):
        with pytest.raises(RegistryError):
            registry.do(c.AssignOid(organisation_id=organisation, oid=wrong), registry.officer)
    registry.do(c.AssignOid(organisation_id=organisation, oid=" 2.16.886.101.9 "), registry.officer)
    registry.decide(c.ApproveSecondReview, case_id, registry.officer)


@pytest.mark.rule("OID-01")
@pytest.mark.parametrize("state", ["approved", "manufacturing"])
def test_an_oid_stays_what_was_approved_until_the_card_is_made(registry, state):
    case_id = registry.a_case(state, Ca.GCA)
    organisation = registry.case(case_id).organisation_id
    change = c.AssignOid(organisation_id=organisation, oid="2.16.886.101.9")
    with pytest.raises(Refused) as caught:
        registry.do(change, registry.officer)
    assert caught.value.code == "organisation.oid_approved"
    if state == "manufacturing":
        registry.make_card(case_id)
        registry.do(change, registry.officer)


@pytest.mark.rule("OID-01")
def test_an_oid_belongs_to_one_organisation_of_a_ca(registry):
    one, other = registry.organisation(), registry.organisation(oid=None)
    oid = registry.rows(t.organisation, t.organisation.c.id == one)[0].oid
    with pytest.raises(Refused) as caught:
        registry.do(c.AssignOid(organisation_id=other, oid=oid), registry.officer)
    assert caught.value.code == "organisation.oid_taken"
    with pytest.raises(NotFound):
        registry.do(c.AssignOid(organisation_id=999, oid="2.16.886.5"), registry.officer)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=30))
def test_a_reason_in_any_words_is_signed_as_it_is(small_registry, reason):
    if not reason.strip():
        return
    case_id = small_registry.a_case("second_review", Ca.GCA)
    small_registry.decide(
        c.ReturnSecondReview, case_id, small_registry.officer, reason=reason, password=PASSWORD
    )
    assert json.loads(decisions(small_registry, case_id)[0].statement)["reason"] == reason
