"""`guanfang ca`: the authorities, the generations of their keys, and where each key is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ops.cli.acting import acting, as_somebody
from ops.cli.ca_activation import activate, deactivate, keeper, shares, status
from ops.cli.ca_ceremony import ceremony, record
from ops.cli.ca_endings import destroy, retire, revoke
from ops.cli.ca_people import say_dry_run
from ops.cli.ca_restore import restore
from ops.cli.ca_rollover import abort, leave, rollover, tasks
from ops.cli.cases import when
from ops.cli.group import FoundError
from ops.cli.reading import each, reading

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.views.authorities import AuthorityLine
    from workflow.views.root_links import LinkLine
    from workflow.vocabulary import AuthorityRevocationReason


@click.group()
def ca() -> None:
    """Look after the certification authorities and their keys."""


@ca.command("list")
def list_authorities() -> None:
    """List all authorities, OCSP responders and links between roots, with the state and the place of each key."""
    from workflow.views.authorities import authorities
    from workflow.views.root_links import root_links

    with reading() as (connection, _):
        for one in each(authorities(connection)):
            click.echo(f"{one.name:<12} {one.state.zh} {one.state}  {one.place:<9} {one.not_after:%Y-%m-%d}")
        for link in root_links(connection):
            state = "已廢止 revoked" if link.revocation else "連結憑證 link"
            click.echo(f"{link.name}  {state}  {link.not_after:%Y-%m-%d}")


@ca.command()
@click.argument("name", help="The authority's name, such as xca or xca-g2.")
def show(name: str) -> None:
    """Show one authority or link: its certificate, its key and the fingerprint to compare over the telephone."""
    from workflow.views.authorities import authorities
    from workflow.views.root_links import root_links

    with reading() as (connection, _):
        found = next((one for one in authorities(connection) if one.name == name), None)
        link = next((one for one in root_links(connection) if one.name == name), None)
    if link is not None:
        said = _lines_of_link(link)
    elif found is not None:
        said = _lines(found)
    else:
        raise FoundError(
            f"沒有名為「{name}」的憑證機構。 There is no authority {name}; see `guanfang ca list`."
        )
    for label, value in said:
        click.echo(f"{label:<12} {value}")


@ca.command()
@click.argument("name", type=click.Choice(["gca", "xca", "moica"]), help="The CA.")
@click.option("--yes", is_flag=True, help="Do it; without it the command only says what it would do.")
@as_somebody
def registration(name: str, login: str, *, password_stdin: bool, yes: bool) -> None:
    """Give a CA's registration authority another key and certificate, as after a revocation; administrators only."""
    if not yes:
        say_dry_run()
        return
    from pki.certificates import read_certificate
    from workflow import registration as desk
    from workflow.vocabulary import Ca

    with acting(login, from_stdin=password_stdin) as (office, who):
        desk.new_key(office, Ca(name), who)
        fields = read_certificate(desk.registration(office, Ca(name)).certificate)
    click.echo(f"註冊中心憑證已換發。 The registration authority of {name} has another certificate:")
    click.echo(f"serial {fields.serial:032x}, valid to {fields.not_after:%Y-%m-%d}")


def _lines(one: AuthorityLine) -> list[tuple[str, str]]:
    return [
        ("name", one.name),
        ("generation", str(one.generation)),
        ("state", f"{one.state.zh} {one.state.en}"),
        ("subject", one.subject),
        ("valid", f"{one.not_before:%Y-%m-%d} – {one.not_after:%Y-%m-%d}"),
        ("key", one.reference or one.place),
        ("sha256", one.fingerprint),
        *((("revoked", _revoked(*one.revocation)),) if one.revocation else ()),
    ]


def _lines_of_link(one: LinkLine) -> list[tuple[str, str]]:
    return [
        ("name", one.name),
        ("subject", one.subject),
        ("signed by", one.signer),
        ("valid", f"{one.not_before:%Y-%m-%d} – {one.not_after:%Y-%m-%d}"),
        ("sha256", ":".join(one.sha256[at : at + 4] for at in range(0, len(one.sha256), 4))),
        *((("revoked", _revoked(*one.revocation)),) if one.revocation else ()),
    ]


def _revoked(at: datetime, reason: AuthorityRevocationReason) -> str:
    return f"{when(at)} {reason.zh} {reason.en}"


for command in (ceremony, record, rollover, restore, retire, revoke, destroy, tasks, abort, leave):
    ca.add_command(command)
for command in (shares, activate, deactivate, status, keeper):
    ca.add_command(command)
