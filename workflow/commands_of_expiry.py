"""The command that tells holders in time that their certificates expire."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.commands import Command


@dataclass(frozen=True, kw_only=True)
class TellOfExpiry(Command):
    """Ask for the notice to the contacts of some cases; those that were told or need not be are passed over (NTC-01)."""

    case_ids: tuple[int, ...]
