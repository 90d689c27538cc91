"""The registry's pages and a card agent on loopback, with one card between them, for a browser to walk through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hardware.agent.desk import Desk
from hardware.agent.pairing import Pairings
from hardware.agent.server import AgentServer
from tests.browsing import Pages
from web.app import create_app
from web.ports import WebPorts

if TYPE_CHECKING:
    from hardware.station import CardStation
    from tests.faults.line import Bench


class Stand:
    """Pages at `address`, an agent at `agent.address`; `codes` are the pairing codes that its window showed.

    The agent's readers are those of `station`, or, without one, the folder's in which the card lies.
    """

    def __init__(self, bench: Bench, station: CardStation | None = None) -> None:
        self.bench = bench
        self.codes: list[str] = []
        self.shown: list[Any] = []
        self._pages = Pages()
        self.address = self._pages.address
        self.pairings = Pairings(lambda _origin, code: self.codes.append(code))
        self.desk = Desk(station or bench.station, lambda *said: self.shown.append(said))
        self.agent = AgentServer(frozenset({self.address}), 0, (self.pairings, self.desk), "1.0")
        self._ports = WebPorts(
            office=bench.office, secret_key="t" * 40, rate_limits=False, agent_url=self.agent.address
        )

    def start(self) -> None:
        self._pages.start(create_app(self._ports))
        self.agent.start()

    def stop(self) -> None:
        self.agent.stop()
        self._pages.stop()
