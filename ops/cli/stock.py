"""`guanfang stock`: the card stock, counted by two people, and the account of all cards (CRD-01, CRD-02)."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ops.cli.acting import acting, as_anybody, as_somebody
from ops.cli.group import FoundError, WrongUseError
from ops.cli.reading import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forms.csn_list import ListedBox
    from workflow.commands import Command
    from workflow.facts import Actor
    from workflow.outcome import Outcome
    from workflow.views.cards import Account

LARGEST_LIST = 1_000_000
"""Bytes: more than the cards that one list may hold."""
SHOWN = 20


@click.group()
def stock() -> None:
    """Keep the stock of cards and its account.

    Boxes are taken in, counted and carried; the day is closed, and what differs is settled.
    """


@stock.command()
@click.argument(
    "source", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The maker's list."
)
@click.option("--order", default="", help="The maker's order number, where the list does not say it.")
@click.option("--box", default="", help="The number of the box, where the list does not say it.")
@click.option(
    "--place", type=int, default=0, help="The store into which they will be counted; else the vault."
)
@click.option("--yes", is_flag=True, help="Take them in; without it the list is only read.")
@as_somebody
def receive(  # noqa: PLR0913 - one parameter an option.
    source: Path, order: str, box: str, place: int, login: str, *, yes: bool, password_stdin: bool
) -> None:
    """Take delivered boxes in: SOURCE is the maker's list, CSV with heads or a serial number or range a line.

    Somebody else has to count each box before its cards are stock.
    """
    from workflow.commands_of_stock import ReceiveBoxes

    boxes = _boxes(source, order, box)
    for one in boxes:
        click.echo(f"Order {one.order}, box {one.number}: {len(one.cards)} cards")
    if not yes:
        click.echo("Nothing is taken in. Add --yes to do it.")
        return
    command = ReceiveBoxes(
        place_id=place,
        boxes=tuple((one.order, one.number) for one in boxes),
        cards=tuple((at, line, csn) for at, one in enumerate(boxes) for line, csn in one.cards),
    )
    outcome = _do(command, login, password_stdin=password_stdin)
    click.echo(f"{outcome.created_id} cards are taken in and wait to be counted by somebody else.")


def _boxes(source: Path, order: str, box: str) -> tuple[ListedBox, ...]:
    from forms.csn_list import BadList, read_csn_list

    if source.stat().st_size > LARGEST_LIST:
        raise WrongUseError(f"{source} is larger than {LARGEST_LIST} bytes; take its boxes in one by one")
    try:
        return read_csn_list(source.read_text(encoding="utf-8-sig"), order, box)
    except UnicodeDecodeError as error:
        raise WrongUseError(f"{source} is no text in UTF-8") from error
    except BadList as error:
        said = [f"line {one.line}: {one.en}" for one in error.problems[:SHOWN]]
        raise WrongUseError("\n".join([f"{source} is refused:", *said])) from error


@stock.command()
@click.argument("number", type=int, help="The box's number, as the stock pages say it.")
@click.option("--counted", type=int, required=True, help="How many cards are in the box.")
@as_somebody
def count(number: int, counted: int, login: str, *, password_stdin: bool) -> None:
    """Count the delivered box NUMBER, as another person than took it in."""
    from workflow.commands_of_stock import CountBox

    outcome = _do(CountBox(box_id=number, counted=counted), login, password_stdin=password_stdin)
    _say_counted(outcome)


@stock.command("hand-out")
@click.option("--from", "source", type=int, required=True, help="The store from which they go.")
@click.option("--to", "dest", type=int, required=True, help="The store to which they go.")
@click.option("--box", default="", help="A whole box, as the cards name it: order/number.")
@click.option("--card", "cards", multiple=True, help="A chip's serial number; may be repeated.")
@as_somebody
def hand_out(
    source: int, dest: int, box: str, cards: tuple[str, ...], login: str, *, password_stdin: bool
) -> None:
    """Hand blank cards out to another store; somebody else takes them in there."""
    from workflow.commands_of_stock import HandOut

    command = HandOut(from_id=source, to_id=dest, box=box, csns=cards)
    outcome = _do(command, login, password_stdin=password_stdin)
    click.echo(f"Move {outcome.created_id} is on its way. Somebody else takes it in.")


@stock.command("take-in")
@click.argument("number", type=int, help="The move's number, as it was said when the cards were handed out.")
@click.option("--counted", type=int, required=True, help="How many cards came.")
@as_somebody
def take_in(number: int, counted: int, login: str, *, password_stdin: bool) -> None:
    """Count and receive the move NUMBER, as another person than handed it out."""
    from workflow.commands_of_stock import TakeIn

    outcome = _do(TakeIn(move_id=number, counted=counted), login, password_stdin=password_stdin)
    _say_counted(outcome)


@stock.command("count-place")
@click.argument("place", type=int, help="The place's number, as `guanfang stock places` says it.")
@click.option("--counted", type=int, required=True, help="How many cards lie there.")
@as_somebody
def count_place(place: int, counted: int, login: str, *, password_stdin: bool) -> None:
    """Count the place PLACE at the end of the day."""
    from workflow.commands_of_stock import CountPlace

    outcome = _do(CountPlace(place_id=place, counted=counted), login, password_stdin=password_stdin)
    click.echo(f"Account {outcome.created_id}.")
    _say_counted(outcome)


@stock.command()
@click.argument("account", type=int, help="The account's number, as it was said when the place was counted.")
@as_somebody
def confirm(account: int, login: str, *, password_stdin: bool) -> None:
    """Confirm the account ACCOUNT, as another person than counted; it is closed thereby."""
    from workflow.commands_of_stock import ConfirmAccount

    _do(ConfirmAccount(account_id=account), login, password_stdin=password_stdin)
    click.echo(f"Account {account} is closed.")


@stock.command()
@click.argument("number", type=int, help="The difference's number, as the stock pages say it.")
@click.option("--recounted", type=int, required=True, help="How many cards there are, counted again.")
@click.option("--missing", multiple=True, help="The serial number of a card that is not there.")
@click.option("--reason", required=True, help="How the difference came about.")
@click.option(
    "--yes",
    is_flag=True,
    help="Settle it; without it the command only says what it would do, or why it can't.",
)
@as_somebody
def settle(  # noqa: PLR0913 - one parameter an option.
    number: int,
    recounted: int,
    missing: tuple[str, ...],
    reason: str,
    login: str,
    *,
    yes: bool,
    password_stdin: bool,
) -> None:
    """Settle the difference NUMBER, as somebody who did not handle the cards."""
    from workflow.commands_of_stock import SettleDifference
    from workflow.views.stock import difference

    command = SettleDifference(difference_id=number, recounted=recounted, missing=missing, reason=reason)
    if not yes:
        with _rehearsed(command, login, from_stdin=password_stdin) as connection:
            # What the books expect is told to nobody who counts.
            place = difference(connection, frozenset(), number).place
        gone = ", ".join(missing) or "none"
        click.echo(f"Would settle difference {number} at {place} for good: {recounted} cards are there.")
        click.echo(f"Written off as missing: {gone}. Add --yes to do it.")
        return
    _do(command, login, password_stdin=password_stdin)
    click.echo(f"Difference {number} is settled.")


@stock.command()
@click.argument("csn", help="The card's chip serial number.")
@click.option("--reason", required=True, help="Where and how it was found.")
@as_somebody
def found(csn: str, reason: str, login: str, *, password_stdin: bool) -> None:
    """Put the missing card CSN, which turned up again, into quarantine, where somebody else settles it."""
    from workflow.commands_of_stock import ReportFound

    _do(ReportFound(csn=csn, reason=reason), login, password_stdin=password_stdin)
    click.echo(f"Card {csn} is in quarantine. Somebody else settles it.")


@stock.command()
@click.option("--card", "cards", multiple=True, required=True, help="A serial number; may be repeated.")
@click.option("--method", required=True, help="How they are destroyed, such as shredding.")
@as_somebody
def destroy(cards: tuple[str, ...], method: str, login: str, *, password_stdin: bool) -> None:
    """Put spoiled cards up for destruction; somebody else witnesses it."""
    from workflow.commands_of_stock import ProposeDestruction

    outcome = _do(ProposeDestruction(csns=cards, method=method), login, password_stdin=password_stdin)
    click.echo(f"Destruction {outcome.created_id} waits for a witness.")


@stock.command()
@click.argument(
    "number", type=int, help="The destruction's number, as it was said when the cards were put up."
)
@click.option(
    "--yes",
    is_flag=True,
    help="Record it; without it the command only names the cards, or says why it can't.",
)
@as_somebody
def witness(number: int, login: str, *, yes: bool, password_stdin: bool) -> None:
    """Record that one saw the cards of destruction NUMBER destroyed, as another person than put them up."""
    from workflow.commands_of_stock import WitnessDestruction
    from workflow.views.stock import destruction

    command = WitnessDestruction(destruction_id=number)
    if not yes:
        with _rehearsed(command, login, from_stdin=password_stdin) as connection:
            found = destruction(connection, number)
        click.echo(f"Would record for good that {len(found.csns)} cards were destroyed ({found.method}):")
        click.echo(f"{', '.join(found.csns)}. Add --yes to do it.")
        return
    _do(command, login, password_stdin=password_stdin)
    click.echo(f"Destruction {number} is witnessed.")


@stock.command("add-place")
@click.argument("name", help="The store's name.")
@click.option(
    "--kind", type=click.Choice(["vault", "line", "desk"]), required=True, help="What kind of store it is."
)
@click.option("--english", default="", help="Its name in English.")
@as_somebody
def add_place(name: str, kind: str, english: str, login: str, *, password_stdin: bool) -> None:
    """Open another store called NAME; an administrator does it."""
    from workflow.commands_of_stock import AddPlace

    command = AddPlace(kind=kind, name=name, english=english)
    outcome = _do(command, login, password_stdin=password_stdin)
    click.echo(f"Place {outcome.created_id} is open.")


@stock.command("take-up")
@click.option("--yes", is_flag=True, help="Do it; without it nothing happens.")
@as_somebody
def take_up(login: str, *, yes: bool, password_stdin: bool) -> None:
    """Book in the cards that were here before the stock had books.

    It is done once, after an upgrade: each card gets the place that its state says.
    """
    from workflow.commands_of_stock import TakeUpCards

    if not yes:
        click.echo("Cards without a place would get one by their state. Add --yes to do it.")
        return
    outcome = _do(TakeUpCards(), login, password_stdin=password_stdin)
    click.echo(f"{outcome.created_id} cards are taken up. Count each place now, and confirm its account.")


@stock.command()
@as_anybody
def places(login: str, *, password_stdin: bool) -> None:
    """Show the places with their numbers, their last closing, and since when an account is open.

    Of a place that waits to be counted the closing is for those who may not count: --as an auditor.
    """
    from workflow.views.stock import places as shown
    from workflow.views.stock_counts import hidden_from

    with told(login, from_stdin=password_stdin) as (connection, actor):
        found = shown(connection, hidden_from(connection, actor))
    for one in found:
        number = "" if one.is_hidden else f" with {one.closing}"
        closed = f"closed on {one.closed_on}{number}" if one.closed_on else "never counted"
        still = f", open since {one.open_since}" if one.open_since else ""
        click.echo(f"{one.id:>4} {one.kind:<10} {one.name}: {closed}{still}")


@stock.command()
@as_anybody
def show(login: str, *, password_stdin: bool) -> None:
    """Show the account by box and by state; exit code 1 when it does not balance.

    While cards wait to be counted its numbers are for those who may not count: --as an auditor.
    """
    from workflow.views.cards import account
    from workflow.views.stock_counts import hidden_from

    with told(login, from_stdin=password_stdin) as (connection, actor):
        found, hidden = account(connection), hidden_from(connection, actor)
    if hidden:
        click.echo("Cards wait to be counted, so no numbers are shown. --as an auditor shows them.")
    else:
        _say_account(found)
    if not found.balances:
        raise FoundError("the account of cards does not balance: count, and look at the audit log")
    click.echo("The account balances." if hidden else f"The account balances: {found.counted_in} cards.")


def _say_account(found: Account) -> None:
    for box in found.boxes:
        click.echo(
            f"box {box.box}: {box.counted_in} counted in, {box.blank} blank, {box.used} used, {box.spoiled} spoiled"
        )
    for state, cards in found.by_state:
        click.echo(f"  {state.en:<20} {cards:>6}")


@contextmanager
def told(login: str, *, from_stdin: bool) -> Iterator[tuple[Any, Actor | None]]:
    """Give a connection for queries, and who asks; nobody where no login is given."""
    if not login:
        with reading() as (connection, _clock):
            yield connection, None
        return
    with acting(login, from_stdin=from_stdin) as (office, actor), office.reading() as connection:
        yield connection, actor


@contextmanager
def _rehearsed(command: Command, login: str, *, from_stdin: bool) -> Iterator[Any]:
    """Refuse what cannot be done, before anybody says yes to it; gives a connection for queries."""
    from workflow.handlers import rehearse

    with acting(login, from_stdin=from_stdin) as (office, actor):
        rehearse(office, command, actor)
        with office.reading() as connection:
            yield connection


def _do(command: Command, login: str, *, password_stdin: bool) -> Outcome:
    from workflow.handlers import handle

    with acting(login, from_stdin=password_stdin) as (office, actor):
        return handle(office, command, actor)


def _say_counted(outcome: Outcome) -> None:
    if outcome.number == "differs":
        raise FoundError("the count differs from the books: somebody who did not handle the cards settles it")
    click.echo("The count agrees with the books.")
