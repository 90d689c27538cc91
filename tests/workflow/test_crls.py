"""The lists say what the statuses say, whatever happened to the certificates, and never anything worse than before."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflow.lists import SCOPES, XCA, Lists, number_of
from tests.workflow.registry import START
from workflow.authorities import crl_path
from workflow.crl_scope import LISTED, partition_number
from workflow.errors import Unavailable
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.store.crl_lists import failures, newest_lists
from workflow.sweeper import schedule_crls
from workflow.vocabulary import Lane, StatusChange

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lists(empty_database_url: str) -> Iterator[Lists]:
    made = Lists(empty_database_url)
    yield made
    made.close()


@pytest.fixture
def small_lists(sqlite_url: str) -> Iterator[Lists]:
    made = Lists(sqlite_url)
    yield made
    made.close()


@pytest.fixture
def locking_lists(postgresql_url: str) -> Iterator[Lists]:
    made = Lists(postgresql_url)
    yield made
    made.close()


@pytest.mark.rule("P-16", "SUS-10", "REV-13")
def test_a_certificate_is_listed_while_suspended_and_from_its_revocation(lists: Lists) -> None:
    held, revoked = lists.certificate(8), lists.certificate(9)
    lists.change(StatusChange.SUSPEND, held, revoked)
    lists.clock.move(minutes=1)
    lists.change(StatusChange.REVOKE, revoked)
    assert lists.work() == 1
    assert lists.says() == {
        8: ("certificate_hold", START),
        9: ("superseded", START + timedelta(minutes=1)),
    }
    lists.change(StatusChange.RESUME, held)
    assert lists.work() == 1
    assert lists.says().keys() == {9}
    assert lists.says() == lists.statuses()


@pytest.mark.rule("CRL-01")
def test_a_change_renews_the_complete_list_and_its_own_partition(lists: Lists) -> None:
    cases = {serial: lists.certificate(serial) for serial in range(1, 9)}
    assert lists.publish() == 1
    lists.change(StatusChange.REVOKE, cases[5])
    lists.work()
    touched = partition_number(5)
    numbers = {partition: number_of(lists.newest(partition)) for partition in SCOPES}
    assert numbers == {partition: 2 if partition in {0, touched} else 1 for partition in SCOPES}
    assert lists.says(touched) == lists.says()
    url = lists.newest(touched).extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    assert url.critical
    assert (url.value.full_name or [])[0].value.endswith(crl_path(XCA, touched))
    assert lists.publish(whole=False) is None, "nothing changed since"


def test_a_burst_of_changes_makes_one_list(lists: Lists) -> None:
    lists.publish()
    for serial in range(1, 7):
        lists.change(StatusChange.REVOKE, lists.certificate(serial))
    assert lists.work() == 1
    assert lists.says().keys() == set(range(1, 7))
    assert lists.rows(t.crl_change) == []


def test_a_change_whose_work_was_lost_is_found_by_the_schedule(lists: Lists) -> None:
    lists.publish()
    lists.change(StatusChange.REVOKE, lists.certificate(7))
    lists.update(t.outbox, sa.true(), state="done", merge_key=None)
    assert schedule_crls(lists.office) == 1
    assert schedule_crls(lists.office) == 0, "asked for already"
    lists.work()
    assert lists.says().keys() == {7}
    assert schedule_crls(lists.office) == 0


@pytest.mark.rule("CRL-01")
def test_all_lists_are_renewed_at_half_their_life(lists: Lists) -> None:
    assert schedule_crls(lists.office) == 1
    lists.work()
    lists.clock.move(hours=11, minutes=59)
    assert schedule_crls(lists.office) == 0
    lists.clock.move(minutes=1)
    assert schedule_crls(lists.office) == 1
    lists.work()
    with lists.office.reading() as connection:
        found = newest_lists(connection)
    assert [(one.partition, one.number, one.entries) for one in found] == [(scope, 2, 0) for scope in SCOPES]


@pytest.mark.rule("CRL-02", "RNW-05")
def test_an_entry_leaves_after_one_list_beyond_the_expiry(lists: Lists) -> None:
    ends = START + timedelta(hours=6)
    lists.change(StatusChange.REVOKE, lists.certificate(3, not_after=ends))
    lists.publish()
    lists.clock.move(hours=7)
    # RFC 5280 §3.3: an entry is removed once it stood on a regular list made after the expiry.
    lists.publish()
    assert lists.says().keys() == lists.says(partition_number(3)).keys() == {3}
    lists.publish()
    assert lists.says() == lists.says(partition_number(3)) == {}
    assert lists.rows(t.crl_entry) == []


@pytest.mark.rule("RNW-05")
def test_an_expired_certificate_is_not_listed_any_more(lists: Lists) -> None:
    case_id = lists.certificate(3, not_after=START + timedelta(hours=6))
    lists.clock.move(hours=7)
    lists.change(StatusChange.REVOKE, case_id)
    lists.publish()
    assert lists.says() == {}


def test_a_missing_entry_stops_the_list_and_is_put_right(lists: Lists) -> None:
    cases = [lists.certificate(serial) for serial in (1, 2)]
    lists.change(StatusChange.REVOKE, *cases)
    lists.publish()
    with lists.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(sa.delete(t.crl_entry).where(t.crl_entry.c.serial == f"{1:032x}"))
    with pytest.raises(Unavailable, match=r"crl\.refused") as refused:
        lists.publish()
    assert "crl.entries" in refused.value.zh
    assert number_of(lists.newest()) == 1
    with lists.office.reading() as connection:
        found = failures(connection, XCA)
    assert (found.ever, found.in_a_row, found.last_code) == (1, 1, "crl.entries")
    assert lists.audit_kinds()[-1] == "crl_refused"
    assert lists.publish() == 3
    assert lists.says() == lists.statuses()
    with lists.office.reading() as connection:
        assert failures(connection, XCA).in_a_row == 0


def test_entries_that_no_status_asks_for_stop_the_list(lists: Lists) -> None:
    lists.change(StatusChange.REVOKE, lists.certificate(1))
    lists.update(t.certificate, sa.true(), status="valid")
    with pytest.raises(Unavailable):
        lists.publish()
    lists.publish()
    assert lists.says() == {}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda lists: lists.update(t.crl_entry, sa.true(), der=b"\x30\x00"), "pki.crl.unsound"),
        (lambda lists: lists.update(t.crl_entry, sa.true(), der=b""), "pki.crl.count"),
        (lambda lists: lists.update(t.crl, sa.true(), number=99), "pki.crl.number"),
        (lambda lists: lists.clock.move(hours=-1), "pki.crl.future"),
    ],
    ids=["no entry", "a missing entry", "a lower number", "an entry from the future"],
)
def test_an_absurd_list_is_never_published(lists: Lists, spoil: Any, code: str) -> None:
    lists.change(StatusChange.REVOKE, lists.certificate(1))
    lists.work()
    spoil(lists)
    before = lists.rows(t.crl)
    with pytest.raises(Unavailable):
        lists.publish()
    assert lists.rows(t.crl) == before
    assert [row.code for row in lists.rows(t.crl_failure)] == [code]


def test_a_list_that_ends_before_it_begins_is_refused_and_tried_again(lists: Lists) -> None:
    lists.publish()
    lists.change(StatusChange.REVOKE, lists.certificate(1))
    backwards = replace(lists.office, settings=replace(lists.office.settings, crl_hours=-1))
    assert perform_next(backwards, Lane.CERTIFICATE, "tested")
    assert lists.says() == {}
    (work,) = lists.rows(t.outbox, t.outbox.c.state == "waiting", t.outbox.c.lane == "certificate")
    assert work.last_error
    lists.clock.move(minutes=1)
    assert lists.work() == 1
    assert lists.says().keys() == {1}


def test_two_publishers_at_once_make_two_numbers(locking_lists: Lists) -> None:
    for serial in range(1, 9):
        locking_lists.change(StatusChange.REVOKE, locking_lists.certificate(serial))
    with ThreadPoolExecutor(3) as hands:
        numbers = [one.result() for one in [hands.submit(locking_lists.publish) for _ in range(3)]]
    assert sorted(numbers) == [1, 2, 3]
    complete = locking_lists.rows(t.crl, t.crl.c.partition == 0)
    assert [row.number for row in complete] == [1, 2, 3], "stored in the order of their numbers"
    assert all(row.entries == 8 for row in complete)


def test_changes_during_publications_are_never_forgotten(locking_lists: Lists) -> None:
    cases = [locking_lists.certificate(serial) for serial in range(1, 25)]
    with ThreadPoolExecutor(3) as hands:
        changes = hands.map(lambda case: locking_lists.change(StatusChange.SUSPEND, case), cases)
        publications = hands.map(lambda _: locking_lists.publish(whole=False), range(6))
        assert list(changes) == [None] * len(cases)
        list(publications)
    schedule_crls(locking_lists.office)
    locking_lists.work()
    assert locking_lists.says() == locking_lists.statuses()
    assert len(locking_lists.says()) == len(cases)
    assert locking_lists.rows(t.crl_change) == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["issue", "suspend", "resume", "revoke", "activate", "wait", "publish", "renew"]),
        st.integers(0, 5),
    ),
    max_size=25,
)


@settings(max_examples=25)
@given(steps=STEPS)
def test_after_any_life_the_lists_say_what_the_statuses_say(
    steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lists = Lists(f"sqlite:///{tmp_path_factory.mktemp('lists') / 'lists.sqlite'}")
    cases: dict[int, int] = {}
    for step, which in steps:
        _take(lists, cases, step, which)
    lists.publish()
    lists.publish()
    _agree(lists)
    lists.close()


def _take(lists: Lists, cases: dict[int, int], step: str, which: int) -> None:
    changes = {
        "suspend": StatusChange.SUSPEND,
        "resume": StatusChange.RESUME,
        "revoke": StatusChange.REVOKE,
        "activate": StatusChange.ACTIVATE,
    }
    if step == "issue" and which not in cases:
        ends = lists.clock.now() + timedelta(hours=3 * which + 1)
        cases[which] = lists.certificate((1 << 100) + which, not_after=ends)
    elif step in changes and which in cases:
        lists.change(changes[step], cases[which])
    elif step == "wait":
        lists.clock.move(hours=which)
    elif step in {"publish", "renew"}:
        lists.publish(whole=step == "renew")


def _agree(lists: Lists) -> None:
    now = lists.clock.now()
    alive = {int(row.serial, 16) for row in lists.rows(t.certificate) if row.not_after > now}
    said = lists.says()
    assert {serial: said[serial] for serial in said if serial in alive} == {
        serial: answer for serial, answer in lists.statuses().items() if serial in alive
    }
    assert all(row.status in LISTED for row in lists.rows(t.certificate) if int(row.serial, 16) in said)
    union = {serial: what for scope in SCOPES[1:] for serial, what in lists.says(scope).items()}
    assert union == said
    numbers = defaultdict(list)
    for row in lists.rows(t.crl):
        numbers[row.partition].append(row.number)
    assert all(sorted(set(found)) == found for found in numbers.values()), "numbers rise"
