"""`guanfang reconcile`: compare all books with one another, sign the report, and verify one that was kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ops.cli.group import FoundError, WrongUseError
from ops.cli.reading import in_form
from ops.cli.running import require_schema
from ops.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

SHAPE = in_form("shape", "text")


@click.group(invoke_without_command=True)
@SHAPE
@click.pass_context
def reconcile(context: click.Context, shape: str) -> None:
    """Compare all the registry's books with each other.

    Cases, certificates, lists, OCSP answers, cards, mail and stock are compared; exit code 1 when they disagree.
    """
    if context.invoked_subcommand is not None:
        return
    from ops.reconcile import Reports
    from ops.wiring import build_office
    from workflow.facts import Actor
    from workflow.vocabulary import Role

    settings = Settings.read()
    require_schema(settings)
    office = build_office(settings)
    operator = Actor(name="command-line", roles=frozenset({Role.OPERATOR}), channel="cli")
    try:
        report, path = Reports.of(settings).make(office, operator)
    finally:
        office.engine.dispose()
    _show(report, shape)
    click.echo(f"The signed report is {path}.", err=True)
    if report["found"]:
        raise click.exceptions.Exit(1)


@reconcile.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The report.")
@click.option(
    "--public-key", type=click.Path(path_type=Path, exists=True), help="The reports' key; else our own."
)
@SHAPE
def verify(file: Path, public_key: Path | None, shape: str) -> None:
    """Verify the signature of a report and show it; exit code 1 when it does not hold."""
    from ops.reconcile import ReportError
    from ops.reconcile import verify as verified

    try:
        pem = public_key.read_bytes() if public_key else _own_key()
        content = file.read_bytes()
    except OSError as error:
        raise WrongUseError(str(error)) from error
    try:
        report = verified(content, pem)
    except ReportError as error:
        raise FoundError(f"{file}: {error}") from error
    _show(report, shape)


@reconcile.command("public-key")
def show_key() -> None:
    """Print the public key of reports, to be kept where reports are verified."""
    click.echo(_own_key().decode("ascii").rstrip("\n"))


def _own_key() -> bytes:
    from ops.wiring import report_key

    settings = Settings.read()
    settings.require_secrets()
    return report_key(settings).public_pem()


def _show(report: Mapping[str, Any], shape: str) -> None:
    if shape == "json":
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    click.echo(f"Reconciled at {report['at']}.")
    for name, count in report["examined"].items():
        click.echo(f"{count:>10} {name}")
    for one in report["found"]:
        click.echo(f"{one['code']}: {one['zh']} {one['en']} [{', '.join(one['rows'])}]")
    click.echo(f"{len(report['found'])} findings.")
