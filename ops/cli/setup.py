"""`guanfang setup`: what a new registry is given once: its authorities, windows and organisations."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ops.cli.group import WrongUseError
from ops.cli.master_key import master_key, master_key_back
from ops.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workflow.office import Office

FILE = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The TOML file."
)


@click.group()
def setup() -> None:
    """Fill a new registry for the first time."""


@setup.command()
@click.option("--yes", is_flag=True, help="Make the keys; without it the command only says what it would do.")
def authorities(*, yes: bool) -> None:
    """Make a demonstration's root and one authority under it for each CA, of test assurance. Does nothing twice.

    Real authorities are made in front of witnesses: `guanfang ca ceremony`.
    """
    from ops.wiring import build_office
    from workflow.authorities import establish

    if not yes:
        click.echo(
            "Would make keys and certificates of a root and of each CA, without witnesses. Add --yes to do it."
        )
        return
    office = build_office(Settings.read())
    try:
        # A minute's grace for relying parties whose clocks are slow.
        establish(office, office.clock.now() - timedelta(minutes=1))
    finally:
        office.engine.dispose()
    click.echo("The authorities are established.")


@setup.command()
@FILE
def windows(file: Path) -> None:
    """Load first-review windows from a TOML file with [[window]] tables."""
    from ops.accounts import load_windows

    _load(file, "window", load_windows)


@setup.command()
@FILE
def organisations(file: Path) -> None:
    """Load organisations from a TOML file with [[organisation]] tables; load the windows first."""
    from ops.accounts import load_organisations

    _load(file, "organisation", load_organisations)


def _load(file: Path, table: str, into: Callable[[Office, Iterable[dict[str, Any]]], None]) -> None:
    """Load all of a file's tables in one transaction, or none of them."""
    from sqlalchemy.exc import SQLAlchemyError

    from ops.wiring import build_office

    try:
        rows: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))[table]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
        raise WrongUseError(f"{file} is no TOML file with [[{table}]] tables: {error}") from error
    office = build_office(Settings.read())
    try:
        into(office, rows)
    except (TypeError, KeyError, SQLAlchemyError) as error:
        # A column that is not there, one that is missing, or a row that is there already.
        raise WrongUseError(
            f"{file} was not loaded: {type(error).__name__}: {error}".splitlines()[0]
        ) from error
    finally:
        office.engine.dispose()
    click.echo(f"{len(rows)} rows were loaded from {file}.")


setup.add_command(master_key)
setup.add_command(master_key_back)
