"""`guanfang case`: one case with all that hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from ops.cli.reading import line, reading
from workflow.facts import Actor
from workflow.views import deadlines
from workflow.views.case_page import case_page, find_case_id
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from workflow.views.case_parts import CasePage, Head

# The operator at the machine may read any case; the command line changes none.
READER = Actor(name="command-line", roles=frozenset({Role.AUDITOR}), channel="cli")
TAIPEI = ZoneInfo("Asia/Taipei")


def when(moment: datetime | None) -> str:
    """Return a moment as people in Taipei write it."""
    return moment.astimezone(TAIPEI).strftime("%Y-%m-%d %H:%M") if moment else ""


@click.group()
def case() -> None:
    """Look at cases."""


@case.command()
@click.argument("number", help="The 25 digits of the case.")
def show(number: str) -> None:
    """Show the case with the 25-digit NUMBER."""
    with reading() as (connection, _clock):
        page = case_page(connection, READER, find_case_id(connection, READER, number.strip()))
        running = deadlines.of_case(connection, page.head)
    _head(page.head)
    _things(page)
    _list(
        "Deadlines", (f"{when(one.due_at)}  {one.kind_zh} {one.kind_en}  {one.state.en}" for one in running)
    )
    _list(
        "History",
        (
            f"{when(step.at)}  {step.version:>3}  {step.trigger:<22} → {step.dest.zh} {step.dest.en}  by {step.actor}"
            for step in page.history
        ),
    )


def _head(head: Head) -> None:
    line("Number", head.number)
    line("Kind", f"{head.ca.zh} · {head.kind.zh} {head.kind.en}")
    line("State", f"{head.state.zh} {head.state.en}")
    line("Subject", head.subject_name)
    line("OID", head.oid)
    line("Card rank", head.rank and f"{head.rank.zh} {head.rank.en}")
    line("Card number", head.card_number)
    line("Window", head.window_name)
    line("Policy", head.policy_version)
    line("Opened", when(head.opened_at))
    line("In this state since", when(head.state_since))
    line("Version", head.version)


def _things(page: CasePage) -> None:
    _list(
        "Letters",
        (f"{one.our_number}  {one.sender_name}  {one.number}  {one.subject}" for one in page.letters),
    )
    _list(
        "Decisions",
        (
            f"{when(one.at)}  {one.stage.en}: {one.verdict.en} by {one.person}  {one.reason}"
            for one in page.decisions
        ),
    )
    _list("Cards", (f"{one.csn}  {one.number}  {one.state.en}" for one in page.cards))
    _list(
        "Certificates",
        (
            f"{one.serial}  {one.purpose}  {one.status.en}  until {when(one.not_after)}"
            for one in page.certificates
        ),
    )
    _list(
        "Mail",
        (f"{one.attempt}  {one.mail_number}  {one.state.en}  {when(one.posted_at)}" for one in page.mail),
    )
    _list(
        "Work",
        (
            f"{one.id}  {one.lane.en}  {one.template or (one.effect and one.effect.en)}  {one.state.en}"
            f"  tries {one.attempts}  {one.last_error}".rstrip()
            for one in page.work
        ),
    )


def _list(title: str, lines: Iterable[str]) -> None:
    found = list(lines)
    if found:
        click.echo(f"\n{title}")
        for one in found:
            click.echo(f"  {one.rstrip()}")
