"""`guanfang audit`: verify the log and carry it out of the house."""

from __future__ import annotations

from pathlib import Path

import click

from ops.cli.group import WrongUseError
from ops.cli.reading import engine_of
from ops.settings import Settings


@click.group()
def audit() -> None:
    """Verify or export the audit log."""


@audit.command()
@click.option(
    "--checkpoints",
    type=click.Path(path_type=Path),
    help="Checkpoints that were exported earlier, kept off the box.",
)
@click.option(
    "--public-key",
    type=click.Path(path_type=Path),
    help="The checkpoint key's public half; else taken from our own.",
)
def verify(checkpoints: Path | None, public_key: Path | None) -> None:
    """Verify seals, entries, history and cases; exit code 1 when something is wrong."""
    from ops import audit as log

    settings = Settings.read()
    try:
        pem = public_key.read_bytes() if public_key else _own_key(settings)
        with engine_of(settings) as engine:
            findings = log.verify(engine, pem, checkpoints)
    except (OSError, ValueError) as error:
        raise WrongUseError(str(error)) from error
    click.echo(log.report(findings).rstrip("\n"))
    if not all(finding.is_note for finding in findings):
        raise click.exceptions.Exit(1)


def _own_key(settings: Settings) -> bytes:
    from ops.wiring import checkpoint_key

    settings.require_secrets()
    return checkpoint_key(settings).public_pem()


@audit.command()
@click.argument(
    "directory", type=click.Path(path_type=Path, file_okay=False), help="Where the files are written."
)
def export(directory: Path) -> None:
    """Write the sealed log, its checkpoints and the public key into DIRECTORY, for the stand-alone verifier."""
    from ops.wiring import build_office
    from workflow.store.audit_export import export as write

    office = build_office(Settings.read())
    try:
        count = write(office, directory)
    except OSError as error:
        raise WrongUseError(str(error)) from error
    finally:
        office.engine.dispose()
    click.echo(
        f"{count} entries were written to {directory}; verify them with `python -m ops.verifier {directory}`."
    )
