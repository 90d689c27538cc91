"""`guanfang accounts`: the accounts of the staff."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ops.cli.acting import acting, signing
from ops.cli.cases import when
from ops.cli.group import WrongUseError
from ops.cli.reading import each, line, reading
from ops.settings import Settings
from workflow.errors import NotFound, Refused
from workflow.views import accounts as view
from workflow.vocabulary import STAFF_ROLES, Role

if TYPE_CHECKING:
    from collections.abc import Callable


@click.group()
def accounts() -> None:
    """Propose, confirm, add and list accounts, and make their cards."""


def _as_administrator(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options --as and --password-stdin; LOGIN is somebody else."""
    stdin = click.option("--password-stdin", is_flag=True, help="Read passwords and PIN from standard input.")
    who = click.option("--as", "as_login", required=True, help="The login of whoever does this.")
    return stdin(who(command))


def _new(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command what says who the new account is for."""
    roles = click.Choice(sorted(str(role) for role in STAFF_ROLES))
    for option in (
        click.option("--same-person-as", metavar="LOGIN", help="The person has this account already."),
        click.option("--window", help="The window of a first reviewer, by name."),
        click.option(
            "--role", "roles", multiple=True, required=True, type=roles, help="A role to give; once for each."
        ),
        click.option("--name", required=True, help="The natural person's name."),
        click.argument("login", help="The name to log in with."),
    ):
        command = option(command)
    return command


@accounts.command()
@_new
@click.option(
    "--alone-because", metavar="REASON", default="", help="Break the glass: give a trusted role alone."
)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking."
)
def add(roles: tuple[str, ...], *, password_stdin: bool, **given: Any) -> None:
    """Add an account; a person who has one already is named by its login, so that four eyes stay two people's.

    Once a ceremony was held, or two administrators are there, trusted roles are proposed and confirmed instead. With
    --alone-because the account is made all the same; the alarm stands until an auditor confirms it.
    """
    from ops.accounts import NewAccount
    from ops.accounts import add as add_account
    from ops.wiring import build_office

    office = build_office(Settings.read())
    password = _password(from_stdin=password_stdin)
    try:
        new = NewAccount(roles=frozenset(map(Role, roles)), password=password, **given)
        click.echo(f"Account {new.login} was added with number {add_account(office, new)}.")
    finally:
        office.engine.dispose()


@accounts.command()
@_new
@_as_administrator
def propose(roles: tuple[str, ...], as_login: str, *, password_stdin: bool, **given: Any) -> None:
    """Propose an account (administrator); the new person types its password after the proposer has typed theirs."""
    from workflow.commands_of_people import ProposeAccount
    from workflow.handlers import handle

    with signing([as_login], from_stdin=password_stdin) as (office, people):
        password = _password(from_stdin=password_stdin)
        command = ProposeAccount(
            roles=frozenset(map(Role, roles)), password=password, signing_password=people[0].password, **given
        )
        digest = handle(office, command, people[0].actor).number
    click.echo(
        f"已提議，請另一位管理員確認。 Proposed. Another administrator confirms it, fingerprint {digest}."
    )


@accounts.command()
def proposals() -> None:
    """List accounts that wait to be confirmed: proposed ones, and those that were made alone."""
    with reading() as (connection, _clock):
        for one in each(view.proposals(connection)):
            _show(one)


@accounts.command()
@click.argument("login", help="The account's name to log in with.")
@click.option(
    "--fingerprint", help="What was shown, in full: confirm exactly that; without it LOGIN is only shown."
)
@_as_administrator
def confirm(login: str, fingerprint: str | None, as_login: str, *, password_stdin: bool) -> None:
    """Confirm the proposal of LOGIN (another administrator), or an account made alone (auditor)."""
    from workflow.commands_of_people import ConfirmProposal
    from workflow.handlers import handle

    if fingerprint is None:
        with reading() as (connection, _clock):
            found = view.proposals(connection, login)
        if not found:
            raise NotFound("account.not_proposed", login=login)
        _show(found[0])
        click.echo(
            "未確認；加上 --fingerprint 及上列指紋。 Nothing was confirmed. Add --fingerprint with what stands above."
        )
        return
    with signing([as_login], from_stdin=password_stdin) as (office, people):
        command = ConfirmProposal(
            login=login, seen_sha256=fingerprint.strip().lower(), password=people[0].password
        )
        handle(office, command, people[0].actor)
    click.echo(f"帳號已確認。 The account {login} is confirmed.")


@accounts.command()
@click.argument("login", help="The account's name to log in with.")
@click.option("--reason", required=True, help="Goes into the audit log.")
@_as_administrator
def withdraw(login: str, reason: str, as_login: str, *, password_stdin: bool) -> None:
    """Take the proposal of LOGIN back, or turn it down (administrator)."""
    from workflow.commands_of_people import WithdrawProposal
    from workflow.handlers import handle

    with acting(as_login, from_stdin=password_stdin) as (office, actor):
        handle(office, WithdrawProposal(login=login, reason=reason), actor)
    click.echo(f"提議已撤回。 The proposal of {login} is withdrawn.")


def _show(one: view.ProposalSeen) -> None:
    line("Account", one.login)
    line("Person", " = ".join((one.person, *one.same_person_as)))
    line("Roles", ", ".join(f"{role.zh} {role.en}" for role in one.roles))
    line("Window", one.window or "")
    line("State", f"{one.state.zh} {one.state.en}")
    line("Proposed", f"{when(one.proposed_at)} {one.proposed_by}")
    line("Reason", one.reason)
    line("Fingerprint", one.sha256)


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


@accounts.command()
@click.argument("login", help="The account's name to log in with.")
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


@accounts.command("card-unblock")
@click.argument("login", help="The account's name to log in with.")
@click.option("--reader", required=True, help="The reader that holds the card of LOGIN.")
@_as_administrator
def card_unblock(login: str, reader: str, as_login: str, *, password_stdin: bool) -> None:
    """Unblock the card of LOGIN; an administrator (--as) does, and its holder types a password and a new PIN."""
    from workflow.staff_cards import Order, unblock_staff_card

    with acting(as_login, from_stdin=password_stdin) as (office, who):
        password = _typed(f"Password of {login}", from_stdin=password_stdin)
        pin = _typed("新 PIN 碼 New PIN", from_stdin=password_stdin, twice=True)
        unblock_staff_card(office, Order(login, reader, password, pin), who)
    click.echo(f"卡片已解鎖。 The card of {login} is unblocked and has its new PIN.")


@accounts.command("card-end")
@click.argument("login", help="The account's name to log in with.")
@click.option("--reason", required=True, help="Why, such as: lost.")
@click.option("--compromised", is_flag=True, help="Somebody else may know the PIN and have the card.")
@click.option("--yes", is_flag=True, help="End it; without it the command only says what it would do.")
@_as_administrator
def card_end(
    login: str, reason: str, as_login: str, *, compromised: bool, yes: bool, password_stdin: bool
) -> None:
    """End the card of LOGIN, as when it is lost: the account can't use it, and its certificate is revoked."""
    from workflow.commands_of_staff_cards import EndStaffCard
    from workflow.handlers import handle

    if not yes:
        number = _card_of(login)
        click.echo(f"將停用卡片 {number} 並廢止其憑證，無法復原；加上 --yes 執行。")
        click.echo(
            f"Would end card {number} of {login} and revoke its certificate for ever. Add --yes to do it."
        )
        return
    with acting(as_login, from_stdin=password_stdin) as (office, who):
        handle(office, EndStaffCard(login=login, reason=reason, compromised=compromised), who)
    click.echo(f"卡片已停用、憑證已廢止。 The card of {login} is ended and its certificate revoked.")


def _card_of(login: str) -> str:
    """Return the number of the card that an account has in use; Refused without one."""
    from workflow.views.account_list import all_accounts

    with reading() as (connection, clock):
        found = [one.card_number for one in all_accounts(connection, clock.now()) if one.login == login]
    if not found or found[0] is None:
        raise Refused("staff_card.none", login=login)
    return found[0]


def _typed(what: str, *, from_stdin: bool, twice: bool = False) -> str:
    if not from_stdin:
        return str(click.prompt(what, hide_input=True, confirmation_prompt=twice))
    return sys.stdin.readline().rstrip("\n")
