"""A holder without card and user code faxes papers; the desk calls back, then suspends at once or refuses."""

from __future__ import annotations

import threading

import pytest

from tests.workflow.registry import CODE, Registry
from workflow.commands_of_holders import RefuseEmergency, ResumeByHolder, SuspendInEmergency, TakeEmergency
from workflow.errors import NotAllowed, RegistryError
from workflow.facts import PUBLIC
from workflow.store import schema as t
from workflow.views import emergencies
from workflow.vocabulary import Ca, EmergencyPaper, EmergencyState

CALLED = "本人接聽，核對出生日期與戶籍地址無誤"


@pytest.fixture
def registry(database_url):
    registry = Registry(database_url)
    yield registry
    registry.close()


@pytest.fixture
def citizens(migrated_sqlite_url):
    registry = Registry(migrated_sqlite_url)
    registry.citizen = registry.a_case("activated", Ca.MOICA)
    yield registry
    registry.close()


def take(registry, case_id, **values):
    given = {
        "card_number": registry.case(case_id).card_number, "asked_by": "林遺失", "phone": "0912-000-111",
        "paper": EmergencyPaper.POLICE, "reason": "皮夾遭竊",
    } | values  # fmt: skip
    return registry.do(TakeEmergency(**given), registry.desk).created_id


def suspend(registry, emergency_id, said=CALLED, *, identified=True):
    command = SuspendInEmergency(emergency_id=emergency_id, said=said, identified=identified)
    return registry.do(command, registry.desk)


def refused(act, *arguments, **values):
    with pytest.raises(RegistryError) as refusal:
        act(*arguments, **values)
    return refusal.value.code


def seen(registry, view):
    with registry.office.reading() as connection:
        return view(connection)


@pytest.mark.rule("SUS-03", "SUS-04", "SUS-05", "SUS-10")
def test_a_stolen_card_is_suspended_after_the_call_back_and_resumed_by_its_holder(registry):
    case_id = registry.a_case("activated", Ca.MOICA)
    emergency = take(registry, case_id)
    assert registry.certificates(case_id) == {"valid"}
    assert [one.phone for one in seen(registry, emergencies.waiting)] == ["0912-000-111"]
    suspend(registry, emergency)
    assert registry.certificates(case_id) == {"suspended"}
    assert seen(registry, emergencies.waiting) == ()
    (settled,) = seen(registry, emergencies.settled)
    assert (settled.state, settled.said) == (EmergencyState.SUSPENDED, CALLED)
    asked = {(row.effect, row.template) for row in registry.rows(t.outbox, t.outbox.c.state == "waiting")}
    assert {("publish_crl", ""), ("notice", "suspended_by_holder")} <= asked
    assert {"emergency_taken", "emergency_suspended"} <= set(registry.audit_kinds())
    number = registry.case(case_id).card_number
    registry.do(ResumeByHolder(card_number=number, user_code=CODE), PUBLIC)
    assert registry.certificates(case_id) == {"valid"}


@pytest.mark.rule("SUS-04")
def test_a_request_may_be_refused_and_nothing_is_suspended(citizens):
    emergency = take(citizens, citizens.citizen)
    citizens.do(RefuseEmergency(emergency_id=emergency, said="電話無人接聽三次"), citizens.desk)
    assert citizens.certificates(citizens.citizen) == {"valid"}
    assert seen(citizens, emergencies.settled)[0].state is EmergencyState.REFUSED
    assert refused(suspend, citizens, emergency) == "emergency.over"
    assert take(citizens, citizens.citizen) != emergency


def test_without_the_call_back_nothing_is_suspended(citizens):
    emergency = take(citizens, citizens.citizen)
    assert refused(suspend, citizens, emergency, said="  ") == "input.invalid"
    assert refused(suspend, citizens, emergency, identified=False) == "input.invalid"
    assert citizens.certificates(citizens.citizen) == {"valid"}
    suspend(citizens, emergency)
    (told,) = citizens.rows(t.audit_entry, t.audit_entry.c.kind == "emergency_suspended")
    assert '"identified":true' in told.body.replace(" ", "")


def test_a_card_has_one_request_waiting_and_an_unknown_one_none(citizens):
    take(citizens, citizens.citizen)
    assert refused(take, citizens, citizens.citizen) == "emergency.open"
    assert refused(take, citizens, citizens.citizen, card_number="MC00000000000999") == "input.invalid"


@pytest.mark.rule("SUS-04")
def test_only_the_ca_whose_rules_say_so_offers_it_and_only_the_desk_does_it(citizens):
    school = citizens.a_case("activated", Ca.XCA)
    assert refused(take, citizens, school) == "policy.not_offered"
    command = TakeEmergency(
        card_number="MC1", asked_by="林", phone="1", paper=EmergencyPaper.IDENTITY, reason="遺失"
    )
    for stranger in (PUBLIC, citizens.officer, citizens.centre):
        with pytest.raises(NotAllowed):
            citizens.do(command, stranger)


def test_two_officers_at_once_settle_a_request_once(migrated_postgresql_url):
    registry = Registry(migrated_postgresql_url)
    emergency = take(registry, registry.a_case("activated", Ca.MOICA))
    gate, said = threading.Barrier(2), []

    def settle():
        gate.wait()
        try:
            suspend(registry, emergency)
        except RegistryError as error:
            said.append(error.code)

    threads = [threading.Thread(target=settle) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["emergency.over"]
    assert len(registry.rows(t.holder_suspension)) == 1
    registry.close()


def test_a_refused_emergency_leaves_no_name_number_or_call_in_the_log(citizens):
    assert refused(take, citizens, citizens.citizen, card_number="XX00000000000000")
    emergency_id = take(citizens, citizens.citizen)
    suspend(citizens, emergency_id)
    assert refused(suspend, citizens, emergency_id) == "emergency.over"
    log = " ".join(str(row) for row in citizens.rows(t.audit_entry))
    assert "TakeEmergency" in log
    assert not [said for said in ("林遺失", "0912-000-111", CALLED) if said in log]
