"""A made card that its holder never had is replaced: what was approved is still owed, and nothing of the first is left."""

from __future__ import annotations

import pytest

from tests.workflow.registry import CODE, Registry
from tests.workflow.stock_rig import Stock, entries
from workflow import commands as c
from workflow import commands_of_stock as s
from workflow.commands_of_holders import ResumeByHolder, SuspendByHolder, SuspendInEmergency, TakeEmergency
from workflow.commands_of_line import SettleQuarantined
from workflow.errors import NotAllowed, RegistryError
from workflow.facts import PUBLIC, SYSTEM
from workflow.store import schema as t
from workflow.sweeper import sweep
from workflow.vocabulary import Ca, EmergencyPaper
from workflow.watching.reconciling.cards import card_faults
from workflow.watching.reconciling.places import place_faults

LOSABLE = ("made", "packed", "posted", "mail_returned", "late_allowed")


@pytest.fixture
def stock(sqlite_url):
    registry = Registry(sqlite_url)
    found = Stock(registry)
    yield found
    found.check()
    registry.close()


def refused(code, act, *args):
    with pytest.raises(RegistryError) as caught:
        act(*args)
    assert caught.value.code == code


def lost(case, reason="郵局確認遺失"):
    return c.RecordCardLost(case_id=case, reason=reason)


def faults(registry):
    with registry.engine.connect() as connection:
        now = registry.clock.now()
        return {found.code for found in (*card_faults(connection, now), *place_faults(connection))}


def second_card(registry, case):
    """Make, pack, post and activate what the case gets instead; returns the chip."""
    registry.clock.move(days=1)
    registry.do(c.OrderManufacture(case_id=case, reader="reader 1"), registry.centre)
    csn = registry.make_card(case)
    registry.pack(case)
    registry.do(c.PostCards(items=((case, registry.mail_number()),)), registry.centre)
    registry.begin_activation(case)
    registry.do(c.CompleteActivation(case_id=case, csn=csn), SYSTEM)
    return csn


@pytest.mark.rule("CRD-01", "REV-08")
@pytest.mark.parametrize("state", LOSABLE)
def test_a_card_lost_before_its_holder_had_it_is_made_again(stock, state):
    registry = stock.registry
    case = registry.a_case(state, Ca.GCA)
    first, code = registry.csn(case), registry.case(case).user_code_hash
    before = faults(registry)
    registry.do(lost(case), registry.centre)
    assert (registry.state(case), registry.case(case).card_number) == ("approved", None)
    assert registry.certificates(case) == {"revoked"}
    assert stock.kind_of(first) == "missing"
    assert not registry.waiting(case)
    assert registry.case(case).user_code_hash == code
    second = second_card(registry, case)
    states = {row.csn: row.state for row in registry.rows(t.card, t.card.c.case_id == case)}
    assert (registry.state(case), states) == ("activated", {first: "spoiled", second: "active"})
    by_card = {row.csn: row.status for row in registry.rows(t.certificate, t.certificate.c.case_id == case)}
    assert by_card == {first: "revoked", second: "valid"}
    assert faults(registry) == before


def test_the_ninety_days_begin_again_with_the_second_card(stock):
    registry = stock.registry
    case = registry.a_case("made", Ca.XCA)
    registry.clock.move(days=80)
    registry.do(lost(case), registry.centre)
    registry.clock.move(days=20)
    registry.do(c.OrderManufacture(case_id=case, reader="reader 1"), registry.centre)
    registry.make_card(case)
    last = registry.waiting(case)[-1]
    assert (last.due_at - registry.clock.now()).days >= 89


def test_a_second_card_that_is_not_activated_lapses_as_the_first_did(stock):
    registry = stock.registry
    case = registry.a_case("late_allowed", Ca.GCA)
    registry.do(lost(case), registry.centre)
    registry.clock.move(days=1)
    registry.do(c.OrderManufacture(case_id=case, reader="reader 1"), registry.centre)
    registry.make_card(case)
    registry.clock.move(days=91)
    while sweep(registry.office).fired:
        pass
    assert registry.state(case) == "suspended_unactivated"


