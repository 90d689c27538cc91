"""Certificates without a card: their subscriber checks and accepts them, or they are revoked (ACT-06, ACT-07)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.test_two_at_once import at_once
from tests.workflow import batches
from tests.workflow.generations import Generations
from tests.workflow.registry import CODE, Registry
from workflow import commands_of_requests as r
from workflow import policies
from workflow.commands import CheckUserCode, ConfirmSweep, UnlockUserCode
from workflow.errors import BadInput, Refused, Stale, UserCodeLocked, WrongUserCode
from workflow.facts import PUBLIC, SYSTEM
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.sweeper import sweep
from workflow.views.acceptance import one_to_check, to_check
from workflow.views.directory import published
from workflow.vocabulary import Ca, Lane, RevocationReason

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
DAYS = 90


class Handed:
    """A registry whose subscribers accept their certificates, and a batch of theirs."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.world = Generations(registry)
        registry.clock.moment = NOW

    def over(self, *items, **values):
        return self.world.house.issued(*(items or batches.items(0, 1)), user_code=CODE, **values)

    def say(self, kind, case_id, code=CODE, **more):
        return self.registry.do(kind(case_id=case_id, user_code=code, **more), PUBLIC)

    def accept(self, case_id, code=CODE, **more):
        return self.say(r.AcceptCertificates, case_id, code, **more)

    def statuses(self, case_id):
        return [row.status for row in self.world.house.certificates(case_id)]

    def in_repository(self, case_id):
        rows = self.world.house.certificates(case_id)
        with self.registry.office.reading() as connection:
            now = self.registry.clock.now()
            return [published(connection, Ca.XCA, row.serial, now) is not None for row in rows]

    def mails(self):
        while perform_next(self.registry.office, Lane.NOTICE, "test"):
            pass
        return [mail.subject for mail in self.registry.mailer.mails]


@pytest.fixture
def handed(registry):
    return Handed(registry)


@pytest.fixture
def small(small_registry):
    return Handed(small_registry)


@pytest.mark.rule("ACT-06", "ACT-07")
def test_what_its_subscriber_accepts_comes_into_force_and_is_published(handed):
    case_id = handed.over()
    assert handed.registry.state(case_id) == "to_accept"
    assert handed.statuses(case_id) == ["issued"] * 2
    assert handed.in_repository(case_id) == [False] * 2
    handed.accept(case_id)
    assert handed.registry.state(case_id) == "accepted"
    assert handed.statuses(case_id) == ["valid"] * 2
    assert handed.in_repository(case_id) == [True] * 2
    assert [word for word in handed.mails() if "接受憑證" in word or "已接受" in word]
    with pytest.raises(Refused, match=r"case\.not_now"):
        handed.accept(case_id)


@pytest.mark.rule("ACT-06", "ACT-09")
def test_what_its_subscriber_declines_is_revoked(handed):
    case_id = handed.over()
    handed.say(r.DeclineCertificates, case_id)
    assert handed.registry.state(case_id) == "not_accepted"
    assert handed.in_repository(case_id) == [False] * 2
    handed.world.publish("xca")
    listed = handed.world.newest_list("xca")
    for row in handed.world.house.certificates(case_id):
        assert row.reason == str(RevocationReason.CESSATION_OF_OPERATION)
        assert listed.get_revoked_certificate_by_serial_number(int(row.serial, 16))


@pytest.mark.rule("ACT-07", "P-07")
def test_ninety_days_without_a_word_count_as_a_refusal(handed):
    case_id = handed.over()
    office, clock = handed.registry.office, handed.registry.clock
    for day in (30, 60, 80):
        clock.moment = NOW + timedelta(days=day, hours=23)
        assert sweep(office).fired == 1
    clock.moment = NOW + timedelta(days=DAYS)
    assert sweep(office).fired == 0
    assert handed.statuses(case_id) == ["issued"] * 2
    clock.moment = NOW + timedelta(days=DAYS + 1)
    assert sweep(office).fired == 1
    assert handed.registry.state(case_id) == "acceptance_lapsed"
    assert handed.statuses(case_id) == ["revoked"] * 2
    assert (
        handed.mails().count("[組織及團體憑證管理中心] 請儘速接受憑證 / Please accept your certificates") == 3
    )
    with pytest.raises(Refused):
        handed.accept(case_id)


@pytest.mark.rule("ACT-06", "PIN-03")
def test_only_the_user_code_of_the_case_accepts(small):
    case_id = small.over()
    for _ in range(2):
        with pytest.raises(WrongUserCode):
            small.accept(case_id, "Other-1")
    with pytest.raises(UserCodeLocked):
        small.accept(case_id, "Other-1")
    with pytest.raises(UserCodeLocked):
        small.accept(case_id)
    small.registry.do(UnlockUserCode(case_id=case_id, reason="had it wrong"), small.registry.desk)
    with pytest.raises(Stale):
        small.accept(case_id, seen_version=1)
    small.accept(case_id, seen_version=small.registry.case(case_id).version)
    assert small.statuses(case_id) == ["valid"] * 2


@pytest.mark.parametrize("code", ["", "short", "has a blank", "far too long a code"])
def test_a_batch_that_will_be_accepted_needs_a_user_code(small, code):
    with pytest.raises(BadInput) as refusal:
        small.world.house.submit(*batches.items(0), user_code=code)
    assert [one.field for one in refusal.value.problems] == ["user_code"]
    assert not small.registry.rows(t.case)


