"""`guanfang accounts`: the accounts of the staff."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ops.cli.acting import acting
from ops.cli.group import WrongUseError
from ops.cli.reading import reading
from ops.settings import Settings
from workflow.views import accounts as view
from workflow.vocabulary import STAFF_ROLES, Role

if TYPE_CHECKING:
    from collections.abc import Callable


@click.group()
def accounts() -> None:
    """Add and list accounts."""


@accounts.command()
@click.argument("login")
@click.option("--name", required=True, help="The natural person's name.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice(sorted(str(role) for role in STAFF_ROLES)),
)
@click.option("--window", help="The window of a first reviewer, by name.")
@click.option("--same-person-as", metavar="LOGIN", help="The person has this account already.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking."
)
def add(
    login: str,
    name: str,
    roles: tuple[str, ...],
    window: str | None,
    same_person_as: str | None,
    *,
    password_stdin: bool,
) -> None:
    """Add an account; a person who has one already is named by its login, so that four eyes stay two people's."""
    from ops.accounts import NewAccount
    from ops.accounts import add as add_account
    from ops.wiring import build_office

    office = build_office(Settings.read())
    password = _password(from_stdin=password_stdin)
    try:
        new = NewAccount(login, name, frozenset(map(Role, roles)), password, window, same_person_as)
        click.echo(f"Account {login} was added with number {add_account(office, new)}.")
    finally:
        office.engine.dispose()


def _password(*, from_stdin: bool) -> str:
    if not from_stdin:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise WrongUseError("there is no password on standard input")
    return password


@accounts.command("list")
def list_all() -> None:
    """List the accounts."""
    with reading() as (connection, _clock):
        for one in view.everybody(connection):
            roles = ", ".join(map(str, one.roles))
            click.echo(
                "  ".join(part for part in (f"{one.login:<12}", one.person, roles, one.window or "") if part)
            )


def _as_administrator(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options --as and --password-stdin; LOGIN is somebody else."""
    stdin = click.option("--password-stdin", is_flag=True, help="Read passwords and PIN from standard input.")
    who = click.option(
        "--as", "as_login", required=True, help="The login of the administrator who does this."
    )
    return stdin(who(command))


@accounts.command()
@click.argument("login")
@click.option("--reader", required=True, help="The reader that holds a blank card.")
@_as_administrator
def card(login: str, reader: str, as_login: str, *, password_stdin: bool) -> None:
    """Make a card for LOGIN; an administrator (--as) makes it, and its holder types a password and the PIN."""
    from workflow.staff_cards import Order, make_staff_card

    with acting(as_login, from_stdin=password_stdin) as (office, who):
        password = _typed(f"Password of {login}", from_stdin=password_stdin)
        pin = _typed("新 PIN 碼 New PIN", from_stdin=password_stdin, twice=True)
        number = make_staff_card(office, Order(login, reader, password, pin), who)
    click.echo(f"卡片已製成。 The card {number} of {login} is made and may be used.")


@accounts.command("card-end")
@click.argument("login")
@click.option("--reason", required=True, help="Why, such as: lost.")
@click.option("--compromised", is_flag=True, help="Somebody else may know the PIN and have the card.")
@_as_administrator
def card_end(login: str, reason: str, as_login: str, *, compromised: bool, password_stdin: bool) -> None:
    """End the card of LOGIN, as when it is lost: the account can't use it, and its certificate is revoked."""
    from workflow.commands_of_staff_cards import EndStaffCard
    from workflow.handlers import handle

    with acting(as_login, from_stdin=password_stdin) as (office, who):
        handle(office, EndStaffCard(login=login, reason=reason, compromised=compromised), who)
    click.echo(f"卡片已停用、憑證已廢止。 The card of {login} is ended and its certificate revoked.")


def _typed(what: str, *, from_stdin: bool, twice: bool = False) -> str:
    if not from_stdin:
        return str(click.prompt(what, hide_input=True, confirmation_prompt=twice))
    return sys.stdin.readline().rstrip("\n")
