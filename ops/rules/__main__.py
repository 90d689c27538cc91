"""`python -m ops.rules` prints the table; `--write` brings docs/rules.md up to date."""

from __future__ import annotations

import sys

import click

from ops.rules import render
from ops.rules.table import ROOT, Group, RuleTableError, collect


@click.command()
@click.option("--write", is_flag=True, help="Write docs/rules.md instead of printing.")
@click.option("--json", "in_json", is_flag=True, help="Print JSON instead of text.")
def main(*, write: bool, in_json: bool) -> None:
    """Show where each rule of the sources is enforced and which tests prove it."""
    try:
        rules = collect()
        if write:
            page = ROOT / "docs" / "rules.md"
            page.parent.mkdir(exist_ok=True)
            page.write_text(render.as_markdown(rules, collect(group=Group.PARAMETERS)), encoding="utf-8")
        else:
            click.echo(render.as_json(rules) if in_json else render.as_text(rules), nl=False)
    except RuleTableError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
