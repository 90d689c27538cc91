"""`guanfang ocsp serve`: the OCSP responder as a process of its own."""

from __future__ import annotations

import click

from ops.cli.listening import require_free
from ops.cli.running import require_schema
from ops.settings import HIGHEST_PORT, Settings


class Address(click.ParamType[tuple[str, int]]):
    """HOST:PORT; an IPv6 address stands in brackets."""

    name = "HOST:PORT"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Return host and port; fails with a sentence for anything else."""
        host, _, port = str(value).rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= HIGHEST_PORT:
            self.fail(f"{value!r} is not HOST:PORT, for example 127.0.0.1:8081", param, ctx)
        return host.strip("[]"), int(port)


@click.group()
def ocsp() -> None:
    """Run the OCSP responder."""


@ocsp.command()
@click.option("--bind", type=Address(), default="127.0.0.1:8081", show_default=True, help="Where to listen.")
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes that answer."
)
def serve(bind: tuple[str, int], workers: int) -> None:
    """Answer OCSP requests until stopped."""
    from ops.ocsp import process

    settings = Settings.read()
    settings.require_secrets()
    require_schema(settings)
    require_free(*bind)
    process.serve(*bind, workers, settings.log_level)
