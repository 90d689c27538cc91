"""The station of the demonstration and the tests: a folder of virtual cards and a few virtual readers.

The folder holds `<csn>.card` files and `readers.json`, which says what card is in which reader and how often that
reader was touched. Several processes may use it at once: a lock guards `readers.json`, every write is atomic, and a
card in use is locked. Pulling a card out while another process talks to it ends that conversation with CardRemoved.
"""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from hardware.chuid import GUID_LENGTH, build_chuid
from hardware.errors import CardFileError, CardRemoved, NoCard, NoReader, ReaderBusy
from hardware.station import ReaderStatus, Session
from hardware.transport import DEFAULT_TIMEOUT, ClosingTransport
from hardware.virtual.card import VirtualCard
from hardware.virtual.card_file import CardFile, lock_file, write_atomically
from hardware.virtual.memory import MemoryTransport
from hardware.virtual.state import blank

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hardware.virtual.card import Fault

DEFAULT_READERS: Final = ("Virtual reader 1", "Virtual reader 2")
_NEVER: Final = date(2099, 12, 31)
_SUFFIX: Final = ".card"


@dataclass(frozen=True, slots=True)
class _Seat:
    """What is in a reader, and how often something was put in or taken out."""

    csn: str | None
    touched: int


class FolderStation:
    """A `CardStation` over a folder, which is made with `readers` when it is not there yet."""

    def __init__(self, directory: Path, readers: tuple[str, ...] = DEFAULT_READERS) -> None:
        self._directory = directory
        self._readers_file = directory / "readers.json"
        directory.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if not self._readers_file.exists():
                self._write_seats(dict.fromkeys(readers, _Seat(None, 0)))

    def readers(self) -> tuple[ReaderStatus, ...]:
        """List the virtual readers."""
        return tuple(
            ReaderStatus(name, seat.csn is not None, seat.csn) for name, seat in self._seats().items()
        )

    def open_session(self, reader: str, fault: Fault | None = None) -> Session:
        """Take hold of the card in a reader; `fault` plans a mishap, for tests and demonstrations."""
        seat = self._seat(reader)
        if seat.csn is None:
            raise NoCard(f"{reader} is empty.")
        card = VirtualCard(self.card_file(seat.csn), fault)
        return Session(_SeatedTransport(self, reader, seat, card))

    def new_blank(self, *, answers_metadata: bool = True) -> str:
        """Make a blank card and return its serial number; it lies in the folder, in no reader."""
        guid = secrets.token_bytes(GUID_LENGTH)
        csn = guid.hex()
        self.card_file(csn).create(blank(guid, build_chuid(guid, _NEVER), answers_metadata=answers_metadata))
        return csn

    def insert(self, reader: str, csn: str) -> None:
        """Put a card into an empty reader; raises ReaderBusy when either is taken, CardFileError without the card."""
        if csn not in self.cards():
            raise CardFileError(f"There is no card {csn}.")
        with self._locked():
            seats = self._seats()
            if reader not in seats:
                raise NoReader(f"There is no reader {reader}.")
            if seats[reader].csn is not None or csn in {seat.csn for seat in seats.values()}:
                raise ReaderBusy("The reader is taken, or the card is in another one.")
            self._write_seats(seats | {reader: _Seat(csn, seats[reader].touched + 1)})

    def remove(self, reader: str) -> None:
        """Take out whatever is in the reader; doing so twice is harmless."""
        with self._locked():
            seats = self._seats()
            if reader not in seats:
                raise NoReader(f"There is no reader {reader}.")
            self._write_seats(seats | {reader: _Seat(None, seats[reader].touched + 1)})

    def cards(self) -> tuple[str, ...]:
        """List the serial numbers of all cards in the folder, in readers or not."""
        return tuple(sorted(path.name.removesuffix(_SUFFIX) for path in self._directory.glob(f"*{_SUFFIX}")))

    def card_file(self, csn: str) -> CardFile:
        """Return the file of a card, to put it behind a virtual PC/SC reader for instance."""
        if len(csn) != 2 * GUID_LENGTH or not set(csn) <= set("0123456789abcdef"):
            raise CardFileError("A chip serial number is 32 lower-case hex digits.")
        return CardFile(self._directory / f"{csn}{_SUFFIX}")

    def _seat(self, reader: str) -> _Seat:
        seat = self._seats().get(reader)
        if seat is None:
            raise NoReader(f"There is no reader {reader}.")
        return seat

    def _require_still_there(self, reader: str, seat: _Seat) -> None:
        if self._seats().get(reader) != seat:
            raise CardRemoved("The card was taken out of the reader.")

    def _seats(self) -> dict[str, _Seat]:
        try:
            document = json.loads(self._readers_file.read_text(encoding="utf-8"))
            return {name: _Seat(item["csn"], item["touched"]) for name, item in document.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CardFileError(f"{self._readers_file} cannot be read.") from error

    def _write_seats(self, seats: dict[str, _Seat]) -> None:
        document = {name: {"csn": seat.csn, "touched": seat.touched} for name, seat in seats.items()}
        write_atomically(self._readers_file, json.dumps(document, indent=1, ensure_ascii=False))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with lock_file(self._directory / "readers.lock", wait=True):
            yield


class _SeatedTransport(ClosingTransport):
    """A `Transport` that ends when the card is taken out of its reader, by whatever process."""

    def __init__(self, station: FolderStation, reader: str, seat: _Seat, card: VirtualCard) -> None:
        self._station = station
        self._reader = reader
        self._seat = seat
        self._memory = MemoryTransport(card)

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._memory.atr

    def transmit(self, command: bytes, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        """Hand the command to the card, if it is still there before and after."""
        self._station._require_still_there(self._reader, self._seat)  # noqa: SLF001 - two halves of one thing
        response = self._memory.transmit(command, timeout)
        self._station._require_still_there(self._reader, self._seat)  # noqa: SLF001 - two halves of one thing
        return response

    def close(self) -> None:
        """Let the card go; it stays in the reader."""
        self._memory.close()
