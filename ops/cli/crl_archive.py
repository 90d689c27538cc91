"""`guanfang crl archive`: lists that have served go from the database to files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from ops.cli.group import FoundError, WrongUseError
from ops.cli.operating import operating

MEGABYTE = 1_000_000


@click.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="In place of GUANFANG_CRL_ARCHIVE.",
)
@click.option("--days", type=click.IntRange(min=1), help="In place of GUANFANG_CRL_KEEP_DAYS.")
@click.option("--yes", is_flag=True, help="Do it; without it the command only says what it would do.")
def archive(folder: Path | None, days: int | None, *, yes: bool) -> None:
    """Put lists that ended long enough ago into the archive and out of the database; the newest always stay."""
    from ops.list_archive import ListArchive
    from ops.settings import Settings
    from workflow.store.crl_lists import count_served

    settings = Settings.read()
    place = folder or settings.crl_archive
    keep = timedelta(days=days or settings.crl_keep_days)
    with operating() as (office, operator):
        with office.reading() as connection:
            found = count_served(connection, office.clock.now() - keep)
        for name, count, octets in found:
            click.echo(f"{name:<12} {count} 份 lists, {octets / MEGABYTE:.1f} MB")
        if not found:
            click.echo("沒有須歸檔的清冊。 No list is to be archived.")
            return
        if not yes:
            click.echo(f"Would put them into {place or 'the archive'}. Add --yes to do it.")
            return
        if place is None:
            raise WrongUseError("say where with --to, or set GUANFANG_CRL_ARCHIVE")
        try:
            done = ListArchive(place, keep).run(office, operator)
        except OSError as error:
            raise FoundError(f"歸檔資料夾無法寫入。 The archive does not take them: {error}") from error
    click.echo(f"已歸檔 {done} 份清冊至 {place}。 {done} lists were archived.")
