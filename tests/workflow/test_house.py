"""Running the house: clocks of deadlines, the sweep and its breaker, log-in, dead letters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from datetime import timedelta

import pytest

from tests.workflow.registry import PASSWORD, Registry
from workflow import commands as c
from workflow.errors import BadInput, NotAllowed, NotFound, Refused, RegistryError
from workflow.facts import PUBLIC, SYSTEM
from workflow.office import Settings
from workflow.store import schema as t
from workflow.sweeper import sweep
from workflow.vocabulary import Ca, Role


def refused(registry, code, command, actor):
    with pytest.raises(RegistryError) as caught:
        registry.do(command, actor)
    assert caught.value.code == code


def sweep_all(registry):
    """Sweep until nothing more is due; returns how many fired."""
    fired = 0
    while True:
        swept = sweep(registry.office)
        fired += swept.fired
        if not swept.fired and not swept.refused:
            return fired


# --- deadlines ------------------------------------------------------------------------------------------------


@pytest.mark.rule("ACT-03", "ACT-04", "P-05")
@pytest.mark.parametrize(
    ("ca", "state"),
    [(Ca.GCA, "suspended_unactivated"), (Ca.XCA, "revoked_unactivated"), (Ca.MOICA, "lapsed")],
)
def test_after_ninety_days_the_clock_alone_does_what_the_ca_says(registry, ca, state):
    case_id = registry.a_case("posted", ca)
    end = registry.waiting(case_id)[-1].due_at
    registry.clock.moment = end - timedelta(seconds=1)
    assert sweep_all(registry) == 3
    assert registry.state(case_id) == "posted"
    registry.clock.moment = end
    assert sweep_all(registry) == 1
    assert registry.state(case_id) == state
    assert sweep_all(registry) == 0
    templates = [row.template for row in registry.rows(t.outbox, t.outbox.c.case_id == case_id)]
    assert templates.count("activation_reminder") == 3


def test_after_a_long_downtime_each_deadline_fires_once(registry):
    case_id = registry.a_case("posted", Ca.GCA)
    registry.clock.move(days=200)
    assert sweep_all(registry) == 4
    assert {row.state for row in registry.rows(t.deadline, t.deadline.c.kind == "activation")} == {"fired"}
    assert registry.state(case_id) == "suspended_unactivated"


def test_an_activated_card_has_no_deadline_left(registry):
    case_id = registry.a_case("activated", Ca.XCA)
    registry.clock.move(days=365)
    assert sweep_all(registry) == 0
    assert registry.state(case_id) == "activated"


def test_a_clock_that_stood_still_ends_later_by_just_that_time(registry):
    case_id = registry.a_case("posted", Ca.XCA)
    before = [row.due_at for row in registry.waiting(case_id)]
    registry.clock.move(days=20)
    registry.do(c.PauseDeadlines(case_id=case_id, reason="天災"), registry.officer)
    assert registry.waiting(case_id) == []
    registry.clock.move(days=100, hours=5)
    assert sweep_all(registry) == 0
    registry.do(c.ResumeDeadlines(case_id=case_id, reason="恢復"), registry.officer)
    assert [row.due_at for row in registry.waiting(case_id)] == [
        due + timedelta(days=100, hours=5) for due in before
    ]
    assert {row.paused_seconds for row in registry.waiting(case_id)} == {100 * 86400 + 5 * 3600}
    pause = registry.rows(t.deadline_pause)[0]
    assert pause.resumed_at - pause.paused_at == timedelta(days=100, hours=5)


def test_a_pause_has_a_reason_and_something_to_pause(registry):
    running, ended = registry.a_case("posted", Ca.XCA), registry.a_case("activated", Ca.XCA)
    refused(registry, "case.reason_missing", c.PauseDeadlines(case_id=running, reason=""), registry.officer)
    refused(registry, "access.denied", c.PauseDeadlines(case_id=running, reason="x"), registry.desk)
    refused(registry, "case.not_now", c.PauseDeadlines(case_id=ended, reason="x"), registry.officer)
    refused(registry, "case.not_now", c.ResumeDeadlines(case_id=running, reason="x"), registry.officer)
    refused(registry, "case.not_found", c.ResumeDeadlines(case_id=999, reason="x"), registry.officer)


def test_a_paused_deadline_stops_for_good_when_the_card_is_activated(registry):
    case_id = registry.a_case("posted", Ca.XCA)
    registry.do(c.PauseDeadlines(case_id=case_id, reason="天災"), registry.officer)
    registry.begin_activation(case_id)
    registry.do(c.CompleteActivation(case_id=case_id, csn=registry.csn(case_id)), SYSTEM)
    assert {row.state for row in registry.rows(t.deadline)} == {"stopped"}


# --- the breaker ----------------------------------------------------------------------------------------------


@pytest.fixture
def cautious(empty_database_url):
    registry = Registry(empty_database_url, Settings(sweep_limit=2))
    yield registry
    registry.close()


def test_a_sweep_that_would_revoke_too_many_waits_for_a_person(cautious):
    cases = [cautious.a_case("posted", Ca.XCA) for _ in range(3)]
    cautious.clock.move(days=100)
    while sweep(cautious.office).fired:
        pass
    assert {cautious.state(case_id) for case_id in cases} == {"posted"}
    assert cautious.rows(t.breaker)[0].open
    refused(cautious, "case.reason_missing", c.ConfirmSweep(reason=" "), cautious.operator)
    refused(cautious, "access.denied", c.ConfirmSweep(reason="x"), cautious.officer)
    cautious.do(c.ConfirmSweep(reason="已核對"), cautious.operator)
    sweep_all(cautious)
    assert {cautious.state(case_id) for case_id in cases} == {"revoked_unactivated"}
    assert cautious.rows(t.breaker)[0].allowance == 0
    refused(cautious, "case.not_now", c.ConfirmSweep(reason="x"), cautious.operator)


# --- people ---------------------------------------------------------------------------------------------------


def log_in(registry, login, password=PASSWORD):
    return registry.do(c.LogIn(login=login, password=password), PUBLIC).actor


@pytest.mark.rule("AUD-01")
def test_the_right_password_says_who_somebody_is(registry):
    actor = log_in(registry, registry.reviewer.name)
    assert replace(actor, channel="web") == registry.reviewer
    registry.do(c.RecordLogOut(), actor)
    assert registry.audit_kinds() == ["logged_in", "logged_out"]


def test_the_fifth_wrong_password_locks_for_a_quarter_of_an_hour(registry):
    login = registry.clerk.name
    for _ in range(5):
        with pytest.raises(NotAllowed) as caught:
            log_in(registry, login, "wrong")
        assert caught.value.code == "account.login_failed"
    with pytest.raises(NotAllowed) as caught:
        log_in(registry, login)
    assert caught.value.code == "account.locked"
    registry.clock.move(minutes=15)
    assert log_in(registry, login)


def test_the_right_password_forgets_the_wrong_ones(registry):
    login = registry.clerk.name
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(NotAllowed):
                log_in(registry, login, "wrong")
        log_in(registry, login)


def test_nobody_learns_whether_a_login_exists(registry):
    gone = registry.clerk.name
    registry.update(t.account, t.account.c.login == gone, active=False)
    said = set()
    for login, password in (("nobody", "x"), (registry.desk.name, "wrong"), (gone, PASSWORD)):
        with pytest.raises(NotAllowed) as caught:
            log_in(registry, login, password)
        said.add(caught.value.zh)
    assert len(said) == 1


def test_many_wrong_passwords_at_once_are_all_counted(locking_registry):
    registry = locking_registry
    login = registry.clerk.name

    def attempt(_number):
        with pytest.raises(NotAllowed):
            log_in(registry, login, "wrong")

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(attempt, range(5)))
    assert registry.rows(t.account)[0].locked_until is not None


# --- the rest -------------------------------------------------------------------------------------------------


def test_a_dead_letter_goes_back_to_work(registry):
    registry.a_case()
    work = registry.rows(t.outbox)[0]
    refused(registry, "case.not_found", c.RequeueDeadLetter(outbox_id=work.id), registry.operator)
    registry.update(t.outbox, t.outbox.c.id == work.id, state="dead", attempts=8)
    refused(registry, "access.denied", c.RequeueDeadLetter(outbox_id=work.id), registry.desk)
    registry.do(c.RequeueDeadLetter(outbox_id=work.id), registry.operator)
    assert (registry.rows(t.outbox)[0].state, registry.rows(t.outbox)[0].attempts) == ("waiting", 0)


@pytest.mark.rule("CRD-08")
def test_the_last_notice_is_sent_again(registry):
    case_id = registry.a_case("activated", Ca.GCA)
    registry.do(c.ResendNotice(case_id=case_id), registry.desk)
    templates = [row.template for row in registry.rows(t.outbox, t.outbox.c.case_id == case_id)]
    assert templates[-2:] == ["activated", "activated"]
    with pytest.raises(NotFound):
        registry.do(c.ResendNotice(case_id=999), registry.desk)
    silent = registry.a_case()
    registry.update(t.outbox, t.outbox.c.case_id == silent, case_id=None)
    refused(registry, "case.no_notice", c.ResendNotice(case_id=silent), registry.desk)


def test_only_the_demonstrations_clock_can_be_moved(registry):
    refused(registry, "case.not_now", c.MoveClock(days=1), registry.operator)
    registry.insert(t.clock_offset, id=1, seconds=0)
    registry.do(c.MoveClock(days=90), registry.operator)
    assert registry.rows(t.clock_offset)[0].seconds == 90 * 86400
    for days in (0, -1, 3661):
        with pytest.raises(BadInput):
            registry.do(c.MoveClock(days=days), registry.operator)


def test_several_crls_of_a_ca_are_one_piece_of_work(registry):
    for _ in range(3):
        registry.a_case("suspended_unactivated", Ca.GCA)
    registry.a_case("revoked_unactivated", Ca.XCA)
    asked = [row.payload["ca"] for row in registry.rows(t.outbox) if row.effect == "publish_crl"]
    assert sorted(asked) == ["gca", "xca"]


@dataclass(frozen=True, kw_only=True)
class NobodysCommand(c.Command):
    """A command that no act carries out."""


def test_a_command_nobody_can_carry_out_is_refused_and_noted(registry):
    command = NobodysCommand()
    actor = registry.account(*Role)
    with pytest.raises(RegistryError):
        registry.do(command, actor)
    assert registry.audit_kinds() == ["refused"]


@pytest.mark.parametrize(
    "command", [c.ChaseLetter, c.RemindActivation, c.CompleteActivation, c.AllowLateActivation]
)
def test_a_case_that_is_not_there_is_refused_in_words(small_registry, command):
    values = {item.name: "x" for item in fields(command)} | {"case_id": 12345, "seen_version": None}
    with pytest.raises(NotFound):
        small_registry.do(command(**values), SYSTEM)


def test_text_that_no_database_stores_is_refused_by_field(registry):
    for text in ("a\x00b", "half \ud83d"):
        with pytest.raises(BadInput) as caught:
            registry.do(registry.letter(subject=text), registry.clerk)
        assert [problem.field for problem in caught.value.problems] == ["subject"]
        with pytest.raises(BadInput):
            registry.submit(form={"contact_name": text})
    with pytest.raises(BadInput):
        registry.do(c.ChaseLetter(case_id=2**63), SYSTEM)
    with pytest.raises(Refused):
        registry.do(c.PostCards(items=()), registry.centre)
