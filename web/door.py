"""The one way from the screens into the registry: a command through `workflow.handlers`, with the request's actor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web import access
from web.ports import office
from workflow.handlers import handle

if TYPE_CHECKING:
    from workflow.commands import Command
    from workflow.facts import Actor
    from workflow.outcome import Outcome


def perform(command: Command, who: Actor | None = None) -> Outcome:
    """Carry out a command as the member of the staff who is logged in, else as the public; raises RegistryError."""
    return handle(office(), command, who or access.actor())
