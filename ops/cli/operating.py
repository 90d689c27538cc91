"""Acting from the command line as the operator of this machine, for what needs no log-in of a person."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.facts import Actor
    from workflow.office import Office


@contextmanager
def operating() -> Iterator[tuple[Office, Actor]]:
    """Open the office for one command; FoundError when the schema is not the newest."""
    from ops.cli.running import require_schema
    from ops.settings import Settings
    from ops.wiring import build_office
    from workflow.facts import Actor
    from workflow.vocabulary import Role

    settings = Settings.read()
    require_schema(settings)
    office = build_office(settings)
    try:
        yield office, Actor(name="command-line", roles=frozenset({Role.OPERATOR}), channel="cli")
    finally:
        office.engine.dispose()
