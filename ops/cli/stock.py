"""`guanfang stock`: blank cards counted in from the maker's list, and the account of all cards (CRD-01)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from ops.cli.acting import acting, as_somebody
from ops.cli.group import FoundError, WrongUseError
from ops.cli.reading import reading

LARGEST_LIST = 1_000_000
"""Bytes: some thirty thousand serial numbers."""


@click.group()
def stock() -> None:
    """Count blank cards in, and show the account of cards."""


@stock.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--box", required=True, help="The number of the box they lie in.")
@click.option("--yes", is_flag=True, help="Count them in; without it the list is only read.")
@as_somebody
def add(source: Path, box: str, login: str, *, yes: bool, password_stdin: bool) -> None:
    """Count in the cards of a box: SOURCE is the maker's list, a chip's serial number at the start of each line.

    What follows a comma or a blank is passed over, and so are empty lines and those that begin with #.
    """
    from workflow.commands import AddStock
    from workflow.handlers import handle

    csns = _serials(source)
    twice = [csn for csn, count in Counter(csns).items() if count > 1]
    if twice:
        raise WrongUseError(f"{source} names cards twice: {', '.join(twice[:5])}")
    if not yes:
        click.echo(f"Would count {len(csns)} cards into box {box}. Add --yes to do it.")
        return
    with acting(login, from_stdin=password_stdin) as (office, actor):
        outcome = handle(office, AddStock(csns=csns, box=box), actor)
    click.echo(f"Box {box}: {outcome.created_id} cards are counted in.")


def _serials(source: Path) -> tuple[str, ...]:
    if source.stat().st_size > LARGEST_LIST:
        raise WrongUseError(f"{source} is larger than {LARGEST_LIST} bytes; count its boxes in one by one")
    try:
        # A list that was kept in Excel begins with a byte order mark.
        lines = source.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise WrongUseError(f"{source} is no text in UTF-8") from error
    wanted = (line.replace(",", " ").split() for line in lines if not line.lstrip().startswith("#"))
    csns = tuple(words[0].lower() for words in wanted if words)
    if not csns:
        raise WrongUseError(f"{source} names no card")
    return csns


@stock.command()
def show() -> None:
    """Show the account by box and by state; exit code 1 when it does not balance."""
    from workflow.views.cards import account

    with reading() as (connection, _clock):
        found = account(connection)
    for box in found.boxes:
        click.echo(
            f"box {box.box}: {box.counted_in} counted in, {box.blank} blank, {box.used} used, {box.spoiled} spoiled"
        )
    for state, count in found.by_state:
        click.echo(f"  {state.en:<20} {count:>6}")
    if not found.balances:
        raise FoundError("the account of cards does not balance: count, and look at the audit log")
    click.echo(f"The account balances: {found.counted_in} cards.")
