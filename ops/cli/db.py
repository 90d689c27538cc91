"""`guanfang db`: the schema of the database."""

from __future__ import annotations

import click

from ops import database
from ops.cli.group import FoundError
from ops.cli.reading import engine_of
from ops.settings import Settings


@click.group()
def db() -> None:
    """Bring the database's schema forwards or back, or look at it."""


@db.command()
@click.option("--dry-run", is_flag=True, help="Only say which migrations would be made.")
def upgrade(*, dry_run: bool) -> None:
    """Bring the database to the newest schema."""
    settings = Settings.read()
    if dry_run:
        _show_pending(settings)
        return
    database.upgrade(settings.url)
    click.echo(f"The database is at revision {database.head_revision()}.")


def _show_pending(settings: Settings) -> None:
    with engine_of(settings) as engine:
        waiting = database.pending(engine)
    for one in waiting:
        click.echo(one)
    if not waiting:
        click.echo("Nothing to do.")


@db.command()
@click.argument("revision", help="A revision such as 0030, or `base`.")
@click.option("--yes", is_flag=True, help="Do it, and lose what only the newer schema holds.")
def downgrade(revision: str, *, yes: bool) -> None:
    """Bring the schema back to REVISION, or to `base`: nothing at all."""
    settings = Settings.read()
    with engine_of(settings) as engine:
        current = database.current_revision(engine)
    if not yes:
        click.echo(
            f"Would go from revision {current} back to {revision} and lose what only the newer one holds."
        )
        click.echo("Nothing was done; add --yes to do it.")
        return
    database.downgrade(settings.url, revision)
    click.echo(f"The database is at revision {revision}.")


@db.command()
def check() -> None:
    """Tell whether the database is at the newest schema; exit code 1 when it is not."""
    settings = Settings.read()
    with engine_of(settings) as engine:
        current, head = database.current_revision(engine), database.head_revision()
    if current != head:
        raise FoundError(
            f"the database is at revision {current}, the newest is {head}; run `guanfang db upgrade`"
        )
    click.echo(f"The database is at the newest revision, {head}.")
