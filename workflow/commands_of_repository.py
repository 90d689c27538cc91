"""Commands about what the repository shows, and about the tokens of the programming interface."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workflow.commands import Command

if TYPE_CHECKING:
    from datetime import date

    from workflow.vocabulary import ApiScope, Ca, PublishedKind


@dataclass(frozen=True, kw_only=True)
class PublishDocument(Command):
    """Place a CP, a CPS, an audit report or another paper in the repository (CRL-03). `ca` is None for all CAs."""

    kind: PublishedKind
    ca: Ca | None
    title: str
    version: str
    in_force_from: date
    file_name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class WithdrawDocument(Command):
    """Take a document out of the repository, with the reason; its row stays."""

    sha256: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class SetPublication(Command):
    """The holder says whether the card's certificates stand in the repository (RV2-05).

    `number` is the case number or the card number; three wrong user codes lock the case (PIN-03).
    """

    number: str
    published: bool
    user_code: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class AddApiToken(Command):
    """Make a token of the programming interface for a caller; its text is told once, in the outcome."""

    name: str
    scopes: tuple[ApiScope, ...]
    days: int


@dataclass(frozen=True, kw_only=True)
class ConfirmApiToken(Command):
    """A second person lets a token that may submit requests come into force."""

    name: str


@dataclass(frozen=True, kw_only=True)
class RevokeApiToken(Command):
    """Put a token out of use for good."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class AdmitApiToken(Command):
    """Let a caller in who showed a token, for one scope; notes when the token was last used."""

    scope: ApiScope
    token: str = field(repr=False)