def test_the_applicant_is_told_why_and_no_ban_begins(stock):
    registry = stock.registry
    case = registry.a_case("posted", Ca.XCA)
    registry.do(lost(case), registry.centre)
    notices = [row for row in registry.rows(t.outbox, t.outbox.c.case_id == case) if row.template]
    assert (notices[-1].template, notices[-1].payload["reason"]) == ("card_replaced", "郵局確認遺失")
    assert not registry.rows(t.ban)


def test_a_card_lost_in_the_post_ends_its_mail_item_and_is_destroyed_when_it_comes_back(stock):
    registry = stock.registry
    case = registry.a_case("posted", Ca.GCA)
    csn = registry.csn(case)
    registry.do(lost(case), registry.centre)
    second_card(registry, case)
    assert [row.state for row in registry.rows(t.mail_item)] == ["lost", "posted"]
    stock.do(s.ReportFound(csn=csn, reason="郵局尋獲"))
    refused("card.holds_keys", stock.do, SettleQuarantined(csn=csn, release=True, reason="x"), stock.two)
    stock.do(SettleQuarantined(csn=csn, release=False, reason="作廢"), stock.two)
    assert entries(registry, csn)[-4:] == ["posted", "missing", "found", "spoiled"]
    assert registry.state(case) == "activated"


def test_an_envelope_that_got_lost_is_not_posted_with_the_second_one(stock):
    registry = stock.registry
    case = registry.a_case("packed", Ca.GCA)
    registry.do(lost(case), registry.centre)
    second_card(registry, case)
    assert [row.state for row in registry.rows(t.mail_item)] == ["lost", "posted"]


def test_a_count_that_misses_a_made_card_is_settled_once_the_card_is_recorded_as_lost(stock):
    registry = stock.registry
    case = registry.a_case("made", Ca.GCA)
    csn = registry.csn(case)
    shelf = next(row.id for row in registry.rows(t.stock_place) if row.kind == "shelf")
    stock.do(s.CountPlace(place_id=shelf, counted=0))
    found = stock.differences()[0]
    settle = s.SettleDifference(difference_id=found.id, recounted=0, missing=(csn,), reason="遍尋不著")
    refused("stock.still_certified", stock.do, settle, stock.third)
    registry.do(lost(case), registry.centre)
    stock.do(settle, stock.third)
    assert stock.kind_of(csn) == "missing"


def suspend(registry, case):
    number = registry.case(case).card_number
    registry.do(SuspendByHolder(card_number=number, user_code=CODE, reason="未收到"), PUBLIC)


@pytest.mark.rule("SUS-01", "SUS-08")
@pytest.mark.parametrize(("state", "gone"), [("posted", "lost"), ("mail_returned", "spoiled")])
def test_a_holder_who_suspended_the_first_card_can_suspend_the_second(stock, state, gone):
    registry = stock.registry
    case = registry.a_case(state, Ca.GCA)
    suspend(registry, case)
    record = c.RecordCardSpoiled(case_id=case, reason="斷裂") if gone == "spoiled" else lost(case)
    registry.do(record, registry.centre)
    assert [row.lifted_at for row in registry.rows(t.holder_suspension)] == [registry.clock.now()]
    assert "holder_suspension_ended" in registry.audit_kinds()
    second_card(registry, case)
    suspend(registry, case)
    assert registry.certificates(case) == {"revoked", "suspended"}
    number = registry.case(case).card_number
    registry.do(ResumeByHolder(card_number=number, user_code=CODE), PUBLIC)
    assert registry.certificates(case) == {"revoked", "valid"}


@pytest.mark.rule("SUS-04")
def test_an_emergency_about_the_first_card_does_not_suspend_the_second(stock):
    registry = stock.registry
    case = registry.a_case("posted", Ca.MOICA)
    number = registry.case(case).card_number
    papers = {"paper": EmergencyPaper.POLICE, "asked_by": "林遺失", "phone": "0912-000-111", "reason": "遭竊"}
    taken = registry.do(TakeEmergency(card_number=number, **papers), registry.desk).created_id
    registry.do(lost(case), registry.centre)
    second_card(registry, case)
    command = SuspendInEmergency(emergency_id=taken, said="本人接聽", identified=True)
    refused("emergency.over", registry.do, command, registry.desk)
    assert registry.audit_kinds().count("emergency_refused") == 1
    assert registry.certificates(case) == {"revoked", "valid"}
    number = registry.case(case).card_number
    registry.do(TakeEmergency(card_number=number, **papers), registry.desk)


