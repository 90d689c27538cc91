"""What holders ask for with the card in their own reader, or with card number and user code.

A conversation with a card is opened, carried on one exchange at a time, and ended; each step is a command like any
other. `token` and `owner` are random texts that only the holder's browser has; they never enter the audit log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workflow.commands import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.vocabulary import CardErrand, EmergencyPaper


@dataclass(frozen=True, kw_only=True)
class WithCardSession(Command):
    """A command within a conversation: which one, and that it is this browser's."""

    token: str = field(repr=False)
    owner: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class OpenCardSession(WithCardSession):
    """Begin a conversation. `csn` is the card that was looked at; activation and unblocking need the user code too."""

    errand: CardErrand
    csn: str = ""
    case_id: int = 0
    user_code: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class AdvanceCardSession(WithCardSession):
    """Hand in the card's answer to the command of a step, counted from 0."""

    step: int
    response: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class EndCardSession(WithCardSession):
    """Forget a conversation: what is sealed in it, and the proof it may have given."""


@dataclass(frozen=True, kw_only=True)
class ForgetCardSessions(Command):
    """Empty the conversations whose minutes are over, though nobody ended them; sent by the worker."""


@dataclass(frozen=True, kw_only=True)
class ChangeContact(WithCardSession):
    """Change a card's contact; the conversation has proved card and PIN (CTC-01)."""

    form: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ByCardNumber(Command):
    """A command that card number and user code prove; three wrong codes lock it (PIN-03, SUS-04)."""

    card_number: str
    user_code: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class SuspendByHolder(ByCardNumber):
    """Suspend the certificates of a card at once, as when it is lost (SUS-01, SUS-03)."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class ResumeByHolder(ByCardNumber):
    """Lift the holder's own suspension (SUS-01, SUS-06)."""


@dataclass(frozen=True, kw_only=True)
class TakeEmergency(Command):
    """Log that somebody asks by fax for an emergency suspension, with papers, a signature and a number (SUS-04)."""

    card_number: str
    asked_by: str = field(repr=False)
    phone: str = field(repr=False)
    paper: EmergencyPaper
    reason: str


@dataclass(frozen=True, kw_only=True)
class SuspendInEmergency(Command):
    """Suspend at once, after the call back told that it is the holder: whom the desk reached, and how it knew.

    `identified` is the officer's own word that it was the holder, without which nothing is suspended (SUS-04).
    """

    emergency_id: int
    said: str = field(repr=False)
    identified: bool


@dataclass(frozen=True, kw_only=True)
class RefuseEmergency(Command):
    """Refuse an emergency suspension, with the reason that the person was told."""

    emergency_id: int
    said: str = field(repr=False)
