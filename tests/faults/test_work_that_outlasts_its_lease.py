"""Work that takes longer than its lease: kept while its worker lives, given up with it, committed by its holder alone."""

from __future__ import annotations

import os
import re
import signal
import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from tests.activations import until
from tests.faults.falling import in_child, reopened
from tests.workflow.registry import HASHER, Registry
from workflow.errors import Unavailable
from workflow.performers import keeping, perform_next
from workflow.store import outbox
from workflow.store import schema as t
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import Ca, Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOKS = 3
NOTICES = t.outbox.c.lane == str(Lane.NOTICE)


@pytest.fixture
def registry(database_url: str) -> Iterator[Registry]:
    registry = Registry(database_url)
    yield registry
    registry.close()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Renew claims many times a second, for the registry's clock is moved by hours in a test."""
    monkeypatch.setattr(keeping, "RENEW_SECONDS", 0.02)


@dataclass(frozen=True)
class Slow:
    """A mail server during whose work something happens before it takes the mail."""

    registry: Registry
    meanwhile: Callable[[], object]

    def send(self, mail: Any) -> None:
        self.meanwhile()
        self.registry.mailer.send(mail)


def lane(registry: Registry, worker: str, **changed: Any) -> bool:
    return perform_next(replace(registry.office, **changed), Lane.NOTICE, worker)


def notice(registry: Registry) -> Any:
    (row,) = registry.rows(t.outbox, NOTICES)
    return row


def renewed(registry: Registry) -> bool:
    return bool(notice(registry).claimed_until == registry.clock.now() + outbox.LEASE)


@pytest.mark.usefixtures("often")
def test_work_that_outlasts_its_lease_is_taken_up_by_nobody_else(registry):
    registry.a_case("second_review", Ca.GCA)

    def three_leases_pass():
        for _ in range(LOOKS):
            registry.clock.move(minutes=2)
            assert until(lambda: renewed(registry))
            assert not lane(registry, "second")

    assert lane(registry, "first", mailer=Slow(registry, three_leases_pass))
    work = notice(registry)
    assert (work.state, work.attempts) == ("done", 1)
    assert len(registry.mailer.mails) == len(registry.rows(t.sent_notice)) == 1


def test_the_claim_of_a_killed_worker_ends_with_its_lease(registry, often, database_url):
    registry.a_case("second_review", Ca.GCA)

    def renew_and_die():
        office = reopened(registry.office, database_url)

        class Deadly:
            def send(self, _mail: Any) -> None:
                registry.clock.move(minutes=2)
                assert until(lambda: renewed(registry))
                os.kill(os.getpid(), signal.SIGKILL)

        perform_next(replace(office, mailer=Deadly()), Lane.NOTICE, "killed")

    registry.engine.dispose()
    assert in_child(renew_and_die) == signal.SIGKILL
    left = notice(registry).claimed_until - registry.clock.now()
    assert left == timedelta(minutes=2) + outbox.LEASE, "it was renewed while its worker lived"
    assert not lane(registry, "second")
    registry.clock.move(seconds=left.total_seconds() + 1)
    assert lane(registry, "second")
    assert (notice(registry).state, notice(registry).attempts) == ("done", 2)


@pytest.mark.usefixtures("often")
def test_a_performer_that_hangs_keeps_its_claim_for_no_more_than_an_hour(registry, monkeypatch):
    assert timedelta(seconds=60) * keeping.MOST_RENEWALS == timedelta(hours=1)
    monkeypatch.setattr(keeping, "MOST_RENEWALS", 2)
    registry.a_case("second_review", Ca.GCA)
    taken = []

    def until_another_takes_it_up():
        assert until(lambda: not [one for one in threading.enumerate() if one.name.startswith("claim-")])
        registry.clock.move(minutes=4)
        taken.append(lane(registry, "second"))

    assert lane(registry, "hanging", mailer=Slow(registry, until_another_takes_it_up))
    assert taken == [True]


def test_who_lost_the_claim_records_nothing(registry):
    registry.a_case("second_review", Ca.GCA)
    taken = []

    def lose_the_claim():
        registry.clock.move(hours=1)
        taken.append(lane(registry, "second"))

    assert lane(registry, "first", mailer=Slow(registry, lose_the_claim))
    assert taken == [True]
    assert (notice(registry).state, notice(registry).attempts) == ("done", 2)
    assert len(registry.rows(t.sent_notice)) == 1, "both have sent the mail, and the holder has recorded it"


def test_the_code_of_the_last_mail_holds_though_its_first_sender_wakes_up(registry):
    card = registry.a_case("activated", Ca.GCA)
    registry.a_reset("copy_received", Ca.GCA, card)
    taken: list[Any] = []

    class Freezing:
        """A server after whose first mail the worker stands still, until another has taken up its work."""

        def send(self, mail: Any) -> None:
            registry.mailer.send(mail)
            if mail.subject.startswith("新用戶代碼") and not taken:
                registry.clock.move(hours=1)
                taken.append(outbox.claim(registry.office, Lane.NOTICE, "second"))

    while lane(registry, "first", mailer=Freezing()) and not taken:
        pass
    registry.clock.move(hours=1)
    while lane(registry, "third"):
        pass
    # Whoever took the work up died over it, and the next one sent a code of its own.
    codes = [
        code
        for mail in registry.mailer.mails
        for code in re.findall(r"^    (\S{6,})$", mail.text, re.MULTILINE)
    ]
    assert len(codes) == 2
    assert HASHER.verify(registry.case(card).user_code_hash, codes[-1])


def claimed(registry: Registry) -> outbox.Work:
    registry.a_case("second_review", Ca.GCA)
    work = outbox.claim(registry.office, Lane.NOTICE, "first")
    assert work is not None
    return work


def test_nothing_is_committed_under_a_claim_that_is_lost_or_settled(registry):
    work = claimed(registry)
    assert outbox.renew(registry.office, work)
    outbox.settle(registry.office, work)
    assert not outbox.renew(registry.office, work)
    with pytest.raises(Unavailable) as refused, transaction(replace(registry.office, claim=work)):
        pytest.fail("the work is done with")
    assert refused.value.code == "registry.claim_lost"


def test_a_claim_can_be_renewed_but_not_taken_while_its_commit_is_under_way(migrated_postgresql_url):
    registry = Registry(migrated_postgresql_url)
    work = claimed(registry)
    registry.clock.move(hours=1)
    with transaction(replace(registry.office, claim=work)) as committing:
        assert outbox.claim(registry.office, Lane.NOTICE, "second") is None
        assert outbox.renew(registry.office, work)
        committing.connection.execute(sa.select(1))
    assert outbox.claim(registry.office, Lane.NOTICE, "second") is None
    registry.clock.move(hours=1)
    assert outbox.claim(registry.office, Lane.NOTICE, "second") is not None
    registry.close()
