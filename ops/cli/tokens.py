"""`guanfang token`: tokens of the programming interface, made by one person and confirmed by another."""

from __future__ import annotations

import click

from ops.cli.acting import acting, as_somebody
from ops.cli.cases import when
from ops.cli.reading import each, reading
from workflow.vocabulary import ApiScope


@click.group()
def token() -> None:
    """Make, confirm, list and revoke programs' tokens for the API."""


@token.command()
@click.argument("name", help="The token's name.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([str(scope) for scope in ApiScope]),
    help="What it may do; once for each.",
)
@click.option("--days", default=90, show_default=True, help="How long it lasts; at most 366.")
@as_somebody
def add(name: str, scopes: tuple[str, ...], days: int, login: str, *, password_stdin: bool) -> None:
    """Make a token called NAME (administrator). Its text is shown this once."""
    from workflow.commands_of_repository import AddApiToken
    from workflow.handlers import handle

    command = AddApiToken(name=name, scopes=tuple(ApiScope(scope) for scope in scopes), days=days)
    with acting(login, from_stdin=password_stdin) as (office, actor):
        outcome = handle(office, command, actor)
    click.echo("Keep this token; it is not shown again:", err=True)
    click.echo(outcome.secret)
    if ApiScope.SUBMIT in command.scopes:
        click.echo(f"A second reviewer has to let it in: guanfang token confirm {name} --as LOGIN", err=True)


@token.command()
@click.argument("name", help="The token's name.")
@as_somebody
def confirm(name: str, login: str, *, password_stdin: bool) -> None:
    """Let a token that may submit requests come into force (second reviewer, another person)."""
    from workflow.commands_of_repository import ConfirmApiToken
    from workflow.handlers import handle

    with acting(login, from_stdin=password_stdin) as (office, actor):
        handle(office, ConfirmApiToken(name=name), actor)
    click.echo(f"The token {name} is in force.")


@token.command()
@click.argument("name", help="The token's name.")
@click.option("--reason", required=True, help="Goes into the audit log.")
@click.option("--yes", is_flag=True, help="Revoke it; without it the command only says what it would do.")
@as_somebody
def revoke(name: str, reason: str, login: str, *, password_stdin: bool, yes: bool) -> None:
    """Put a token out of use for good."""
    if not yes:
        click.echo(f"Would revoke the token {name}. Add --yes to do it.")
        return
    from workflow.commands_of_repository import RevokeApiToken
    from workflow.handlers import handle

    with acting(login, from_stdin=password_stdin) as (office, actor):
        handle(office, RevokeApiToken(name=name, reason=reason), actor)
    click.echo(f"The token {name} is revoked.")


@token.command("list")
def list_all() -> None:
    """List the tokens, never their texts."""
    from workflow.views.tokens import tokens

    with reading() as (connection, clock):
        for one in each(tokens(connection, clock.now())):
            used = f"used {when(one.last_used_at)}" if one.last_used_at else "never used"
            scopes = ",".join(map(str, one.scopes))
            click.echo(
                f"{one.name:<20}  {one.state.en:<12}  {scopes:<12}  until {when(one.expires_at)}  {used}"
                f"  by {one.made_by}"
            )
