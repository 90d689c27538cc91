"""`guanfang monitor`: fetch what certificates name as a relying party would, and say what is wrong with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from ops.cli.reading import in_form
from ops.cli.running import require_schema
from ops.settings import Settings

if TYPE_CHECKING:
    from ops.monitor import Seen


@click.command()
@click.option(
    "--host", help="host:port to ask in place of the host in the certificates; else GUANFANG_MONITOR_HOST."
)
@in_form("shape", "table")
def monitor(host: str | None, shape: str) -> None:
    """Fetch what the registry publishes, and judge it.

    Lists, bundles, CA certificates and OCSP answers are fetched as relying parties do; exit code 1 when something is
    wrong.
    """
    from ops.monitor import watch_publication
    from ops.wiring import build_office
    from workflow.facts import Actor
    from workflow.vocabulary import Role

    settings = Settings.read()
    require_schema(settings)
    office = build_office(settings)
    operator = Actor(name="command-line", roles=frozenset({Role.OPERATOR}), channel="cli")
    try:
        seen = watch_publication(office, settings.monitor_host if host is None else host, operator)
    finally:
        office.engine.dispose()
    if shape == "json":
        click.echo(json.dumps([_as_json(one) for one in seen], ensure_ascii=False, indent=2))
    else:
        _table(seen)
    if any(one.complaints for one in seen):
        raise click.exceptions.Exit(1)


def _as_json(one: Seen) -> dict[str, Any]:
    return {
        "kind": one.target.kind.value,
        "url": one.target.url,
        "authority": one.target.authority,
        "status": one.status,
        "seconds": round(one.seconds, 3),
        "bytes": one.size,
        "findings": [{"code": said.code, "zh": said.zh, "en": said.en} for said in one.complaints],
    }


def _table(seen: tuple[Seen, ...]) -> None:
    for one in seen:
        mark = "BAD " if one.complaints else "good"
        click.echo(
            f"{mark} {one.target.kind.value:<14} {one.status:>3} {one.size:>9} B {one.seconds:6.3f} s  {one.target.url}"
        )
        for said in one.complaints:
            click.echo(f"     {said.code}: {said.zh} {said.en}")
    wrong = sum(1 for one in seen if one.complaints)
    click.echo(f"{len(seen)} addresses were asked; something is wrong with {wrong}.")
