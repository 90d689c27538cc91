"""A virtual card under power: the application, its file, and the faults that a test may plan."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, NoReturn

from hardware.apdu import ResponseApdu
from hardware.errors import CardRemoved, ReaderTimeout
from hardware.piv import Sw
from hardware.virtual.application import PivApplication
from hardware.virtual.power import PoweredCard
from hardware.virtual.t0 import T0Link

if TYPE_CHECKING:
    from hardware.virtual.card_file import CardFile
    from hardware.virtual.state import CardState

_HISTORICAL: Final = b"Guanfang"


def build_atr(historical: bytes) -> bytes:
    """Return an answer to reset that offers T=1 alone, closed by its check byte (ISO/IEC 7816-3 §8.2)."""
    body = bytes([0x80 | len(historical), 0x01]) + historical
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes([check])


ATR: Final = build_atr(_HISTORICAL)
ATR_T0: Final = bytes([0x3B, len(_HISTORICAL)]) + _HISTORICAL
"""Offers T=0, which goes without saying and without a check byte."""


class CardProtocol(Enum):
    """How the card takes its commands."""

    T0 = "t0"
    T1 = "t1"


class FaultKind(Enum):
    """What goes wrong."""

    TORN_BEFORE = "the card is pulled out before it acts"
    TORN_AFTER = "the card acts and is pulled out before it answers"
    UNSTORED = "the card acts, and its power fails before the change is stored"
    SILENT = "the card acts and does not answer in time"
    DEAF = "from then on the card neither acts nor answers"
    MISSPOKEN = "the card acts and answers with a status word that is not true"


@dataclass(frozen=True, slots=True)
class Fault:
    """A planned fault at the `at`-th raw command after power-up, counted from 0; `sw` is for MISSPOKEN alone."""

    at: int
    kind: FaultKind
    sw: int = Sw.UNKNOWN


class VirtualCard:
    """A card that is plugged in: holds its file exclusively until `close`.

    A change is in the file before the answer leaves, so that what was confirmed has happened. Raises ReaderBusy
    or CardFileError when it cannot be plugged in.
    """

    def __init__(
        self, file: CardFile, fault: Fault | None = None, protocol: CardProtocol = CardProtocol.T1
    ) -> None:
        self._file = file
        self._protocol = protocol
        self._fault = fault
        self._count = 0
        self._gone = self._deaf = False
        with ExitStack() as held:
            held.enter_context(file.hold())
            self._state = file.load()
            self._held = held.pop_all()
        self._saved = self._state.to_json()
        self._application = self._power_up()

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return ATR if self._protocol is CardProtocol.T1 else ATR_T0

    @property
    def commands(self) -> int:
        """How many raw commands have reached the card since it was plugged in."""
        return self._count

    @property
    def state(self) -> CardState:
        """What the card remembers, for tests and the demonstration's card rack."""
        return self._state

    def reset(self) -> None:
        """Take the power away and give it back: all that was proven is forgotten."""
        self._application = self._power_up()

    def transmit(self, command: bytes) -> bytes:
        """Answer one raw command, or fail as planned; a card that was torn out stays out."""
        if self._gone:
            raise CardRemoved("The card is not in the reader.")
        planned = self._fault.kind if self._fault and self._fault.at == self._count else None
        self._count += 1
        self._deaf = self._deaf or planned is FaultKind.DEAF
        if self._deaf:
            raise ReaderTimeout("The card did not answer in time.")
        if planned is FaultKind.TORN_BEFORE:
            self._tear_out()
        response = self._act(command, stored=planned is not FaultKind.UNSTORED)
        if planned in {FaultKind.TORN_AFTER, FaultKind.UNSTORED}:
            self._tear_out()
        if planned is FaultKind.SILENT:
            raise ReaderTimeout("The card did not answer in time.")
        if planned is FaultKind.MISSPOKEN:
            return ResponseApdu(b"", self._fault.sw if self._fault else Sw.UNKNOWN).encode()
        return response

    def close(self) -> None:
        """Pull the card out and let its file go."""
        self._gone = True
        self._held.close()

    def _tear_out(self) -> NoReturn:
        self._gone = True
        raise CardRemoved("The card was taken out of the reader.")

    def _power_up(self) -> PivApplication | T0Link:
        application = PivApplication(PoweredCard(self._state, secrets.token_bytes))
        return application if self._protocol is CardProtocol.T1 else T0Link(application.process)

    def _act(self, command: bytes, *, stored: bool) -> bytes:
        response = self._application.process(command)
        after = self._state.to_json()
        if stored and after != self._saved:
            self._file.save(self._state)
            self._saved = after
        return response
