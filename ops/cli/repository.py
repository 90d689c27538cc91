"""`guanfang repository`: the documents that relying parties read (CRL-03)."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.cli.acting import acting, as_somebody
from ops.cli.cases import when
from ops.cli.reading import each, reading
from workflow.vocabulary import Ca, PublishedKind

if TYPE_CHECKING:
    from datetime import datetime

KINDS = {str(kind).replace("_", "-"): kind for kind in PublishedKind}


@click.group()
def repository() -> None:
    """Place documents in the repository, list them, take them out."""


@repository.command()
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The document itself."
)
@click.option("--kind", required=True, type=click.Choice(sorted(KINDS)), help="What kind of document it is.")
@click.option("--version", required=True, help="The document's own version, such as 2.1.")
@click.option("--title", required=True, help="The title as readers see it.")
@click.option(
    "--in-force-from",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day from which it holds, such as 2026-12-01.",
)
@click.option(
    "--ca", type=click.Choice([str(ca) for ca in Ca]), help="The CA it is for; all of them without it."
)
@click.option("--yes", is_flag=True, help="Place it; without it the command only says what it would do.")
@as_somebody
def add(  # noqa: PLR0913, PLR0917 - a document is described by this much.
    file: Path,
    kind: str,
    version: str,
    title: str,
    in_force_from: datetime,
    ca: str | None,
    login: str,
    *,
    yes: bool,
    password_stdin: bool,
) -> None:
    """Place FILE in the repository, where everybody can read it at once."""
    from workflow.commands_of_repository import PublishDocument
    from workflow.handlers import handle

    command = PublishDocument(
        kind=KINDS[kind],
        ca=Ca(ca) if ca else None,
        title=title,
        version=version,
        in_force_from=in_force_from.date(),
        file_name=file.name,
        content=file.read_bytes(),
    )
    if not yes:
        click.echo(
            f"Would publish {file.name} for everybody as {kind} {version} of {ca or 'all CAs'},"
            f" in force from {command.in_force_from}, SHA-256 {sha256(command.content).hexdigest()}."
            " Add --yes to do it."
        )
        return
    with acting(login, from_stdin=password_stdin) as (office, actor):
        outcome = handle(office, command, actor)
    click.echo(f"Published as /repository/documents/{outcome.number}")


@repository.command("list")
def list_all() -> None:
    """List the documents."""
    from workflow.views.papers import documents

    with reading() as (connection, clock):
        for one in each(documents(connection, clock.now())):
            mark = "in force" if one.in_force else ""
            click.echo(
                "  ".join(
                    part
                    for part in (
                        f"{one.kind!s:<12}",
                        one.ca or "all",
                        one.version,
                        one.in_force_from.isoformat(),
                        one.title,
                        when(one.at),
                        one.sha256,
                        mark,
                    )
                    if part
                )
            )


@repository.command()
@click.argument("sha256", help="The document's SHA-256, as `guanfang repository list` says it.")
@click.option("--reason", required=True, help="Why it is taken out; goes into the audit log.")
@click.option("--yes", is_flag=True, help="Do it; without this, only say what would be done.")
@as_somebody
def withdraw(sha256: str, reason: str, login: str, *, yes: bool, password_stdin: bool) -> None:
    """Take the document with this SHA256 out of the repository; its record stays."""
    from workflow.commands_of_repository import WithdrawDocument
    from workflow.handlers import handle

    if not yes:
        click.echo(f"Would withdraw {sha256}. Add --yes to do it.")
        return
    with acting(login, from_stdin=password_stdin) as (office, actor):
        handle(office, WithdrawDocument(sha256=sha256.lower(), reason=reason), actor)
    click.echo(f"Withdrew {sha256}.")
