"""Acting from the command line: a member of the staff logs in, and the command is theirs in the audit log."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import click

from ops.cli.group import FoundError, WrongUseError
from ops.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from workflow.facts import Actor
    from workflow.office import Office


def as_somebody(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options --as and --password-stdin."""
    return _as(command, required=True)


def as_anybody(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that tells some people more than others the same options; nobody has to log in for it."""
    return _as(command, required=False)


def _as(command: Callable[..., Any], *, required: bool) -> Callable[..., Any]:
    for option in (
        click.option(
            "--password-stdin",
            is_flag=True,
            help="Read the password from standard input instead of asking.",
        ),
        _login_that_is_required() if required else _login_that_may_be_missing(),
    ):
        command = option(command)
    return command


def _login_that_is_required() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    # Any default, even None, counts as given to click, so that the option would not be asked for.
    return click.option("--as", "login", required=True, help="The login of whoever does this.")


def _login_that_may_be_missing() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option("--as", "login", default="", help="The login of whoever wants to know.")


@contextmanager
def acting(login: str, *, from_stdin: bool) -> Iterator[tuple[Office, Actor]]:
    """Log somebody in for one command; wrong passwords count and lock as on the pages."""
    with signing([login], from_stdin=from_stdin) as (office, people):
        yield office, people[0].actor


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who logged in, with the password that opens their signing key for this one command."""

    actor: Actor
    password: str = field(repr=False)


@contextmanager
def signing(logins: Sequence[str], *, from_stdin: bool) -> Iterator[tuple[Office, list[Person]]]:
    """Log in everybody who has to sign, one after the other; from standard input a password a line."""
    from ops.database import is_current
    from ops.wiring import build_office

    office = build_office(Settings.read())
    try:
        if not is_current(office.engine):
            raise FoundError("the database is not at the newest schema; run `guanfang db upgrade`")
        yield office, [_logged_in(office, login, from_stdin=from_stdin) for login in logins]
    finally:
        office.engine.dispose()


def _logged_in(office: Office, login: str, *, from_stdin: bool) -> Person:
    from workflow.commands import LogIn
    from workflow.facts import PUBLIC
    from workflow.handlers import handle

    password = _password(login, from_stdin=from_stdin)
    stranger = replace(PUBLIC, channel="cli")
    found = handle(office, LogIn(login=login, password=password), stranger).actor
    assert found is not None  # noqa: S101 - a log-in without a refusal tells who it is.
    return Person(replace(found, channel="cli"), password)


def _password(login: str, *, from_stdin: bool) -> str:
    if not from_stdin:
        return str(click.prompt(f"Password of {login}", hide_input=True))
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise WrongUseError(
            f"標準輸入缺少 {login} 的密碼，每人一行。 --password-stdin: there is no password on standard input for"
            f" {login}; give a line for each."
        )
    return password
