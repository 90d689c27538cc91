"""Holders suspend and resume by card number and user code; what the CA imposed they don't lift."""

from __future__ import annotations

import pytest

from tests.workflow.registry import CODE, Registry
from workflow import commands as c
from workflow.commands_of_holders import ResumeByHolder, SuspendByHolder
from workflow.errors import RegistryError, UserCodeLocked
from workflow.facts import PUBLIC, SYSTEM
from workflow.store import schema as t
from workflow.vocabulary import Ca


@pytest.fixture
def registry(empty_database_url):
    registry = Registry(empty_database_url)
    yield registry
    registry.close()


@pytest.fixture
def small_registry(sqlite_url):
    registry = Registry(sqlite_url)
    yield registry
    registry.close()


def suspend(registry, case_id, code=CODE, number=None):
    number = number or registry.case(case_id).card_number
    return registry.do(SuspendByHolder(card_number=number, user_code=code, reason="遺失"), PUBLIC)


def resume(registry, case_id, code=CODE):
    number = registry.case(case_id).card_number
    return registry.do(ResumeByHolder(card_number=number, user_code=code), PUBLIC)


def refused(act, *arguments, **values):
    with pytest.raises(RegistryError) as refusal:
        act(*arguments, **values)
    return refusal.value.code


@pytest.mark.rule("SUS-01", "SUS-10", "P-16")
def test_a_lost_card_is_suspended_at_once_and_resumed_when_found(registry):
    case_id = registry.a_case("activated")
    suspend(registry, case_id)
    assert registry.certificates(case_id) == {"suspended"}
    assert {row.reason for row in registry.rows(t.certificate)} == {"certificate_hold"}
    asked = {(row.effect, row.template) for row in registry.rows(t.outbox, t.outbox.c.state == "waiting")}
    assert {("publish_crl", ""), ("notice", "suspended_by_holder")} <= asked
    resume(registry, case_id)
    assert registry.certificates(case_id) == {"valid"}
    assert {"suspended_by_holder", "resumed_by_holder"} <= set(registry.audit_kinds())


def test_a_number_is_typed_as_people_type_it(small_registry):
    case_id = small_registry.a_case("activated")
    number = small_registry.case(case_id).card_number.lower()
    suspend(small_registry, case_id, number=f"{number[:4]} {number[4:]}")
    assert small_registry.certificates(case_id) == {"suspended"}


def test_twice_suspended_or_resumed_is_said_in_words(small_registry):
    case_id = small_registry.a_case("activated")
    assert refused(resume, small_registry, case_id) == "suspension.none"
    suspend(small_registry, case_id)
    assert refused(suspend, small_registry, case_id) == "suspension.already"
    resume(small_registry, case_id)
    assert refused(resume, small_registry, case_id) == "suspension.none"


@pytest.mark.rule("PIN-03", "SUS-04")
def test_three_wrong_codes_close_suspension_and_tell_nothing_of_the_number(small_registry):
    case_id = small_registry.a_case("activated")
    assert refused(suspend, small_registry, case_id, "wrong-1") == "card.number_or_code_wrong"
    assert refused(suspend, small_registry, case_id, number="XX00000000000000") == "card.number_or_code_wrong"
    assert refused(suspend, small_registry, case_id, "wrong-1") == "card.number_or_code_wrong"
    for code in ("wrong-1", CODE):
        with pytest.raises(UserCodeLocked):
            suspend(small_registry, case_id, code)
    assert small_registry.certificates(case_id) == {"valid"}


@pytest.mark.rule("SUS-07")
def test_what_the_ca_suspended_its_holder_does_not_resume(small_registry):
    case_id = small_registry.a_case("suspended_unactivated", Ca.GCA)
    assert refused(resume, small_registry, case_id) == "suspension.by_authority"
    suspend(small_registry, case_id)
    resume(small_registry, case_id)
    assert small_registry.certificates(case_id) == {"suspended"}
    assert small_registry.audit_kinds()[-1] == "holder_suspension_lifted"


@pytest.mark.rule("SUS-08")
def test_a_late_activation_does_not_lift_the_holders_own_suspension(small_registry):
    case_id = small_registry.a_case("late_allowed", Ca.GCA)
    suspend(small_registry, case_id)
    assert refused(small_registry.begin_activation, case_id) == "case.certificates_not_alive"
    resume(small_registry, case_id)
    small_registry.begin_activation(case_id)
    small_registry.do(c.CompleteActivation(case_id=case_id, csn=small_registry.csn(case_id)), SYSTEM)
    assert small_registry.certificates(case_id) == {"valid"}


@pytest.mark.rule("SUS-08")
def test_a_revoked_certificate_is_neither_suspended_nor_resumed(small_registry):
    case_id = small_registry.a_case("revoked_unactivated")
    assert refused(suspend, small_registry, case_id) == "suspension.revoked"
    assert refused(resume, small_registry, case_id) == "suspension.revoked"


@pytest.mark.rule("SUS-02")
def test_a_suspension_lasts_to_the_certificates_end(small_registry):
    case_id = small_registry.a_case("activated")
    suspend(small_registry, case_id)
    small_registry.clock.move(days=5 * 366)
    assert refused(resume, small_registry, case_id) == "suspension.revoked"


def test_staff_has_no_hand_in_a_holders_suspension(small_registry):
    case_id = small_registry.a_case("activated")
    number = small_registry.case(case_id).card_number
    command = SuspendByHolder(card_number=number, user_code=CODE, reason="")
    for actor in (small_registry.officer, small_registry.centre, SYSTEM):
        with pytest.raises(RegistryError) as refusal:
            small_registry.do(command, actor)
        assert refusal.value.code == "access.denied"
