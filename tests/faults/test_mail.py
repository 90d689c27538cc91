"""Mails are never lost: not with the process that sent them, and not with the server that was to carry them."""

from __future__ import annotations

import json
import signal
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller

from ops.demo.mail_folder import free_port
from ops.mail import MailServer, SmtpMailer
from tests.faults.falling import Trip, in_child, moments, tripping
from tests.faults.line import work_lane
from tests.workflow.registry import Registry
from workflow import commands as c
from workflow.facts import PUBLIC
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.vocabulary import Ca, Lane

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.line import Bench
    from workflow.office import Office


# --- the process is killed ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """A mail server that keeps what it was given, whatever becomes of the sender."""

    path: Path

    def send(self, mail: Any) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([mail.message_id, mail.subject, mail.text]) + "\n")

    def mails(self) -> list[list[str]]:
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]


def send_all(bench: Bench, server: Server, trip: Trip) -> None:
    office = tripping(replace(bench.opened(), mailer=server), trip)
    for lane in (Lane.NOTICE, Lane.PAPER):
        work_lane(office, lane)


def test_a_mailer_killed_at_any_moment_sends_again_under_the_same_id(posted, tmp_path):
    with posted.copy() as bench:
        passed = moments(tmp_path, lambda trip: send_all(bench, Server(tmp_path / "first"), trip))
    for at, name in enumerate(passed):
        with posted.copy() as bench:
            server = Server(tmp_path / f"server{at}")
            assert in_child(lambda: send_all(bench, server, Trip(at))) == signal.SIGKILL  # noqa: B023
            send_all(bench, server, Trip())
            check_sent(bench, server, f"killed at {at}, {name}")


def check_sent(bench: Bench, server: Server, when: str) -> None:
    """Every mail went out, at most one of them twice and then as the same one; each is recorded once."""
    works = bench.rows(t.outbox, t.outbox.c.lane.in_(["notice", "paper"]))
    assert {work.state for work in works} == {"done"}, when
    mails = server.mails()
    assert {mail[0] for mail in mails} == {f"<outbox-{work.id}@guanfang>" for work in works}, when
    assert len(mails) <= len(works) + 1, when
    assert len({tuple(mail[:2]) for mail in mails}) == len(works), when
    recorded = [row.outbox_id for row in bench.rows(t.sent_notice)]
    assert sorted(recorded) == [work.id for work in works], when
    forms = bench.rows(t.document, t.document.c.kind == "application_form")
    assert len(forms) == sum(work.effect == "mail_form" for work in works), when


def a_copy_has_come(registry: Registry) -> int:
    return registry.a_reset("copy_received", Ca.GCA)


def test_a_new_code_that_was_mailed_by_a_killed_process_is_told_anew(sqlite_url, tmp_path):
    registry = Registry(sqlite_url)
    case_id = a_copy_has_come(registry)
    server = Server(tmp_path / "mails")
    registry.close()

    def send(trip: Trip) -> None:
        office = tripping(replace(registry.office, mailer=server), trip)
        while perform_next(office, Lane.NOTICE, "line"):
            pass

    def killed_after_the_code() -> None:
        send(_AfterTheCode(server))

    assert in_child(killed_after_the_code) == signal.SIGKILL
    registry = Registry(sqlite_url)
    assert registry.state(case_id) == "copy_received"
    work_lane(replace(registry.office, mailer=server), Lane.NOTICE)
    told = [mail for mail in server.mails() if "新用戶代碼通知" in mail[1]]
    first, second = told
    # Two different codes must not look like one mail: a mail server may drop what it believes to have seen.
    assert first[0] != second[0]
    assert first[2] != second[2]
    assert registry.state(case_id) == "awaiting_paper"
    card_case = registry.case(registry.case(case_id).parent_id)
    code = next(line.strip() for line in second[2].splitlines() if line.startswith("    "))
    registry.do(c.CheckUserCode(number=card_case.number, user_code=code), PUBLIC)
    recorded = registry.rows(t.sent_notice, t.sent_notice.c.template == "new_code")
    assert len(recorded) == 1
    registry.close()


class _AfterTheCode(Trip):
    """Trips when the server has the mail with the code."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server

    def moment(self, name: str) -> None:
        if name == "after the mail" and "新用戶代碼" in self._server.mails()[-1][1]:
            self.at = len(self.passed)
        super().moment(name)


# --- the server is down ------------------------------------------------------------------------------------------


class _Keeper:
    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name.
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 kept"


@contextmanager
def server_at(port: int) -> Iterator[_Keeper]:
    keeper = _Keeper()
    controller = Controller(keeper, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield keeper
    finally:
        controller.stop()


@pytest.fixture
def unreachable(small_house: Registry) -> tuple[Registry, Office, int]:
    """Lend a registry whose mail server is down, and the port at which it will be."""
    port = free_port()
    mailer = SmtpMailer(
        MailServer("127.0.0.1", port, timeout=5), "registry@guanfang.example", small_house.clock
    )
    office = replace(small_house.office, mailer=mailer)
    return small_house, office, port


@pytest.fixture
def small_house(sqlite_url: str) -> Iterator[Registry]:
    registry = Registry(sqlite_url)
    yield registry
    registry.close()


def test_notices_wait_for_a_server_that_is_down(unreachable):
    registry, office, port = unreachable
    registry.a_case("second_review", Ca.GCA)
    work_lane(office, Lane.NOTICE)
    (waiting,) = registry.rows(t.outbox, t.outbox.c.lane == "notice")
    assert (waiting.state, waiting.attempts) == ("waiting", 1)
    assert "ConnectionRefusedError" in waiting.last_error
    assert waiting.due_at > registry.clock.now()
    with server_at(port) as keeper:
        assert not perform_next(office, Lane.NOTICE, "line"), "it must wait for its time"
        registry.clock.move(seconds=2)
        assert perform_next(office, Lane.NOTICE, "line")
    assert [mail["Message-ID"] for mail in keeper.mails] == [f"<outbox-{waiting.id}@guanfang>"]
    (done,) = registry.rows(t.outbox, t.outbox.c.id == waiting.id)
    assert (done.state, done.last_error) == ("done", None)
    assert len(registry.rows(t.sent_notice, t.sent_notice.c.outbox_id == waiting.id)) == 1


def test_a_notice_that_fails_too_often_is_a_dead_letter_that_people_send_on(unreachable):
    registry, office, port = unreachable
    registry.a_case("second_review", Ca.GCA)
    pauses = []
    for _ in range(office.settings.attempts):
        assert perform_next(office, Lane.NOTICE, "line")
        (row,) = registry.rows(t.outbox, t.outbox.c.lane == "notice")
        pauses.append((row.due_at - registry.clock.now()).total_seconds())
        registry.clock.move(hours=1)
    assert pauses[:-1] == [2.0**number for number in range(1, office.settings.attempts)]
    assert row.state == "dead"
    assert not perform_next(office, Lane.NOTICE, "line")
    registry.do(c.RequeueDeadLetter(outbox_id=row.id), registry.operator)
    with server_at(port) as keeper:
        assert perform_next(office, Lane.NOTICE, "line")
    assert len(keeper.mails) == 1
    (done,) = registry.rows(t.outbox, t.outbox.c.id == row.id)
    assert done.state == "done"
