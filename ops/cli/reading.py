"""What several commands need: the settings, and a connection that only reads."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ops.cli.group import FoundError
from ops.clock import DemoClock, SystemClock
from ops.database import Engine, is_current, open_engine
from ops.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from workflow.ports import Clock

T = TypeVar("T")
Command = TypeVar("Command", bound="Callable[..., Any]")


@contextmanager
def engine_of(settings: Settings) -> Iterator[Engine]:
    """Open the configured database for a command, and close it after."""
    engine = open_engine(settings.url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def reading() -> Iterator[tuple[Any, Clock]]:
    """Give a connection for queries and the office's clock; FoundError when the schema is not the newest."""
    settings = Settings.read()
    with engine_of(settings) as engine:
        if not is_current(engine):
            raise FoundError("the database is not at the newest schema; run `guanfang db upgrade`")
        clock: Clock = DemoClock(engine, SystemClock()) if settings.demo else SystemClock()
        with engine.connect() as connection:
            yield connection, clock


def in_form(name: str, people: str) -> Callable[[Command], Command]:
    """Return the option `--format` of what people read, called "table" or "text", and programs as JSON."""
    return click.option(
        "--format",
        name,
        type=click.Choice([people, "json"]),
        default=people,
        show_default=True,
        help="For people, or JSON for programs.",
    )


def each(found: Iterable[T]) -> Iterator[T]:
    """Give what a list shows, one after another; where there is nothing, the list says so."""
    empty = True
    for one in found:
        empty = False
        yield one
    if empty:
        click.echo("（無）none")


def line(label: str, value: object) -> None:
    """Print a label and a value, when there is one."""
    if value not in (None, ""):
        click.echo(f"{label:<18} {value}")