@pytest.mark.rule("SUS-08", "UCR-02")
def test_a_second_card_does_not_pass_around_what_another_case_suspended(stock):
    registry = stock.registry
    case = registry.a_case("posted", Ca.GCA)
    code = registry.case(case).user_code_hash
    reset = registry.a_reset("paper_overdue_suspended", Ca.GCA, card=case)
    registry.update(t.case, t.case.c.id == case, user_code_hash=code)
    registry.do(lost(case), registry.centre)
    refused("case.certificates_not_alive", second_card, registry, case)
    csn = registry.rows(t.card, t.card.c.case_id == case)[-1].csn
    done = c.CompleteActivation(case_id=case, csn=csn)
    refused("case.certificates_not_alive", registry.do, done, SYSTEM)
    registry.do(c.RecordPaperBack(case_id=reset, evidence="關防"), registry.desk)
    registry.do(c.AcceptLatePaper(case_id=reset, reason="已補正"), registry.officer)
    registry.begin_activation(case)
    registry.do(done, SYSTEM)
    assert registry.state(case) == "activated"


@pytest.mark.parametrize("state", ["made", "packed", "mail_returned"])
def test_a_made_card_that_is_spoiled_goes_through_quarantine_and_is_made_again(stock, state):
    registry = stock.registry
    case = registry.a_case(state, Ca.GCA)
    csn = registry.csn(case)
    registry.do(c.RecordCardSpoiled(case_id=case, reason="印製時折損"), registry.centre)
    assert (stock.kind_of(csn), registry.certificates(case)) == ("quarantine", {"revoked"})
    second_card(registry, case)
    assert {row.state for row in registry.rows(t.mail_item)} <= {"opened", "returned", "posted"}


@pytest.mark.parametrize("state", ["manufacturing", "made"])
def test_the_chip_of_another_card_spoils_none(stock, state):
    registry = stock.registry
    case, other = registry.a_case(state, Ca.GCA), registry.a_case("made", Ca.XCA)
    csn = registry.begin_card(case) if state == "manufacturing" else registry.csn(case)
    before = registry.dump("audit_entry")
    wrong = c.RecordCardSpoiled(case_id=case, reason="斷裂", csn=registry.csn(other))
    refused("input.invalid", registry.do, wrong, registry.centre)
    assert registry.dump("audit_entry") == before
    right = c.RecordCardSpoiled(case_id=case, reason="斷裂", csn=f" {csn.upper()} ")
    registry.do(right, registry.centre)
    assert registry.state(case) == "approved"


def test_no_card_is_replaced_without_reason_by_others_or_once_its_holder_had_it(stock):
    registry = stock.registry
    case = registry.a_case("posted", Ca.GCA)
    refused("case.reason_missing", registry.do, lost(case, " "), registry.centre)
    for actor in (registry.desk, registry.officer, SYSTEM):
        with pytest.raises(NotAllowed):
            registry.do(lost(case), actor)
    registry.begin_activation(case)
    registry.do(c.CompleteActivation(case_id=case, csn=registry.csn(case)), SYSTEM)
    refused("case.not_now", registry.do, lost(case), registry.centre)


@pytest.mark.rule("REV-01")
def test_a_card_whose_certificates_somebody_revoked_is_applied_for_again(stock):
    registry = stock.registry
    case = registry.a_case("made", Ca.GCA)
    registry.update(t.certificate, t.certificate.c.case_id == case, status="revoked")
    refused("case.certificates_not_alive", registry.do, lost(case), registry.centre)


def test_a_second_report_of_the_same_loss_is_refused(stock):
    registry = stock.registry
    case = registry.a_case("made", Ca.GCA)
    registry.do(lost(case), registry.centre)
    refused("case.not_now", registry.do, lost(case), registry.centre)
