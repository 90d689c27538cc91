"""Keeps the cards that pages hold: one page a reader, let go when it says so or says nothing for a while."""

from __future__ import annotations

import secrets
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hardware.agent.allowed import Examined, Purpose, examine
from hardware.agent.refusals import AgentRefusal, refusal_of
from hardware.errors import HardwareError, TransportError
from hardware.scripts.card_number import CARD_NUMBER_SHAPE, read_card_number
from hardware.scripts.identify import read_csn

if TYPE_CHECKING:
    from collections.abc import Callable

    from hardware.station import CardStation, ReaderStatus, Session

IDLE_SECONDS: Final = 60.0
"""A page that was closed without a word holds its card this long."""
EXCHANGE_SECONDS: Final = 30.0
_SUCCESS: Final = b"\x90\x00"
_MORE: Final = 0x61


@dataclass(slots=True)
class _Held:
    """A card that a page holds."""

    origin: str
    reader: str
    session: Session
    touched: float
    selected: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class Desk:
    """The readers of one station, shared among pages. `tell(origin, reader, purpose)` shows the holder what goes on."""

    def __init__(
        self,
        station: CardStation,
        tell: Callable[[str, str, Purpose], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._station = station
        self._tell = tell
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._numbers: dict[str, str] = {}

    def readers(self) -> tuple[ReaderStatus, ...]:
        """List the readers; raises AgentRefusal where the machine has no smart-card service."""
        self.sweep()
        try:
            return self._station.readers()
        except HardwareError as error:
            raise refusal_of(error) from error

    def number_on(self, seen: ReaderStatus) -> str:
        """Return the number printed on a card, of which it is asked once; empty where it bears none or is in use."""
        if seen.csn is None:
            return ""
        with self._lock:
            if seen.csn not in self._numbers:
                with suppress(HardwareError), self._station.open_session(seen.name) as session:
                    csn, number = session.run(read_csn()), session.run(read_card_number())
                    # What is no number of ours is not worth showing; a blank gets its number later.
                    if number is not None and CARD_NUMBER_SHAPE.fullmatch(number):
                        self._numbers[csn] = number
            return self._numbers.get(seen.csn, "")

    def open(self, origin: str, reader: str) -> str:
        """Take hold of the card in a reader and return the name of the hold; AgentRefusal when it is taken."""
        self.sweep()
        with self._lock:
            if any(held.reader == reader for held in self._held.values()):
                raise AgentRefusal("agent.reader_busy")
            try:
                session = self._station.open_session(reader)
            except HardwareError as error:
                raise refusal_of(error) from error
            name = secrets.token_urlsafe(24)
            self._held[name] = _Held(origin, reader, session, self._monotonic())
        return name

    def exchange(self, origin: str, name: str, raw: bytes) -> bytes:
        """Send a command that is on the list and return the card's answer; the hold ends when the card is gone."""
        held = self._of(origin, name)
        examined = examine(raw)
        with held.lock:
            held.touched = self._monotonic()
            if not (held.selected or examined.opens):
                raise AgentRefusal("agent.command")
            self._tell(origin, held.reader, examined.purpose)
            try:
                response = held.session.transmit(raw, EXCHANGE_SECONDS)
            except TransportError as error:
                self._let_go(name)
                raise refusal_of(error) from error
            held.touched = self._monotonic()
            held.selected = _selected(held, examined, response)
        return response

    def close(self, origin: str, name: str) -> None:
        """Let a card go; doing so twice is harmless."""
        held = self._held.get(name)
        if held is not None and held.origin == origin:
            self._let_go(name)

    def sweep(self) -> None:
        """Let go of the cards of pages that have said nothing for a while."""
        latest = self._monotonic() - IDLE_SECONDS
        for name in [name for name, held in list(self._held.items()) if held.touched < latest]:
            self._let_go(name)

    def close_all(self) -> None:
        """Let every card go, when the agent ends."""
        for name in list(self._held):
            self._let_go(name)

    def _of(self, origin: str, name: str) -> _Held:
        self.sweep()
        held = self._held.get(name)
        if held is None or held.origin != origin:
            raise AgentRefusal("agent.session")
        return held

    def _let_go(self, name: str) -> None:
        with self._lock:
            held = self._held.pop(name, None)
        if held is not None:
            with suppress(HardwareError):
                held.session.close()


def _selected(held: _Held, examined: Examined, response: bytes) -> bool:
    """Say whether the PIV application is selected after this exchange."""
    if not examined.opens:
        return held.selected
    return response[-2:] == _SUCCESS or response[-2:-1] == bytes([_MORE])
