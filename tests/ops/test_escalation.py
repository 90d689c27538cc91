"""What nobody mends is told to somebody else, by a real mail server."""

from __future__ import annotations

import json
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest

from ops.mail import MailServer, SmtpMailer
from tests.workflow.registry import Registry
from workflow.commands_of_watches import Found, RecordWatch
from workflow.facts import SYSTEM
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.vocabulary import Lane, Watch

OPERATORS, MANAGER = "operators@example.tw", "manager@example.tw"
PEM = Found(code="published.pem", subject="http://x.example/a.crt", zh="是 PEM。", en="It is PEM.")
OLD = Found(code="published.old", subject="http://x.example/b.crl", zh="太舊。", en="It is old.")


@pytest.fixture
def watched(migrated_sqlite_url, sink):
    """A registry whose monitor finds what it is told to, and whose mails go through the server."""
    registry = Registry(migrated_sqlite_url)
    settings = replace(
        registry.office.settings, alarm_email=OPERATORS, escalation_email=MANAGER, escalation_days=2
    )
    mailer = SmtpMailer(MailServer("127.0.0.1", sink[1], timeout=5), "registry@example.tw", registry.clock)
    registry.office = replace(registry.office, settings=settings, mailer=mailer)
    yield registry
    registry.close()


@pytest.fixture
def run(watched, sink):
    """Let a watch find something some hours later; gives whom that was mailed to, and keeps the mails."""
    seen = {}

    def again(*found, hours=0):
        watched.clock.move(hours=hours)
        watched.do(RecordWatch(watch=Watch.MONITOR, examined=1, found=found), SYSTEM)
        while perform_next(watched.office, Lane.NOTICE, "tested"):
            pass
        new = {
            path: message_from_bytes(path.read_bytes(), policy=default)
            for path in sink[0].glob("*.eml")
            if path not in seen
        }
        seen.update(new)
        return {mail["To"]: mail for mail in new.values()}

    return again


def test_what_stands_too_long_is_told_to_a_second_address_once_a_day(run):
    assert run(PEM).keys() == {OPERATORS}
    assert run(PEM, hours=24).keys() == {OPERATORS}
    assert run(PEM, hours=23).keys() == set()
    told = run(PEM, hours=1)
    assert told.keys() == {OPERATORS, MANAGER}
    assert told[MANAGER]["Subject"].endswith("1 項逾 2 日未處理")
    assert "[published.pem] 是 PEM。" in told[MANAGER].get_content()
    assert run(PEM, hours=1).keys() == set()
    assert run(PEM, hours=23).keys() == {OPERATORS, MANAGER}


def test_the_day_itself_is_not_waited_past_for_the_daily_mail(run):
    run(PEM)
    assert run(PEM, hours=36).keys() == {OPERATORS}
    assert run(PEM, hours=12).keys() == {OPERATORS, MANAGER}


def test_only_what_stands_is_escalated_and_what_was_mended_begins_anew(run, watched):
    run(PEM)
    told = run(PEM, OLD, hours=48)
    assert "published.old" in told[OPERATORS].get_content()
    assert "published.old" not in told[MANAGER].get_content()
    audited = [row.body for row in watched.rows(t.audit_entry) if row.kind == "watch_ran"]
    assert json.loads(audited[-1])["escalated"] == 1
    assert run(OLD, hours=1).keys() == set()
    assert run(PEM, OLD, hours=1).keys() == {OPERATORS}


def test_whoever_is_escalated_to_reads_whom_alarms_reach(run, watched):
    run(PEM)
    said = run(PEM, hours=48)[MANAGER].get_content()
    assert f"警報雖寄往 {OPERATORS}" in said
    assert f"though alarms go to {OPERATORS}" in said
    watched.office = replace(watched.office, settings=replace(watched.office.settings, alarm_email=""))
    told = run(PEM, hours=24)
    assert told.keys() == {MANAGER}
    assert "警報無人收受" in told[MANAGER].get_content()
    assert "alarms reach nobody" in told[MANAGER].get_content()


def test_nobody_is_escalated_to_without_an_address(run, watched):
    settings = replace(watched.office.settings, escalation_email="")
    watched.office = replace(watched.office, settings=settings)
    run(PEM)
    assert run(PEM, hours=72).keys() == {OPERATORS}
    audited = [row.body for row in watched.rows(t.audit_entry) if row.kind == "watch_ran"]
    assert json.loads(audited[-1])["escalated"] == 0
