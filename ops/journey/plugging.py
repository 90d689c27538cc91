"""Puts a fresh virtual card into a virtual PC/SC reader that stands empty."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hardware.errors import HardwareError
from hardware.pcsc_station import PcscStation
from hardware.virtual.vpcd import serve
from ops.demo.mail_folder import LOOPBACK
from ops.journey.pages import JourneyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hardware.virtual.card_file import CardFile
    from ops.journey.house import House

PORTS = {"00 00": 35963, "00 01": 35964}
"""Where vpcd waits for the card of each of its readers, by the end of the reader's name."""


@contextmanager
def card_in_reader(house: House, reader: str, port: int = 0) -> Iterator[None]:
    """Keep a card in the PC/SC reader: the one that is in it, or a fresh one whose file lies among the house's cards.

    `port` is where the reader's vpcd waits, for one that is set up otherwise than by Debian's package.
    """
    present = {status.name: status.card_present for status in PcscStation(reader).readers()}
    if reader not in present:
        raise JourneyError(f"there is no reader called {reader}; there are: {', '.join(present) or 'none'}")
    if present[reader]:
        yield
        return
    port = port or PORTS.get(reader[-5:], 0)
    if not port:
        raise JourneyError(f"there is no card in {reader}")
    plug = _Plug(house.station.card_file(house.station.new_blank()), (LOOPBACK, port))
    plug.start()
    try:
        house.wait(f"the card to be read in {reader}", lambda: plug.refused or _is_read(reader))
        if plug.refused:
            raise JourneyError(f"there is no card in {reader}, and none can be put into it: {plug.refused}")
        yield
    finally:
        plug.stop.set()
        plug.join(5)


class _Plug(threading.Thread):
    """Keeps a card in the reader until told to stop; `refused` says why it could not be put in."""

    def __init__(self, file: CardFile, address: tuple[str, int]) -> None:
        super().__init__(name="card", daemon=True)
        self.stop = threading.Event()
        self.refused = ""
        self._file = file
        self._address = address

    def run(self) -> None:
        # Nobody knocks first: vpcd would take the knock for a card.
        try:
            serve(self._file, self._address, self.stop)
        except HardwareError as error:
            self.refused = str(error)


def _is_read(reader: str) -> bool:
    return any(status.csn is not None for status in PcscStation(reader).readers())
