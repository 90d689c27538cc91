"""`guanfang line`: batches on the manufacturing line, run on several readers, and watched (CRD-01)."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import click

from ops.cli.acting import acting, as_somebody
from ops.cli.cases import when
from ops.cli.group import FoundError, WrongUseError
from ops.cli.reading import reading
from ops.settings import Settings
from workflow.vocabulary import Ca, JobState, ReaderState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ops.line_runner import Line
    from workflow.office import Office
    from workflow.views.line import Batch

LOOK_SECONDS = 0.5


@click.group()
def line() -> None:
    """Open, run and watch batches of the manufacturing line."""


@line.command("open")
@click.option("--ca", type=click.Choice([str(ca) for ca in Ca]), help="Only this CA's cases.")
@click.option("--count", required=True, type=click.IntRange(1, 500), help="How many cards.")
@as_somebody
def open_batch(ca: str | None, count: int, login: str, *, password_stdin: bool) -> None:
    """Open a batch of the approved cases that wait longest."""
    from workflow.commands_of_line import OpenLineBatch
    from workflow.handlers import handle
    from workflow.views.line import candidates

    with acting(login, from_stdin=password_stdin) as (office, actor):
        with office.reading() as connection:
            chosen = candidates(connection, Ca(ca) if ca else None, count)
        outcome = handle(office, OpenLineBatch(case_ids=chosen), actor)
    click.echo(f"Batch {outcome.created_id}: {len(chosen)} cards are to be made.")


@line.command()
@click.option("--readers", "-r", multiple=True, help="A reader's name; again for each. Else all of them.")
@click.option(
    "--batch", "batch_id", type=click.IntRange(min=1), help="Only this batch; else all, oldest first."
)
@click.option("--worker", default="", help="The line's name; two lines at once need two.")
@click.option("--forever", is_flag=True, help="Wait for more when everything is made.")
def run(readers: tuple[str, ...], batch_id: int | None, worker: str, *, forever: bool) -> None:
    """Make the cards of open batches on several readers at once, until all are made.

    What was interrupted goes on when its card is put into any reader. A second start under the same name takes over
    what the first one left.
    """
    from rich.console import Console

    from ops import logs
    from ops.cli.running import require_schema
    from ops.line_runner import Line, Plan, default_name
    from ops.wiring import build_office

    settings = Settings.read()
    logs.configure("WARNING")
    require_schema(settings)
    office = build_office(settings)
    try:
        plan = Plan(
            readers=_readers(office, settings, readers),
            worker=worker or default_name(),
            batch_id=batch_id,
            until_done=not forever,
            pause=settings.lane_pause_seconds,
        )
        # The progress is shown where there is an end to look forward to.
        _watch(office, Line(office, plan), batch_id, None if forever else Console(stderr=True))
        if not forever:
            _end(office, batch_id)
    finally:
        office.engine.dispose()


def _readers(office: Office, settings: Settings, asked: Sequence[str]) -> tuple[str, ...]:
    """Return the readers to use; the ones at the public's disposal are never the line's."""
    from ops.wiring import holders_readers
    from workflow.stations import readers

    ours = [one.name for one in readers(office) if one.name not in holders_readers(settings)]
    unknown = [name for name in asked if name not in ours]
    if unknown or not ours:
        raise WrongUseError(
            f"no such reader on the line: {', '.join(unknown) or '(none asked for)'};"
            f" there are: {', '.join(ours) or 'none'}"
        )
    return tuple(dict.fromkeys(asked or ours))


def _watch(office: Office, running: Line, batch_id: int | None, console: Console | None) -> None:
    """Wait until the readers have ended; Ctrl-C and SIGTERM end them after the cards in hand.

    Meanwhile `console`, if there is one, shows how many cards are made.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from workflow.views.line import made_and_all

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, running.stop)
        signal.signal(signal.SIGINT, running.stop)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    threads = running.start()
    with Progress(*columns, console=console, disable=console is None) as progress:
        task = progress.add_task("cards", total=None)
        running_still = True
        while running_still:
            for thread in threads:
                thread.join(LOOK_SECONDS / len(threads))
            # Asked before the count, so that the last card is counted too.
            running_still = any(thread.is_alive() for thread in threads)
            with office.reading() as connection:
                made, total = made_and_all(connection, batch_id)
            progress.update(task, completed=made, total=total)


def _end(office: Office, batch_id: int | None) -> None:
    """Say what is left; exit code 1 when people have to look at something."""
    from workflow.views.line import line_readers, made_and_all, quarantined, unfinished

    with office.reading() as connection:
        made, total = made_and_all(connection, batch_id)
        left = unfinished(connection, batch_id)
        aside = [one for one in line_readers(connection) if one.state is ReaderState.SET_ASIDE]
        cards = quarantined(connection)
    click.echo(f"{made} of {total} cards are made.")
    for reader in aside:
        click.echo(f"set aside: {reader.name}: {reader.said}")
    if cards:
        click.echo(f"{len(cards)} cards are in quarantine.")
    if left:
        raise FoundError(f"{left} cards are not made: `guanfang line status` says why")


@line.command()
@click.option("--batch", "batch_id", type=click.IntRange(min=1), help="Show this batch with its cards.")
def status(batch_id: int | None) -> None:
    """Show the batches, or one with its cards, the readers, and the cards in quarantine."""
    from workflow.views import line as views

    with reading() as (connection, _clock):
        if batch_id is None:
            shown, _more = views.batches(connection)
            for one in shown:
                click.echo(_summary(one))
        else:
            click.echo(_summary(views.batch(connection, batch_id)))
            for job in views.jobs(connection, batch_id):
                card = job.card_number or job.csn
                click.echo(
                    f"  {job.position:>4}  {job.case_number}  {job.state.en:<28}  {job.reader}  {card}  {job.said}".rstrip()
                )
        for reader in views.line_readers(connection):
            click.echo(f"reader  {reader.name}: {reader.state.en}  {reader.said}".rstrip())
        for card_aside in views.quarantined(connection):
            click.echo(f"quarantined  {card_aside.csn}  {card_aside.step}  {card_aside.reason}")


def _summary(one: Batch) -> str:
    parts = ", ".join(f"{count} {state.en.lower()}" for state, count in one.counts.items() if count)
    stopped = f"  stopped: {one.stop_reason}" if one.stopped_at else ""
    return f"batch {one.id}  {when(one.at)}  {one.by_name}  {one.counts[JobState.MADE]}/{one.total}  {parts}{stopped}"


@line.command("return")
@click.argument("reader", help="The reader's name.")
@as_somebody
def return_reader(reader: str, login: str, *, password_stdin: bool) -> None:
    """Put the READER that was set aside back into use."""
    from workflow.commands_of_line import ReturnReader
    from workflow.handlers import handle

    with acting(login, from_stdin=password_stdin) as (office, actor):
        handle(office, ReturnReader(reader=reader), actor)
    click.echo(f"{reader} is back in use.")
