"""Defines `CardStation`, a place with readers where cards are made or served, and `Session`, one card in hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from hardware.scripts.script import run
from hardware.transport import DEFAULT_TIMEOUT, ClosingTransport

if TYPE_CHECKING:
    from hardware.scripts.script import Script
    from hardware.transport import Transport

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReaderStatus:
    """A reader, whether a card is in it, and that card's serial number where it could be read."""

    name: str
    card_present: bool
    csn: str | None = None


class Session(ClosingTransport):
    """One card held exclusively until closed; scripts run in it share what was proven to the card.

    It is a `Transport` itself, so that the card agent can pass raw commands through it.
    """

    def __init__(self, transport: Transport, timeout: float = DEFAULT_TIMEOUT) -> None:
        self._transport = transport
        self._timeout = timeout

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._transport.atr

    def run(self, script: Script[T]) -> T:
        """Run a script to its end; raises its refusals and the transport's errors."""
        return run(script, self._transport, self._timeout)

    def transmit(self, command: bytes, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        """Make one raw exchange."""
        return self._transport.transmit(command, timeout)

    def close(self) -> None:
        """Let the card go."""
        self._transport.close()


class CardStation(Protocol):
    """A place with readers."""

    def readers(self) -> tuple[ReaderStatus, ...]:
        """List the readers and what is in them; a card in use elsewhere may be shown without its number."""
        ...

    def open_session(self, reader: str) -> Session:
        """Take hold of the card in a reader; raises NoReader, NoCard or ReaderBusy."""
        ...
