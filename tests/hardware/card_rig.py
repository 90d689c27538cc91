"""Puts virtual cards into readers, for tests that run over any kind of station."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from hardware.folder_station import DEFAULT_READERS, FolderStation
from hardware.pcsc import list_readers
from hardware.pcsc_station import PcscStation
from hardware.virtual.card import CardProtocol
from hardware.virtual.vpcd import serve
from tests.hardware.pcscd_daemon import PATIENCE, READERS, Daemon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hardware.station import CardStation
    from hardware.virtual.card import Fault

LOOKING_INTERVAL = 1.0


class Rig(Protocol):
    """A station, its first reader, and hands that put cards in and take them out."""

    station: CardStation
    reader: str

    def new_blank(self) -> str: ...
    def insert(self, csn: str) -> None: ...
    def remove(self) -> None: ...


class FolderRig:
    def __init__(self, folder: FolderStation) -> None:
        self.station = folder
        self.reader = DEFAULT_READERS[0]

    def new_blank(self) -> str:
        return self.station.new_blank()

    def insert(self, csn: str) -> None:
        self.station.insert(self.reader, csn)

    def remove(self) -> None:
        self.station.remove(self.reader)


@dataclass
class PcscRig:
    """Cards from a folder behind vpcd; waits until pcscd has noticed what the hands did."""

    folder: FolderStation
    daemon: Daemon
    station: PcscStation = field(default_factory=lambda: PcscStation("Virtual PCD"))
    reader: str = READERS[0]
    fault: Fault | None = None
    protocol: CardProtocol = CardProtocol.T1
    port: int = 0
    """The vpcd port of the reader; 0 for the daemon's first."""
    _serving: tuple[threading.Event, threading.Thread] | None = None

    def new_blank(self) -> str:
        return self.folder.new_blank()

    def insert(self, csn: str) -> None:
        stop, plugged = threading.Event(), threading.Event()
        thread = threading.Thread(
            target=serve,
            args=(self.folder.card_file(csn), ("127.0.0.1", self.port or self.daemon.ports[0]), stop),
            kwargs={"plugged": plugged, "fault": self.fault, "protocol": self.protocol},
            daemon=True,
        )
        thread.start()
        assert plugged.wait(PATIENCE)
        self._serving = (stop, thread)
        self._wait_for_card(present=True)

    def remove(self) -> None:
        if self._serving is None:
            return
        stop, thread = self._serving
        self._serving = None
        stop.set()
        thread.join(PATIENCE)
        self._wait_for_card(present=False)
        if self.fault is not None:
            # pcscd calls a card that failed in use absent at once, but looks into the reader every 0.4 s: a card put
            # in before it has looked would never be noticed. No hand is as quick as that.
            time.sleep(LOOKING_INTERVAL)

    def _wait_for_card(self, *, present: bool) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            states = {state.name: state.card_present for state in list_readers()}
            if states.get(self.reader) is present:
                return
            time.sleep(0.05)
        raise AssertionError(f"pcscd did not notice the card: {states}")


class PcscFeeder:
    """A machine that changes the cards of some readers, whose ports are the daemon's in this order."""

    def __init__(
        self, folder: FolderStation, daemon: Daemon, readers: Sequence[str], blanks: Sequence[str]
    ) -> None:
        ports = zip(readers, daemon.ports, strict=True)
        self._rigs = {name: PcscRig(folder, daemon, reader=name, port=port) for name, port in ports}
        self.blanks = list(blanks)
        self.fed: dict[str, list[str]] = {name: [] for name in readers}

    def change(self, reader: str) -> None:
        self._rigs[reader].remove()
        if self.blanks:
            self.fed[reader].append(self.blanks.pop(0))
            self._rigs[reader].insert(self.fed[reader][-1])

    def empty(self) -> None:
        for rig in self._rigs.values():
            rig.remove()
