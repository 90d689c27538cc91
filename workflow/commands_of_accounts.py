"""Commands on accounts that are there: an administrator opens one that wrong passwords locked, or ends it (ROL-09)."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.commands import Command


@dataclass(frozen=True, kw_only=True)
class UnlockAccount(Command):
    """Let an account log in again that too many wrong passwords have locked (WEB-01)."""

    login: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class EndAccount(Command):
    """Close an account for good: its sessions end at once, and its card with the card's certificate."""

    login: str
    reason: str
