"""Answers the agent's requests: values in, values out; `server` puts HTTP around it.

Order of each answer: Host, then Origin, then the token, and only then the matter itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from hardware.agent.refusals import AgentRefusal, refusal_of
from hardware.errors import HardwareError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hardware.agent.desk import Desk
    from hardware.agent.gate import Gate
    from hardware.agent.pairing import Pairings
    from hardware.station import ReaderStatus

PROTOCOL: Final = 1
"""Raised when a page and an agent of different age would no longer understand each other."""
BODY_LIMIT: Final = 16 * 1024
ON_BEHALF: Final = "x-guanfang-page"
_PREFLIGHT_SECONDS: Final = "600"
_WINDOW_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_STATIC: Final = {"/popup.js": ("popup.js", "text/javascript"), "/popup.css": ("popup.css", "text/css")}


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; the names of headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


class Service:
    """The agent's desk behind its gate."""

    def __init__(self, gate: Gate, pairings: Pairings, desk: Desk, version: str) -> None:
        self._gate = gate
        self._pairings = pairings
        self._desk = desk
        self._version = version
        self._posts: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
            "/sessions": self._open,
            "/sessions/exchange": self._exchange,
            "/sessions/close": self._close,
        }

    def answer(self, request: Request) -> Answer:
        """Answer a request; whatever is refused says so in both languages."""
        origin = request.headers.get("origin")
        try:
            self._gate.require_host(request.headers.get("host", ""))
            path = urlsplit(request.target).path
            if request.method == "GET" and (path == "/popup" or path in _STATIC):
                return self._window(request, path)
            page = self._gate.page(origin, request.headers.get(ON_BEHALF))
            if request.method == "OPTIONS":
                return Answer(HTTPStatus.NO_CONTENT, {**self._cors(origin), **self._preflight(request)})
            return self._json(HTTPStatus.OK, self._act(request, path, page), origin)
        except HardwareError as error:
            refusal = refusal_of(error)
            return self._json(refusal.status, {"error": refusal.said()}, origin)

    def _act(self, request: Request, path: str, page: str) -> dict[str, Any]:
        if request.method not in {"GET", "POST"}:
            raise AgentRefusal("agent.unknown")
        if path == "/version":
            return {"name": "guanfang-agent", "version": self._version, "protocol": PROTOCOL}
        said = _json_of(request) if request.method == "POST" else {}
        if (request.method, path) == ("POST", "/pairing"):
            self._pairings.begin(page)
            return {"shown": True}
        if (request.method, path) == ("POST", "/pairing/code"):
            return {"token": self._pairings.redeem(page, _text(said, "code"))}
        self._pairings.require(page, _bearer(request))
        if path == "/readers":
            return {"readers": [self._shown(one) for one in self._desk.readers()]}
        if request.method != "POST" or path not in self._posts:
            raise AgentRefusal("agent.unknown")
        return self._posts[path](page, said)

    def _shown(self, seen: ReaderStatus) -> dict[str, Any]:
        number = self._desk.number_on(seen)
        return {"name": seen.name, "card": seen.card_present, "csn": seen.csn, "number": number}

    def _open(self, page: str, said: dict[str, Any]) -> dict[str, Any]:
        return {"session": self._desk.open(page, _text(said, "reader"))}

    def _exchange(self, page: str, said: dict[str, Any]) -> dict[str, Any]:
        try:
            raw = bytes.fromhex(_text(said, "command"))
        except ValueError:
            # The text may hold a PIN, so no part of it goes into the refusal or its cause.
            raise AgentRefusal("agent.request") from None
        return {"response": self._desk.exchange(page, _text(said, "session"), raw).hex()}

    def _close(self, page: str, said: dict[str, Any]) -> dict[str, Any]:
        self._desk.close(page, _text(said, "session"))
        return {"closed": True}

    # --- headers ----------------------------------------------------------------------------------------------------

    def _cors(self, origin: str | None) -> dict[str, str]:
        """Let a listed page read the answer, and nobody else."""
        if origin is None or not self._gate.listed(origin):
            return {"Vary": "Origin"}
        return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}

    @staticmethod
    def _preflight(request: Request) -> dict[str, str]:
        """Allow what the pages send; a browser that guards local networks asks for that too (its draft's §3)."""
        asked = request.headers.get("access-control-request-private-network") == "true"
        return {
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
            **({"Access-Control-Allow-Private-Network": "true"} if asked else {}),
        }

    def _json(self, status: int, said: Mapping[str, Any], origin: str | None) -> Answer:
        headers = {**self._cors(origin), "Content-Type": "application/json", "Cache-Control": "no-store"}
        return Answer(status, headers, json.dumps(said, ensure_ascii=False).encode())

    # --- the window for browsers that refuse the direct way ---------------------------------------------------------

    def _window(self, request: Request, path: str) -> Answer:
        """Serve the agent's own window, for an opener that is on the list."""
        headers = {
            "Content-Security-Policy": _WINDOW_POLICY,
            "X-Frame-Options": "DENY",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        if path in _STATIC:
            name, kind = _STATIC[path]
            return Answer(HTTPStatus.OK, headers | {"Content-Type": f"{kind}; charset=utf-8"}, _file(name))
        opener = parse_qs(urlsplit(request.target).query).get("origin", [""])[0]
        if not self._gate.listed(opener):
            raise AgentRefusal("agent.stranger")
        page = _file("popup.html").replace(b"{{ origin }}", escape(opener, quote=True).encode())
        return Answer(HTTPStatus.OK, headers | {"Content-Type": "text/html; charset=utf-8"}, page)


def _file(name: str) -> bytes:
    return files("hardware.agent").joinpath("static", name).read_bytes()


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind == "Bearer" else ""


def _json_of(request: Request) -> dict[str, Any]:
    """Read a body; only JSON, which no form of a foreign page can send without asking first."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/json":
        raise AgentRefusal("agent.request")
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError):
        # Thousands of brackets within one another are no request of ours, either.
        raise AgentRefusal("agent.request") from None
    if not isinstance(said, dict):
        raise AgentRefusal("agent.request")
    return said


def _text(said: dict[str, Any], name: str) -> str:
    found = said.get(name)
    if not isinstance(found, str):
        raise AgentRefusal("agent.request")
    return found
