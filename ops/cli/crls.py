"""`guanfang crl`: what the newest lists say of themselves, and publishing them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ops.cli.cases import when
from ops.cli.crl_archive import archive
from ops.cli.crl_numbers import lift
from ops.cli.group import FoundError
from ops.cli.operating import operating
from ops.cli.reading import line, reading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.store.crl_lists import Failures, PublishedList

AUTHORITY = click.option("--authority", help="One authority, such as gca or root; else all.")


@click.group()
def crl() -> None:
    """Look at revocation lists, publish, number and archive them."""


@crl.command()
@AUTHORITY
@click.option("--partition", type=click.IntRange(min=0), help="One partition; 0 is the complete list.")
def show(authority: str | None, partition: int | None) -> None:
    """Show number, dates and entries of the newest lists; exit code 1 when one has expired."""
    from workflow.store.crl_entries import waiting_authorities
    from workflow.store.crl_lists import failures, newest_lists

    with reading() as (connection, clock):
        now = clock.now()
        lists = [
            one
            for one in newest_lists(connection, authority)
            if partition is None or one.partition == partition
        ]
        names = sorted({one.authority for one in lists})
        failed = {name: failures(connection, name) for name in names}
        waiting = waiting_authorities(connection)
    if not lists:
        raise FoundError("there is no such list; `guanfang crl publish` makes the first")
    for one in lists:
        _show(one, now)
    for name in names:
        _show_state(name, failed[name], waits=name in waiting)
    if expired := [f"{one.authority}/{one.partition}" for one in lists if one.next_update <= now]:
        raise FoundError(f"expired: {', '.join(expired)}")


def _show(one: PublishedList, now: datetime) -> None:
    line("List", f"{one.authority}, {f'partition {one.partition}' if one.partition else 'complete'}")
    line("Number", one.number)
    line("This update", when(one.this_update))
    line("Next update", when(one.next_update))
    line("Entries", one.entries)
    if one.next_update <= now:
        line("Warning", "it has expired: relying parties refuse certificates")
    elif now >= one.half_life:
        line("Warning", f"past half its life since {when(one.half_life)}: is a worker running?")
    click.echo()


def _show_state(name: str, failed: Failures, *, waits: bool) -> None:
    if waits:
        click.echo(f"{name}: a change of status waits for the next list.")
    if failed.in_a_row:
        click.echo(
            f"{name}: refused {failed.in_a_row} times since, last {when(failed.last_at)}: {failed.last_said}"
        )


@crl.command()
@AUTHORITY
@click.option("--yes", is_flag=True, help="Publish; without it the command only says what it would do.")
def publish(authority: str | None, *, yes: bool) -> None:
    """Make all lists of an authority anew, check them and publish them, whatever their age."""
    from workflow.sweeper import list_makers

    with operating() as (office, operator):
        known = list_makers(office)
        if authority is not None and authority not in known:
            raise FoundError(
                f"there is no authority called {authority!r}; there are: {', '.join(known) or 'none'}"
            )
        names = known if authority is None else [authority]
        if not names:
            raise FoundError(
                "no authority stands yet; hold `guanfang ca ceremony`, or for a trial run `guanfang setup authorities`"
            )
        if not yes:
            click.echo(f"Would publish all lists of {', '.join(names)}. Add --yes to do it.")
            return
        _publish(office, operator, names)


def _publish(office: Office, operator: Actor, names: Sequence[str]) -> None:
    from workflow.commands_of_performers import PublishCrl
    from workflow.handlers import handle

    for name in names:
        number = handle(office, PublishCrl(authority=name), operator).created_id
        click.echo(f"Lists of {name} were published under number {number}.")


for command in (archive, lift):
    crl.add_command(command)