def test_the_code_is_kept_as_a_hash_alone(small):
    small.world.house.submit(*batches.items(0), user_code="Geheim-77")
    assert "Geheim-77" not in str(small.registry.dump())
    assert small.registry.rows(t.case)[0].user_code_hash


def test_where_nobody_has_to_accept_certificates_are_in_force_at_once(small):
    small.registry.clock.moment = NOW - timedelta(days=60)
    early = small.world.house.approved(*batches.items(0))
    small.registry.clock.moment = NOW
    small.world.house.work()
    assert small.registry.state(early) == "issued"
    agency = small.over(*batches.items(1), ca=Ca.GCA, profile="agency_non_card_signature")
    assert small.registry.state(agency) == "issued"
    assert small.statuses(early) + small.statuses(agency) == ["valid"] * 2
    assert not policies.in_force(Ca.GCA, NOW.date()).request_acceptance.value


def test_a_batch_of_which_some_were_refused_is_accepted_all_the_same(small):
    bad = r.RequestedItem(label="bad.csr", csr=b"no request")
    case_id = small.over(*batches.items(0), bad)
    assert small.registry.state(case_id) == "to_accept"
    small.accept(case_id)
    assert small.statuses(case_id) == ["valid"]


def test_what_was_revoked_meanwhile_stays_revoked(small):
    case_id = small.over()
    first = small.world.house.certificates(case_id)[0]
    small.world.revoke(first)
    small.accept(case_id)
    assert small.statuses(case_id) == ["revoked", "valid"]
    assert small.in_repository(case_id) == [False, True]


@pytest.mark.rule("ACT-06", "REV-01")
def test_a_batch_that_was_all_revoked_is_not_accepted_but_declined(small):
    case_id = small.over()
    for row in small.world.house.certificates(case_id):
        small.world.revoke(row)
    with pytest.raises(Refused, match=r"request\.nothing_to_accept"):
        small.accept(case_id)
    assert small.registry.state(case_id) == "to_accept"
    small.say(r.DeclineCertificates, case_id)
    assert small.registry.state(case_id) == "not_accepted"


def test_the_subscriber_sees_their_own_certificates_alone(small):
    mine, other = small.over(*batches.items(0)), small.over(*batches.items(1))
    theirs = small.world.house.certificates(other)[0].serial
    with small.registry.office.reading() as connection:
        found, pages = to_check(connection, mine)
        assert (len(found), pages) == (1, 1)
        assert one_to_check(connection, mine, found[0].serial) == found[0].der
        assert one_to_check(connection, mine, theirs) is None
        assert to_check(connection, mine, 2) == ((), 1)


def test_an_address_that_holds_no_serial_names_no_certificate(handed):
    with handed.registry.office.reading() as connection:
        assert [one_to_check(connection, 1, text) for text in ("\x00", "a\x00b", "")] == [None] * 3


@pytest.mark.rule("ACT-06", "PIN-03")
def test_a_case_is_opened_by_the_serial_of_its_certificate_too(small):
    case_id = small.over()
    serial = small.world.house.certificates(case_id)[1].serial
    opened = small.registry.do(CheckUserCode(number=serial.upper(), user_code=CODE), PUBLIC)
    assert opened.case_id == case_id
    for number, code in ((serial, "Wrong-1"), ("f" * 32, CODE), (serial[:-1], CODE)):
        with pytest.raises(WrongUserCode, match=r"case\.number_or_code_wrong"):
            small.registry.do(CheckUserCode(number=number, user_code=code), PUBLIC)
    assert small.registry.case(case_id).user_code_tries == 1
    small.accept(case_id)
    for _ in range(4):
        with pytest.raises(WrongUserCode, match=r"case\.number_or_code_wrong"):
            small.registry.do(CheckUserCode(number=serial, user_code="Wrong-1"), PUBLIC)
    assert small.registry.case(case_id).user_code_tries == 0


def test_accepting_and_lapsing_at_the_same_moment_do_one_of_both(migrated_postgresql_url):
    handed = Handed(Registry(migrated_postgresql_url))
    case_id = handed.over()
    answers = at_once(
        lambda: handed.accept(case_id),
        lambda: handed.registry.do(r.LapseAcceptance(case_id=case_id), SYSTEM),
    )
    assert sum(isinstance(one, Refused) for one in answers) == 1
    state, statuses = handed.registry.state(case_id), set(handed.statuses(case_id))
    assert (state, statuses) in (("accepted", {"valid"}), ("acceptance_lapsed", {"revoked"}))
    handed.registry.close()


def test_a_batch_that_lapses_counts_for_each_of_its_certificates_before_the_sweep_revokes_it(handed):
    registry = handed.registry
    case_id = handed.over()
    cautious = replace(registry.office, settings=replace(registry.office.settings, sweep_limit=1))
    registry.clock.move(days=DAYS + 1)
    while sweep(cautious).fired:
        pass
    assert handed.statuses(case_id) == ["issued"] * 2
    breaker = registry.rows(t.breaker)[0]
    assert (breaker.open, breaker.count) == (True, 2)
    registry.do(ConfirmSweep(reason="已核對"), registry.operator)
    while sweep(cautious).fired:
        pass
    assert handed.statuses(case_id) == ["revoked"] * 2
    assert registry.rows(t.breaker)[0].allowance == 0
