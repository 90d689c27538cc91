"""`guanfang crl lift`: numbers of lists that go on rising after a database was restored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.cli.group import FoundError, WrongUseError
from ops.cli.operating import operating
from ops.cli.reading import reading

if TYPE_CHECKING:
    import sqlalchemy as sa


@click.command()
@click.option("--authority", required=True, help="The authority, such as gca or root.")
@click.option(
    "--list",
    "published",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A list that was published in DER, from a mirror or a cache; its signature is verified.",
)
@click.option(
    "--to", "number", type=click.IntRange(min=1), help="The highest number that was ever published."
)
@click.option("--yes", is_flag=True, help="Do it; without it the command only says what it would do.")
def lift(authority: str, published: Path | None, number: int | None, *, yes: bool) -> None:
    """Let the next lists of an authority have a number above one that relying parties know, as after a restore."""
    from workflow.commands_of_performers import LiftCrlNumber
    from workflow.handlers import handle
    from workflow.store.crl_lists import newest_list

    if (published is None) == (number is None):
        raise WrongUseError("give either --list, a list that was published, or --to, its number")
    with reading() as (connection, _):
        certificate = _certificate(connection, authority)
        newest = newest_list(connection, authority)
    above = number if published is None else _number_in(certificate, authority, published)
    assert above is not None  # noqa: S101 - one of the two was given.
    known = newest.number if newest else 0
    click.echo(f"{authority}：帳上最新編號 newest number on record {known}，已公布 published {above}")
    if above <= known:
        click.echo("編號無須提高。 There is nothing to lift.")
        return
    if not yes:
        click.echo(f"Would lift the number above {above} and publish all lists anew. Add --yes to do it.")
        return
    with operating() as (office, operator):
        lifted = handle(office, LiftCrlNumber(authority=authority, above=above), operator).created_id
    click.echo(f"{authority} 的下一份清冊編號將高於 {lifted}。 The next lists come after {lifted}.")


def _certificate(connection: sa.Connection, authority: str) -> bytes:
    from workflow.views.repository import certificate_in

    certificate = certificate_in(connection, authority)
    if certificate is None:
        raise FoundError(f"there is no authority called {authority!r}; see `guanfang ca list`")
    return certificate


def _number_in(certificate: bytes, authority: str, published: Path) -> int:
    """Return the number of a published list that the authority signed."""
    from pki.crl import list_number
    from pki.errors import CrlRefusedError

    try:
        return list_number(published.read_bytes(), certificate)
    except CrlRefusedError as error:
        raise FoundError(
            f"不是 {authority} 所簽的清冊。 {published} is no list of {authority}: {error.message}"
        ) from error
