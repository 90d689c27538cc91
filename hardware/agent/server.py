"""The agent's HTTP: threads on this machine's loopback, nothing logged."""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from hardware.agent.gate import LOOPBACK, Gate
from hardware.agent.refusals import AgentRefusal
from hardware.agent.service import BODY_LIMIT, Answer, Request, Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from hardware.agent.desk import Desk
    from hardware.agent.pairing import Pairings

DEFAULT_PORT: Final = 61161
SWEEP_SECONDS: Final = 5.0
POLL_SECONDS: Final = 0.05


class AgentServer:
    """An agent that listens on 127.0.0.1; port 0 takes any free one. OSError when the port is taken."""

    def __init__(
        self, origins: frozenset[str], port: int, parts: tuple[Pairings, Desk], version: str
    ) -> None:
        self._server = _Server((LOOPBACK, port), _Handler)
        pairings, self._desk = parts
        self._server.service = Service(Gate(origins, self.port), pairings, self._desk, version).answer
        self._stop = threading.Event()
        self._threads = (
            threading.Thread(
                target=self._server.serve_forever, args=(POLL_SECONDS,), name="agent", daemon=True
            ),
            threading.Thread(target=self._sweep, name="agent-sweep", daemon=True),
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        """The address that pages call."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Begin to answer, in threads of its own."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop answering and let every card go."""
        self._stop.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join(SWEEP_SECONDS)
        self._server.server_close()
        self._desk.close_all()

    def _sweep(self) -> None:
        while not self._stop.wait(SWEEP_SECONDS):
            self._desk.sweep()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # On Windows a reused address would let another program share the port.
    allow_reuse_address = False
    service: Callable[[Request], Answer]

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the names that socketserver gives.
        """Pass over a page that went away; of anything else name only the kind, for its text may hold a PIN."""
        kind = sys.exc_info()[0] or Exception
        if not issubclass(kind, (ConnectionError, TimeoutError)):
            sys.stderr.write(f"讀卡代理程式發生錯誤 The card agent failed: {kind.__name__}\n")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "guanfang-agent"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 70
    # Header and body leave together and at once: else each answer waits 40 ms for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if len(headers) != len(self.headers.items()):
            # Two of one name, and somebody between might look at the other: no browser sends that.
            self.close_connection = True
            self._send(Answer(AgentRefusal("agent.request").status, {}))
            return
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > BODY_LIMIT or "transfer-encoding" in headers:
            self.close_connection = True
            refusal = AgentRefusal("agent.too_large")
            self._send(Answer(refusal.status, {}))
            return
        body = self.rfile.read(int(length))
        self._send(self.server.service(Request(self.command, self.path, headers, body)))

    do_GET = do_POST = do_OPTIONS = _handle  # noqa: N815 - the names that http.server calls.

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gives it.
        """Log nothing: the agent tells the holder itself what it does."""
