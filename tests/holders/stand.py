"""The registry's pages and a card agent on loopback, with one card between them, for a browser to walk through."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server

from hardware.agent.desk import Desk
from hardware.agent.pairing import Pairings
from hardware.agent.server import AgentServer
from web.app import create_app
from web.ports import WebPorts

if TYPE_CHECKING:
    from tests.faults.line import Bench


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_request(self, *_args: object) -> None:
        pass


def _whole(app: Any) -> Any:
    """Read each answer to its end, so that a browser that leaves early keeps no file open."""

    def answer(environ: Any, start_response: Any) -> list[bytes]:
        parts = app(environ, start_response)
        try:
            return [b"".join(parts)]
        finally:
            parts.close()

    return answer


class Stand:
    """Pages at `address`, an agent at `agent.address`; `codes` are the pairing codes that its window showed."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.codes: list[str] = []
        self.shown: list[Any] = []
        self._server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True, request_handler=Quiet)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self.pairings = Pairings(lambda _origin, code: self.codes.append(code))
        self.desk = Desk(bench.station, lambda *said: self.shown.append(said))
        self.agent = AgentServer(frozenset({self.address}), 0, (self.pairings, self.desk), "1.0")
        ports = WebPorts(
            office=bench.office, secret_key="t" * 40, rate_limits=False, agent_url=self.agent.address
        )
        self._server.app = _whole(create_app(ports))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> None:
        self._thread.start()
        self.agent.start()

    def stop(self) -> None:
        self.agent.stop()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
