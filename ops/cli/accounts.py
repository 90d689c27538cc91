"""`guanfang accounts`: the accounts of the staff."""

from __future__ import annotations

import sys

import click

from ops.cli.group import WrongUseError
from ops.cli.reading import reading
from ops.settings import Settings
from workflow.views import accounts as view
from workflow.vocabulary import STAFF_ROLES, Role


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
