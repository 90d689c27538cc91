"""`guanfang rules`: where each rule of the sources is enforced, and which tests prove it."""

from __future__ import annotations

import click

from ops.cli.group import FoundError
from ops.rules import render
from ops.rules.table import Group, RuleTableError, collect


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="For people, for docs/rules.md, or for programs.",
)
def rules(form: str) -> None:
    """Say of each rule where it is enforced and what proves it."""
    try:
        found = collect()
        if form == "markdown":
            click.echo(render.as_markdown(found, collect(group=Group.PARAMETERS)), nl=False)
        else:
            # Programs get the sources' open questions as well; they are cited like rules.
            every = [*found, *collect(group=Group.PARAMETERS)]
            click.echo(render.as_json(every) if form == "json" else render.as_text(found), nl=False)
    except RuleTableError as error:
        raise FoundError(str(error)) from error
