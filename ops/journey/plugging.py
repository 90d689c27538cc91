"""Puts a fresh virtual card into a virtual PC/SC reader that stands empty."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hardware.pcsc_station import PcscStation
from hardware.virtual.vpcd import serve
from ops.demo.mail_folder import LOOPBACK
from ops.journey.pages import JourneyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.journey.house import House

PORTS = {"00 00": 35963, "00 01": 35964}
"""Where vpcd waits for the card of each of its readers, by the end of the reader's name."""


@contextmanager
def card_in_reader(house: House, reader: str) -> Iterator[None]:
    """Keep a card in the PC/SC reader: the one that is in it, or a fresh one whose file lies among the house's cards."""
    present = {status.name: status.card_present for status in PcscStation(reader).readers()}
    if reader not in present:
        raise JourneyError(f"there is no reader called {reader}; there are: {', '.join(present) or 'none'}")
    port = PORTS.get(reader[-5:])
    if present[reader] or port is None or not _listens(port):
        yield
        return
    stop, plugged = threading.Event(), threading.Event()
    file = house.station.card_file(house.station.new_blank())
    card = threading.Thread(
        target=serve,
        args=(file, (LOOPBACK, port), stop),
        kwargs={"plugged": plugged},
        name="card",
        daemon=True,
    )
    card.start()
    try:
        house.wait(f"the card to be read in {reader}", lambda: _is_read(reader))
        yield
    finally:
        stop.set()
        card.join(5)


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def _is_read(reader: str) -> bool:
    return any(status.csn is not None for status in PcscStation(reader).readers())
