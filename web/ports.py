"""What the screens are given when they start: the office they serve, and the demonstration's toys when there are any.

The wiring fills `WebPorts`; views reach it through `ports()`. Nothing here is read from the environment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, cast

from flask import current_app

from workflow.agencies import AGENCIES
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from workflow.office import Office

_AGENCY = AGENCIES[Ca.GCA]
EXTENSION = "guanfang"
SHORTEST_KEY = 32
"""Characters that a secret key needs at least."""


@dataclass(frozen=True, slots=True)
class SentMail:
    """One mail that the demonstration's mail server kept; `at` is None when the server did not note it."""

    recipient: str
    subject: str
    body: str
    at: datetime | None = None
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoCard:
    """A virtual card in the holder's letter-box or in a reader; `reader` is empty when it lies on the desk."""

    csn: str
    label: str = ""
    reader: str = ""


class CardFolder(Protocol):
    """The demonstration's letter-box of delivered cards, and the holder's readers."""

    def cards(self) -> Sequence[DemoCard]:
        """Return the cards that were delivered, and which reader each is in."""

    def readers(self) -> Sequence[str]:
        """Return the names of the readers."""

    def insert(self, reader: str, csn: str) -> None:
        """Put a card into a reader, taking out whatever was in it; LookupError for an unknown card or reader."""

    def remove(self, reader: str) -> None:
        """Take the card out of a reader; an empty reader is no error, an unknown one is a LookupError."""


AGENT_URL = "http://127.0.0.1:61161"
"""Where an agent listens that is not told another port."""


@dataclass(frozen=True, slots=True)
class ServiceDesk:
    """Who answers questions, as the foot of each page says. `hours_*` are in words."""

    name: str = _AGENCY.name
    address: str = f"{_AGENCY.postal_code} {_AGENCY.address}"
    phone: str = _AGENCY.phone
    fax: str = "02-3393-0708"
    email: str = "service@example.org.tw"
    hours_zh: str = "08:00–18:00，例假日休息"
    hours_en: str = "08:00–18:00, closed on holidays"


@dataclass(frozen=True, slots=True)
class WebPorts:
    """All that the screens need. `secret_key` signs sessions; `https` says that the outside speaks TLS."""

    office: Office
    secret_key: str = field(repr=False)
    demo: bool = False
    https: bool = False
    rate_limits: bool = True
    proxies: int = 0
    """Number of trusted reverse proxies in front, for the caller's address."""
    staff_idle: timedelta = timedelta(minutes=30)
    staff_longest: timedelta = timedelta(hours=12)
    """How long a log-in holds however busy its holder is."""
    desk: ServiceDesk = field(default_factory=ServiceDesk)
    demo_password: str = field(default="", repr=False)
    mailbox: Callable[[], Sequence[SentMail]] | None = None
    card_folder: CardFolder | None = None
    holder_readers: frozenset[str] = frozenset()
    """Readers of this machine that everybody may use for activation; no other is ever touched for the public."""
    agent_url: str = AGENT_URL
    """Where a holder's card agent listens on the holder's own machine."""
    agent_package: Path | None = None
    """The wheel that holders install the agent from; without it they get it from the service desk."""
    agent_code: Callable[[], str] | None = None
    """Gives the newest pairing code of the demonstration's agent; empty when none was asked for."""

    def __post_init__(self) -> None:
        if len(self.secret_key) < SHORTEST_KEY:
            raise ValueError("the secret key of the screens is too short")


def ports() -> WebPorts:
    """Return the ports of the running application."""
    return cast("WebPorts", current_app.extensions[EXTENSION])


def office() -> Office:
    """Return the office that the running application serves."""
    return ports().office
