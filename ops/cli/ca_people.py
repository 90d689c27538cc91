"""The people present at a command on authorities' keys: each logs in, one after the other, with a password of their own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ops.cli.acting import signing
from ops.cli.group import WrongUseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workflow.commands_of_authorities import Hand
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.vocabulary import KeyDuty, KeyTask


def by_people(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options --with, --password-stdin and --yes."""
    for option in (
        click.option("--yes", is_flag=True, help="Do it; without it the command only says what it would do."),
        click.option(
            "--password-stdin",
            is_flag=True,
            help="Read the passwords from standard input, a line each in the order of the logins.",
        ),
        click.option(
            "--with",
            "logins",
            multiple=True,
            metavar="LOGIN",
            help="One of the people present; once for each.",
        ),
    ):
        command = option(command)
    return command


@contextmanager
def present(logins: tuple[str, ...], *, from_stdin: bool) -> Iterator[tuple[Office, tuple[Hand, ...], Actor]]:
    """Log all of them in; the first is the actor whom the audit log names beside the signatures of all."""
    from workflow.commands_of_authorities import Hand

    if not logins:
        raise WrongUseError(
            "請以 --with 指明在場人員，每人一次。 Name the people present with --with, once for each."
        )
    with signing(logins, from_stdin=from_stdin) as (office, people):
        hands = tuple(Hand(one.actor.account_id or 0, one.password) for one in people)
        yield office, hands, people[0].actor


def say_people(task: KeyTask | KeyDuty) -> None:
    """Say whom it takes."""
    from workflow.policies.trusted_people import PEOPLE

    zh = "、".join(f"{role.zh} {count} 人" for role, count in PEOPLE[task].items())
    en = ", ".join(f"{count} × {role.en}" for role, count in PEOPLE[task].items())
    click.echo(f"須在場：{zh}。 Needed: {en}.")


def say_dry_run() -> None:
    """Say that nothing was done."""
    click.echo(
        "僅為試行，未變更任何資料；加上 --yes 執行。 A dry run, nothing was changed. Add --yes to do it."
    )
