"""At most one primary card an organisation and CA, the renewal window, and the ban after a late activation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest

from tests.workflow.registry import CODE
from workflow import commands as c
from workflow.errors import NotFound, Refused, RegistryError
from workflow.facts import PUBLIC, SYSTEM
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import Ca, Lane, Rank, StatusChange, SubscriberKind

LIVING = ("uploaded", "second_review", "returned_second", "approved", "made", "posted", "activated")


def refused(registry, code, ca=Ca.XCA, **values):
    with pytest.raises(Refused) as caught:
        registry.submit(ca, **values)
    assert caught.value.code == code
    return caught.value


@pytest.mark.rule("APP-05")
@pytest.mark.parametrize("state", LIVING)
def test_a_second_primary_card_is_refused_and_names_the_first(registry, state):
    organisation = registry.organisation(Ca.GCA)
    first = registry.a_case(state, Ca.GCA, organisation_id=organisation)
    refusal = refused(registry, "case.primary_exists", Ca.GCA, organisation_id=organisation)
    assert registry.case(first).number in refusal.zh
    registry.submit(Ca.GCA, organisation_id=organisation, rank=Rank.SECONDARY)


@pytest.mark.rule("APP-05")
@pytest.mark.parametrize("state", ["withdrawn", "refused"])
def test_an_application_that_came_to_nothing_is_in_nobodys_way(registry, state):
    organisation = registry.organisation(Ca.GCA)
    registry.a_case(state, Ca.GCA, organisation_id=organisation)
    registry.submit(Ca.GCA, organisation_id=organisation)


@pytest.mark.rule("APP-05")
def test_two_applications_for_the_primary_card_at_once_give_one(locking_registry):
    registry = locking_registry
    organisation = registry.organisation()
    start = Barrier(4)

    def apply(_number):
        command = registry.application(organisation_id=organisation)
        start.wait()
        try:
            registry.do(command, PUBLIC)
        except RegistryError as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(apply, range(4)))
    assert answers == ["case.primary_exists"] * 3 + ["done"]
    assert len(registry.rows(t.case)) == 1


@pytest.mark.rule("APP-06", "P-10")
@pytest.mark.parametrize(("ca", "days"), [(Ca.GCA, 60), (Ca.XCA, 90)])
def test_another_primary_card_is_applied_for_within_the_renewal_window(registry, ca, days):
    organisation = registry.organisation(ca)
    registry.a_case("activated", ca, organisation_id=organisation)
    registry.clock.move(days=5 * 365 - days - 1)
    refused(registry, "case.primary_exists", ca, organisation_id=organisation)
    registry.clock.move(days=1)
    registry.submit(ca, organisation_id=organisation)


@pytest.mark.rule("REV-05", "P-09", "ACT-04")
def test_after_a_late_activation_xca_takes_no_application_for_three_months(registry):
    organisation = registry.organisation()
    registry.a_case("revoked_unactivated", organisation_id=organisation)
    assert registry.rows(t.ban)[0].until == date(2026, 6, 2)
    refusal = refused(registry, "case.banned", organisation_id=organisation)
    assert "2026-06-02" in refusal.zh
    refused(registry, "case.banned", organisation_id=organisation, rank=Rank.SECONDARY)
    registry.clock.moment = registry.clock.moment.replace(month=6, day=1, hour=15, minute=59)
    refused(registry, "case.banned", organisation_id=organisation)
    registry.clock.move(minutes=1)
    registry.submit(organisation_id=organisation)


@pytest.mark.rule("P-09", "ACT-03")
def test_gca_bars_nobody_but_the_suspended_card_still_counts(registry):
    organisation = registry.organisation(Ca.GCA)
    registry.a_case("suspended_unactivated", Ca.GCA, organisation_id=organisation)
    assert registry.rows(t.ban) == []
    refused(registry, "case.primary_exists", Ca.GCA, organisation_id=organisation)


@pytest.mark.rule("APP-05", "RV2-02")
def test_the_approval_asks_again_whether_it_is_the_only_primary_card(registry):
    organisation = registry.organisation(Ca.GCA)
    first = registry.a_case("second_review", Ca.GCA, organisation_id=organisation)
    twin = registry.a_case("second_review", Ca.GCA)
    registry.update(t.case, t.case.c.id == twin, organisation_id=organisation)
    with pytest.raises(Refused) as caught:
        registry.decide(c.ApproveSecondReview, first, registry.officer)
    assert caught.value.code == "case.primary_exists"


def test_a_card_whose_certificates_are_all_revoked_is_no_primary_card(registry):
    organisation = registry.organisation(Ca.XCA)
    card = registry.a_case("activated", Ca.XCA, organisation_id=organisation)
    registry.a_reset("paper_overdue_revoked", Ca.XCA, card)
    assert registry.certificates(card) == {"revoked"}
    registry.submit(Ca.XCA, organisation_id=organisation)


def test_an_organisation_of_another_ca_can_not_apply_here(registry):
    with pytest.raises(NotFound):
        registry.submit(Ca.XCA, organisation_id=registry.organisation(Ca.GCA))
    assert registry.rows(t.case) == []


@pytest.mark.rule("RV1-01")
def test_the_register_says_which_window_reviews(registry):
    elsewhere = registry.window("高雄市")
    case_id = registry.a_case(window_id=elsewhere)
    assert registry.case(case_id).window_id == registry.main_window
    unknown = registry.a_case(organisation_id=registry.organisation(window_id=None), window_id=elsewhere)
    assert registry.case(unknown).window_id == elsewhere


@pytest.mark.rule("APP-12", "APP-15", "RV1-01")
def test_an_organisation_without_oid_is_entered_once(registry):
    window = registry.main_window
    form = {
        "full_name": "新創基金會", "ubn": "12345675", "organisation_county": "臺北市", "contact_name": "陳", "contact_email": "",
    }  # fmt: skip
    command = c.SubmitApplication(
        ca=Ca.XCA, subscriber_kind=SubscriberKind.FOUNDATION, rank=Rank.SECONDARY, organisation_id=None, window_id=None,
        form=form, agreement_accepted=True, user_code="Kod3-7x",
    )  # fmt: skip
    cases = [registry.case(registry.do(command, PUBLIC).case_id) for _ in range(2)]
    assert {case.window_id for case in cases} == {window}
    assert [row.name for row in registry.rows(t.organisation)] == ["新創基金會"]


@pytest.mark.rule("RNW-04", "RNW-01")
def test_a_renewal_is_an_application_of_its_own_with_code_contact_and_card(registry):
    organisation = registry.organisation(Ca.GCA)
    old = registry.a_case("activated", Ca.GCA, organisation_id=organisation)
    registry.clock.move(days=5 * 365 - 30)
    contact = {"contact_name": "林新任", "contact_email": "new@example.tw"}
    new = registry.a_case("made", Ca.GCA, organisation_id=organisation, user_code="N3w-code", form=contact)
    before, after = registry.case(old), registry.case(new)
    assert (before.contact_name, after.contact_name) == ("陳聯絡", "林新任")
    assert registry.csn(old) != registry.csn(new)
    keys = [row.spki_sha256 for row in registry.rows(t.certificate)]
    assert len(set(keys)) == len(keys) == 4
    for case_id, right, wrong in ((old, CODE, "N3w-code"), (new, "N3w-code", CODE)):
        registry.do(c.CheckUserCode(number=registry.case(case_id).number, user_code=right), PUBLIC)
        with pytest.raises(RegistryError):
            registry.do(c.CheckUserCode(number=registry.case(case_id).number, user_code=wrong), PUBLIC)


@pytest.mark.rule("CTC-02")
def test_each_card_has_a_contact_of_its_own_who_is_told(registry):
    organisation = registry.organisation(Ca.GCA)
    people = ("one@example.tw", "two@example.tw")
    for email in people:
        form = {"contact_name": email[:3], "contact_email": email}
        registry.a_case("posted", Ca.GCA, organisation_id=organisation, rank=Rank.SECONDARY, form=form)
    registry.mailer.mails.clear()
    while perform_next(registry.office, Lane.NOTICE, "tests"):
        pass
    told = [mail.to for mail in registry.mailer.mails if "卡片已寄出" in mail.subject]
    assert sorted(told) == sorted(people)


@pytest.mark.rule("ACT-03", "ACT-04", "SUS-07")
def test_the_certificates_follow_the_case_in_the_same_commit(registry):
    for ca, state, status in (
        (Ca.GCA, "suspended_unactivated", "suspended"),
        (Ca.XCA, "revoked_unactivated", "revoked"),
        (Ca.MOICA, "lapsed", "revoked"),
        (Ca.GCA, "activated", "valid"),
    ):
        assert registry.certificates(registry.a_case(state, ca)) == {status}


@pytest.mark.rule("SUS-08")
def test_a_late_activation_brings_the_suspended_certificates_into_force(registry):
    case_id = registry.a_case("late_allowed", Ca.GCA)
    assert registry.certificates(case_id) == {"suspended"}
    registry.begin_activation(case_id)
    registry.do(c.CompleteActivation(case_id=case_id, csn=registry.csn(case_id)), SYSTEM)
    assert registry.certificates(case_id) == {"valid"}


@pytest.mark.rule("CRD-01")
def test_a_spoiled_cards_certificates_are_revoked_and_another_card_is_made(registry):
    case_id = registry.a_case("manufacturing", Ca.GCA)
    csn = registry.begin_card(case_id)
    registry.issue(case_id, csn, "signature")
    registry.do(c.RecordCardSpoiled(case_id=case_id, reason="讀寫失敗"), registry.centre)
    assert (registry.state(case_id), registry.certificates(case_id)) == ("approved", {"revoked"})
    assert registry.rows(t.card, t.card.c.csn == csn)[0].state == "quarantined"
    registry.do(c.OrderManufacture(case_id=case_id, reader="reader 1"), registry.centre)
    registry.make_card(case_id)
    assert sorted(row.status for row in registry.rows(t.certificate)) == ["issued", "issued", "revoked"]


def test_a_revoked_certificate_never_changes(registry):
    case_id = registry.a_case("revoked_unactivated", Ca.XCA)
    before = [tuple(row) for row in registry.rows(t.certificate)]
    registry.clock.move(days=1)
    for change in (StatusChange.ACTIVATE, StatusChange.SUSPEND, StatusChange.RESUME, StatusChange.REVOKE):
        with transaction(registry.office) as work:
            work.change_certificates(case_id, change, "x")
    assert [tuple(row) for row in registry.rows(t.certificate)] == before


def test_ninety_days_end_at_midnight_in_taipei(registry):
    case_id = registry.a_case("made", Ca.GCA)
    end = registry.waiting(case_id)[-1]
    assert (end.rung, end.trigger) == (0, "lapse_activation")
    assert end.due_at == registry.clock.now().replace(hour=16) + timedelta(days=90)
