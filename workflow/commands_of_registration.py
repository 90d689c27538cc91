"""What the registration authority and the issuing lane say to each other, with the system as their actor (RV2-04).

They pass the same door as everyone's commands, so that the audit log sees them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workflow.commands import Command
from workflow.commands_of_performers import LintedCertificate

if TYPE_CHECKING:
    from workflow.issuing_requests import SignedRequest
    from workflow.vocabulary import Ca


@dataclass(frozen=True, kw_only=True)
class IntendRegistrationKey(Command):
    """Write down that a key of a CA's registration authority will be made; `replaces` is the newest one's digest.

    The outcome's id is the intent's and its number the label to make the key under; neither, where another key has taken
    that one's place meanwhile.
    """

    ca: Ca
    replaces: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordRegistrationKey(Command):
    """Store a key of a CA's registration authority before it is certified, and end its intent.

    `replaces` is the newest one's digest; where that is another by now, nothing is stored.
    """

    intent: int
    ca: Ca
    spki: bytes = field(repr=False)
    sealed_key: bytes | None = field(default=None, repr=False)
    key_reference: str | None = None
    replaces: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordIssuingRequest(Command):
    """Store the RA's signed request by which the intents of before with these serials now go."""

    request: SignedRequest = field(repr=False)
    serials: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class IntendHouseCertificate(LintedCertificate):
    """Store a linted certificate of the house itself, for which no case asks: an RA's key, or a staff card's."""

    ca: Ca


@dataclass(frozen=True, kw_only=True)
class SignCertificates(Command):
    """Sign stored intents and store the certificates, after verifying approvals and request under the case's lock."""

    serials: tuple[str, ...]
