"""What is done with the cards of the staff: made, lost, and used to log in and to sign (RV1-07, ROL-05)."""

from __future__ import annotations

from dataclasses import dataclass, field

from workflow.commands import Command
from workflow.commands_of_holders import WithCardSession


@dataclass(frozen=True, kw_only=True)
class OrderStaffCard(Command):
    """Bind the blank card in the reader to an account, with its PIN stored before the card is told of it.

    The actor is an administrator; the password is that of the account's holder, who is there too.
    """

    login: str
    password: str = field(repr=False)
    csn: str
    pin: str = field(repr=False)
    master_key: str


@dataclass(frozen=True, kw_only=True)
class RecordStaffKey(Command):
    """Record the public key that was made on a staff card."""

    csn: str
    spki: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class RecordStaffCardMade(Command):
    """The card has its certificate and its holder's PIN, and may be used."""

    csn: str


@dataclass(frozen=True, kw_only=True)
class BeginStaffUnblock(Command):
    """Let the card of an account get another PIN: its PIN is blocked or forgotten, and its next PUK is noted first.

    The actor is an administrator; the password is that of the card's holder, who is there too.
    """

    login: str
    password: str = field(repr=False)
    csn: str


@dataclass(frozen=True, kw_only=True)
class RecordStaffUnblocked(Command):
    """The card took its holder's new PIN and its next PUK."""

    csn: str


@dataclass(frozen=True, kw_only=True)
class EndStaffCard(Command):
    """Take an account's card out of use for good, as when it is lost: its certificate is revoked with it."""

    login: str
    reason: str
    compromised: bool = False


@dataclass(frozen=True, kw_only=True)
class OpenCardLogIn(WithCardSession):
    """Begin a log-in by account, password and card (ROL-05)."""

    login: str
    password: str = field(repr=False)
    csn: str


@dataclass(frozen=True, kw_only=True)
class OpenCardSigning(WithCardSession):
    """Begin to sign a decision with the actor's card; the statement is fixed now, and signed as it is (RV1-07)."""

    trigger: str
    case_id: int
    csn: str
    seen_sha256: str
    seen_version: int
    reason: str = ""
