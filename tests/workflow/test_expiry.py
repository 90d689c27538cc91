"""Contacts are told in time that their certificates expire: once, and only of what still holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from ops.expiry import tell_of_expiry
from workflow import commands as c
from workflow.commands_of_expiry import TellOfExpiry
from workflow.errors import NotAllowed
from workflow.facts import SYSTEM
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import Ca, Lane, Rank, StatusChange


def last_moment(registry):
    return min(row.not_after for row in registry.rows(t.certificate))


def ordered(registry):
    return registry.rows(t.outbox, t.outbox.c.template == "expiry")


def come_within(registry, **left):
    """Move the clock to so long before the certificates end."""
    registry.clock.moment = last_moment(registry) - timedelta(**left)


@pytest.mark.rule("NTC-01", "RNW-02")
@pytest.mark.parametrize(("ca", "days"), [(Ca.GCA, 60), (Ca.XCA, 90)])
def test_a_contact_is_told_once_when_a_new_card_may_be_applied_for(registry, ca, days):
    case_id = registry.a_case("activated", ca)
    come_within(registry, days=days, seconds=1)
    assert tell_of_expiry(registry.office) == 0
    come_within(registry, days=days)
    assert tell_of_expiry(registry.office) == 1
    (row,) = ordered(registry)
    assert row.case_id == case_id
    for left in (days - 1, 30, 1):
        come_within(registry, days=left)
        assert tell_of_expiry(registry.office) == 0
    assert "expiry_notice_ordered" in registry.audit_kinds()


@pytest.mark.rule("NTC-01", "RNW-02", "RNW-01")
def test_the_notice_names_the_day_and_what_to_do(small_registry):
    registry = small_registry
    registry.a_case("activated", Ca.GCA, rank=Rank.SECONDARY)
    come_within(registry, days=60)
    tell_of_expiry(registry.office)
    registry.mailer.mails.clear()
    while perform_next(registry.office, Lane.NOTICE, "tests"):
        pass
    (mail,) = [one for one in registry.mailer.mails if "即將到期" in one.subject]
    assert mail.to == "c@example.tw"
    (row,) = ordered(registry)
    for said in ("不能展期", "附卡與非IC卡類憑證建議於到期前 60 至 15 日申請", row.payload["expires"]):
        assert said in mail.text


@pytest.mark.rule("RNW-05")
def test_nobody_is_told_of_what_is_revoked_or_over(registry):
    revoked, suspended = (registry.a_case("activated", Ca.GCA) for _ in range(2))
    for case_id, change in ((revoked, StatusChange.REVOKE), (suspended, StatusChange.SUSPEND)):
        with transaction(registry.office) as work:
            work.change_certificates(case_id, change, "x")
    come_within(registry, days=59)
    assert tell_of_expiry(registry.office) == 1
    assert [row.case_id for row in ordered(registry)] == [suspended]
    registry.a_case("uploaded", Ca.GCA)
    late = registry.a_case("activated", Ca.GCA)
    registry.clock.move(days=6 * 365)
    assert tell_of_expiry(registry.office) == 0
    assert late not in {row.case_id for row in ordered(registry)}


def test_several_workers_tell_once(locking_registry):
    registry = locking_registry
    cases = tuple(registry.a_case("activated", Ca.GCA) for _ in range(3))
    come_within(registry, days=60)
    start = Barrier(4)

    def tell(_number):
        start.wait()
        registry.do(TellOfExpiry(case_ids=cases), SYSTEM)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tell, range(4)))
    assert sorted(row.case_id for row in ordered(registry)) == sorted(cases)


def test_more_cases_than_a_batch_are_all_told(small_registry, monkeypatch):
    monkeypatch.setattr("workflow.store.expiring.BATCH", 2)
    cases = [small_registry.a_case("activated", Ca.GCA) for _ in range(5)]
    come_within(small_registry, days=30)
    assert tell_of_expiry(small_registry.office) == 5
    assert sorted(row.case_id for row in ordered(small_registry)) == sorted(cases)


def test_no_member_of_the_staff_orders_it(small_registry):
    case_id = small_registry.a_case("activated", Ca.GCA)
    come_within(small_registry, days=60)
    for actor in (small_registry.operator, small_registry.desk, small_registry.officer):
        with pytest.raises(NotAllowed):
            small_registry.do(TellOfExpiry(case_ids=(case_id,)), actor)
    assert ordered(small_registry) == []
    small_registry.do(TellOfExpiry(case_ids=(case_id, 999)), SYSTEM)
    small_registry.do(c.ResendNotice(case_id=case_id), small_registry.desk)
    assert len(ordered(small_registry)) == 2
