"""`guanfang ca retire`, `revoke` and `destroy`: an authority stops issuing, is revoked, or its key comes to its end."""

from __future__ import annotations

import click

from ops.cli.ca_people import by_people, present, say_dry_run, say_people
from ops.cli.cases import when
from ops.cli.group import FoundError
from ops.cli.reading import reading
from workflow.vocabulary import AuthorityRevocationReason, AuthorityState, KeyTask

REASON = click.option("--reason", required=True, help="Why, in a sentence; all who are present sign it.")


@click.command()
@click.argument("name", help="The authority's name, such as xca or xca-g2.")
@REASON
@by_people
def retire(name: str, reason: str, logins: tuple[str, ...], *, password_stdin: bool, yes: bool) -> None:
    """Let the authority NAME issue no more. It goes on signing lists and OCSP answers about what it issued."""
    from workflow.commands_of_authorities import RetireAuthority
    from workflow.handlers import handle

    _say_what_lives(name)
    say_people(KeyTask.RETIREMENT)
    if not yes:
        say_dry_run()
        return
    with present(logins, from_stdin=password_stdin) as (office, hands, actor):
        handle(office, RetireAuthority(name=name, reason=reason, hands=hands), actor)
    click.echo(f"{name} 已停止簽發。 {name} issues no more.")


@click.command()
@click.argument("name", help="The authority's name, such as xca or xca-g2.")
@click.option(
    "--because",
    "because",
    type=click.Choice([str(reason) for reason in AuthorityRevocationReason]),
    required=True,
    help="What lists and OCSP answers say.",
)
@REASON
@by_people
def revoke(
    name: str, because: str, reason: str, logins: tuple[str, ...], *, password_stdin: bool, yes: bool
) -> None:
    """Let the root revoke the certificate of the authority, or the link, NAME for ever: all under it is refused."""
    from workflow.commands_of_authorities import RevokeAuthority
    from workflow.handlers import handle

    told = AuthorityRevocationReason(because)
    _say_what_lives(name)
    click.echo(
        f"廢止原因：{told.zh}。經由它的憑證將全部不被信賴，且廢止後不能回復。\n"
        f"Reason: {told.en}. Relying parties refuse all that goes through it, and a revocation is never taken back."
    )
    say_people(KeyTask.REVOCATION)
    if not yes:
        say_dry_run()
        return
    with present(logins, from_stdin=password_stdin) as (office, hands, actor):
        command = RevokeAuthority(name=name, reason=told, explanation=reason, hands=hands)
        handle(office, command, actor)
    click.echo(
        f"{name} 的憑證已廢止，worker 即公布新清冊。 {name} is revoked; a worker publishes the root's list at once."
    )


@click.command()
@click.argument("name", help="The authority's name, such as xca or xca-g2.")
@REASON
@click.option(
    "--force", is_flag=True, help="Even while certificates live that it issued, or while it issues."
)
@by_people
def destroy(
    name: str, reason: str, logins: tuple[str, ...], *, force: bool, password_stdin: bool, yes: bool
) -> None:
    """Sign last lists that hold until the authority NAME itself ends, and destroy its key for ever."""
    from workflow.commands_of_authorities import DestroyAuthority
    from workflow.handlers import handle
    from workflow.key_tasks import finish

    if _say_what_lives(name) and not force:
        click.echo(
            "仍在簽發或仍有未到期憑證，未加 --force 將不予執行。\n"
            "It still issues, or certificates of it live: without --force this will be refused."
        )
    click.echo(
        "將簽發最後一份廢止清冊（效期至該憑證機構憑證到期日），其後 OCSP 不再回應，金鑰無法回復。\n"
        "A last CRL is signed that holds until the authority's certificate ends. OCSP answers no more, and nothing"
        " brings the key back."
    )
    say_people(KeyTask.DESTRUCTION)
    if not yes:
        say_dry_run()
        return
    with present(logins, from_stdin=password_stdin) as (office, hands, actor):
        command = DestroyAuthority(name=name, reason=reason, forced=force, hands=hands)
        finish(office, handle(office, command, actor).created_id or 0)
    click.echo(f"{name} 的金鑰已銷毀。 The key of {name} is destroyed.")


def _say_what_lives(name: str) -> bool:
    """Show an authority, or a link, and return whether it is still needed."""
    from workflow.views.authorities import authorities, living
    from workflow.views.root_links import root_links

    with reading() as (connection, clock):
        link = next((one for one in root_links(connection) if one.name == name), None)
        if link is not None:
            click.echo(
                f"{link.name}  連結憑證 link: {link.signer} → {link.subject}，至 until {when(link.not_after)}"
            )
            return False
        one = next((one for one in authorities(connection) if one.name == name), None)
        if one is None:
            raise FoundError(
                f"沒有名為「{name}」的憑證機構。 There is no authority {name}; see `guanfang ca list`."
            )
        count, last = living(connection, name, clock.now())
    click.echo(f"{one.name}  {one.state.zh} {one.state.en}  {one.subject}")
    until = f"，最後一張至 {when(last)} the last until {when(last)}" if last else ""
    click.echo(f"未到期憑證 {count} 張 certificates that have not ended: {count}{until}")
    return count > 0 or one.state is AuthorityState.ACTIVE
