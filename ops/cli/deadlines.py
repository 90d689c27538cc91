"""`guanfang deadlines`: what falls due, and why on that day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from ops.cli.cases import READER, when
from ops.cli.reading import line, reading
from workflow.views import deadlines as view
from workflow.views.case_page import case_head, find_case_id
from workflow.vocabulary import StatusChange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Any

    from workflow.views.deadlines import DeadlinePart, DueLine


@click.group()
def deadlines() -> None:
    """Look at deadlines; nothing here changes one."""


@deadlines.command("list")
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(min=0), help="How far to look ahead."
)
def list_due(days: int) -> None:
    """List what is overdue or falls due within some days, nearest first."""
    with reading() as (connection, clock):
        found = False
        for one in _all(connection, clock.now(), days):
            found = True
            late = "  OVERDUE" if one.overdue else ""
            step = "end" if one.rung == 0 else f"day {one.rung}"
            does = "" if one.change is StatusChange.NONE or one.rung else f"  {one.change.zh} {one.change.en}"
            click.echo(
                f"{when(one.due_at)}  {one.case_number}  {one.kind_zh} {one.kind_en} ({step}){does}{late}"
            )
    if not found:
        click.echo(f"Nothing falls due within {days} days.")


def _all(connection: Any, now: datetime, days: int) -> Iterator[DueLine]:
    after = None
    while True:
        lines, after = view.upcoming(connection, now, days, after)
        yield from lines
        if after is None:
            return


@deadlines.command()
@click.argument("case", help="The 25 digits of the case.")
def explain(case: str) -> None:
    """Say why the deadlines of the case with the number CASE fall on their days."""
    with reading() as (connection, _clock):
        head = case_head(connection, READER, find_case_id(connection, READER, case.strip()))
        parts, pauses = view.of_case(connection, head), view.pauses(connection, head.case_id)
    if not parts:
        click.echo("The case has no deadlines.")
    for part in parts:
        _explain(part)
    for pause in pauses:
        until = when(pause.resumed_at) or "now"
        click.echo(f"Paused from {when(pause.paused_at)} until {until} by {pause.by_name}: {pause.reason}")


def _explain(part: DeadlinePart) -> None:
    step = "the end" if part.is_end else f"reminder on day {part.rung}"
    unit = "months" if part.reason.in_months else "days"
    line("Deadline", f"{part.kind_zh} {part.kind_en}, {step}")
    line("Due", when(part.due_at))
    line("State", f"{part.state.zh} {part.state.en}")
    line("Counted from", when(part.basis_at))
    line("Budget", f"{part.reason.budget} {unit}")
    if part.paused > timedelta():
        line("Stood still", str(part.paused))
    line("Rules", ", ".join(part.reason.rule_ids))
    line("Source", part.reason.source)
    click.echo()


@deadlines.command()
@click.option(
    "--days", type=click.Choice([str(days) for days in view.HORIZONS]), help="One horizon instead of all."
)
def forecast(days: str | None) -> None:
    """Say how many certificates deadlines will change if nobody acts."""
    with reading() as (connection, clock):
        lines = view.forecast(connection, clock.now())
    if not lines:
        click.echo("Nothing will happen by itself.")
    for one in lines:
        counts = [
            f"within {horizon} days: {number}"
            for horizon, number in zip(view.HORIZONS, one.within, strict=True)
            if days is None or int(days) == horizon
        ]
        what = f"{one.ca.zh}  {one.kind.zh}  {one.change.zh} {one.change.en} → {one.dest.zh}"
        click.echo(f"{what}:  overdue: {one.overdue}, {', '.join(counts)}")
