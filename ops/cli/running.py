"""`guanfang serve`, `worker`, `demo` and `health`: what runs, and how it does."""

from __future__ import annotations

from pathlib import Path

import click

from ops.cli.group import FoundError
from ops.cli.listening import require_free
from ops.settings import HIGHEST_PORT, Settings

PORT = click.IntRange(1, HIGHEST_PORT)
GRACE_SECONDS = 10
"""How long a stopping worker may take over the requests in hand."""


@click.command()
@click.option("--host", help="Address to listen on; else GUANFANG_BIND.")
@click.option("--port", type=PORT, help="Port to listen on; else GUANFANG_PORT.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; else GUANFANG_WEB_WORKERS.")
def serve(host: str | None, port: int | None, workers: int | None) -> None:
    """Serve the pages."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    settings = Settings.read()
    settings.require_secrets()
    require_schema(settings)
    address = host or settings.bind, port or settings.port
    require_free(*address)
    Granian(
        "ops.pages.application:application",
        *address,
        # Not WSGI, whose threads would wait for requests that never come (`ops.pages`).
        interface=Interfaces.RSGI,
        workers=workers or settings.web_workers,
        factory=True,
        websockets=False,
        log_level=LogLevels(settings.log_level.lower()),
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_SECONDS,
    ).serve()


@click.command()
@click.option("--once", is_flag=True, help="Do what can be done now, and end.")
def worker(*, once: bool) -> None:
    """Carry out what is due, and seal the audit log.

    That is deadlines, and the work that waits in the outbox: mails, cards, lists and certificates.
    """
    from ops import logs
    from ops.wiring import build_office
    from ops.worker import Orders, Worker, keep_what_is_loaded, run_once

    settings = Settings.read()
    logs.configure(settings.log_level)
    require_schema(settings)
    office = build_office(settings)
    try:
        if once:
            click.echo(f"{run_once(office)} pieces of work were done.")
        else:
            keep_what_is_loaded()
            Worker(office, settings.worker_name, Orders.of(settings)).run()
    finally:
        office.engine.dispose()


def require_schema(settings: Settings) -> None:
    """Refuse to start on an old schema: its code might write what the newer one can't read."""
    from ops.cli.reading import engine_of
    from ops.database import is_current

    with engine_of(settings) as engine:
        if not is_current(engine):
            raise FoundError("the database is not at the newest schema; run `guanfang db upgrade`")


@click.command()
@click.option("--port", default=8080, show_default=True, type=PORT, help="Port of the pages.")
@click.option(
    "--data",
    "folder",
    default=Path("var/demo"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the demonstration.",
)
@click.option("--reset", is_flag=True, help="Throw away what an earlier run left in the folder.")
def demo(port: int, folder: Path, *, reset: bool) -> None:
    """Run a small registry here, with invented people and cards."""
    from ops.demo.runner import Demo, run

    plan = Demo(folder, port)
    if reset:
        plan.reset()
    raise click.exceptions.Exit(run(plan, click.echo))


@click.command()
def health() -> None:
    """Tell whether the registry is fit to serve. Exit code 1 when it is not."""
    from ops.health import check
    from ops.wiring import build_office

    office = build_office(Settings.read())
    try:
        checks = check(office)
    finally:
        office.engine.dispose()
    for one in checks:
        click.echo(f"{'good' if one.good else 'BAD':<5} {one.name}: {one.said}")
    if not all(one.good for one in checks):
        raise click.exceptions.Exit(1)
