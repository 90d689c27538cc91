"""The responder's HTTP (RFC 6960 appendix A, RFC 5019 §5-6), on granian's own interface, RSGI.

POST and GET at the address written into certificates, /health and /metrics for the operator. Whatever cannot be read
as a request is answered with OCSP's own `malformedRequest`; nothing that a client sends makes an error page.
"""

from __future__ import annotations

import asyncio
import json
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # the module has no __all__.

from ops.ocsp.memory import headers_of
from ops.ocsp.patience import BodyTooSlowError, Patience
from pki.errors import OcspMalformedError
from pki.ocsp import OcspError
from pki.ocsp_request import MOST_OCTETS, decode_get_path, parse_request
from workflow.authorities import OCSP_PATH
from workflow.ocsp.answering import refusal

if TYPE_CHECKING:
    from ops.ocsp.memory import Headers, Kept, Name
    from ops.ocsp.worker import OcspWorker
    from workflow.ocsp import Answer

_PREFIX: Final = OCSP_PATH + "/"
_TEXT: Final[Headers] = [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")]
_JSON: Final[Headers] = [("content-type", "application/json"), ("cache-control", "no-store")]
_PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"
_ALLOW: Final = "GET, HEAD, POST"
_OK, _NOT_MODIFIED, _NOT_FOUND, _WRONG_METHOD, _TOO_SLOW, _TOO_LARGE, _UNREADY = (
    200,
    304,
    404,
    405,
    408,
    413,
    503,
)


class BodyTooLargeError(Exception):
    """A body of more octets than any request has."""


class OcspServer:
    """The application that granian calls; one a worker process."""

    def __init__(self, worker: OcspWorker) -> None:
        self._worker = worker
        self._memory = worker.memory
        self._counts = worker.counts
        self._patience = Patience()

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the worker's threads before the first request."""
        self._worker.start(loop)
        self._patience.start(loop)

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        """End the threads; granian has let the requests in hand finish."""
        self._worker.stop()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one HTTP request."""
        method, path = scope.method, scope.path
        try:
            if method == "GET" and (kept := self._memory.get(path)) is not None:
                self._send_kept(scope, protocol, kept)
            elif method == "POST" and path in {OCSP_PATH, _PREFIX}:
                # Read here and not below: a coroutine more is a tenth of what a kept answer costs.
                reading = self._patience.begin()
                try:
                    declared = int(scope.headers.get("content-length", MOST_OCTETS + 1))
                    body = await protocol() if declared <= MOST_OCTETS else await _odd_body(scope, protocol)
                except asyncio.CancelledError:
                    self._patience.explain(reading)
                    raise
                finally:
                    self._patience.end(reading)
                kept = self._memory.get(body) or await self._other(scope, protocol, body, body)
                if kept is not None:
                    self._counts.kept["post", kept.status] += 1
                    protocol.response_bytes(_OK, kept.headers, kept.body)
            elif method in {"GET", "HEAD"} and path.startswith(_PREFIX):
                await self._get(scope, protocol)
            elif path.startswith(OCSP_PATH):
                protocol.response_str(_WRONG_METHOD, [*_TEXT, ("allow", _ALLOW)], "method not allowed\n")
            else:
                self._for_the_operator(scope, protocol)
        except ProtocolClosed:
            # Whoever asked has hung up in the middle: there is nobody to tell, and nothing is wrong here.
            return
        except BodyTooSlowError:
            protocol.response_str(_TOO_SLOW, [*_TEXT, ("connection", "close")], "the request did not come\n")
        except BodyTooLargeError:
            protocol.response_str(
                _TOO_LARGE, [*_TEXT, ("connection", "close")], "an OCSP request is smaller\n"
            )

    async def _get(self, scope: Any, protocol: Any) -> None:
        try:
            # granian has decoded the path; base64 has no percent sign, so nothing is decoded twice.
            body = decode_get_path(scope.path.removeprefix(_PREFIX))
        except OcspMalformedError:
            self._send(scope, protocol, refusal(OcspError.MALFORMED_REQUEST))
            return
        kept = self._memory.get(scope.path) or await self._other(scope, protocol, body, scope.path)
        if kept is not None:
            self._send_kept(scope, protocol, kept)

    async def _other(self, scope: Any, protocol: Any, body: bytes, name: Name) -> Kept | None:
        """Answer a request that did not come in these words before, or return the answer that is kept for it."""
        try:
            request = parse_request(body)
        except OcspMalformedError:
            self._send(scope, protocol, refusal(OcspError.MALFORMED_REQUEST))
            return None
        if request.nonce is None and len(request.certificates) == 1:
            kept = self._memory.get_by_id(request.certificates[0].encoded, name)
            if kept is not None:
                return kept
        self._send(scope, protocol, await self._worker.signing.answer(request, name))
        return None

    def _send(self, scope: Any, protocol: Any, answer: Answer) -> None:
        self._counts.answered(scope.method.lower(), answer)
        headers = headers_of(answer, self._memory.max_age)
        if scope.method == "HEAD":
            protocol.response_empty(_OK, [*headers, ("content-length", str(len(answer.der)))])
        else:
            protocol.response_bytes(_OK, headers, answer.der)

    def _send_kept(self, scope: Any, protocol: Any, kept: Kept) -> None:
        self._counts.kept[scope.method.lower(), kept.status] += 1
        asked = scope.headers.get("if-none-match")
        if asked is not None and (kept.etag in asked or asked.strip() == "*"):
            protocol.response_empty(_NOT_MODIFIED, kept.headers[1:])
        elif scope.method == "HEAD":
            protocol.response_empty(_OK, [*kept.headers, ("content-length", str(len(kept.body)))])
        else:
            protocol.response_bytes(_OK, kept.headers, kept.body)

    def _for_the_operator(self, scope: Any, protocol: Any) -> None:
        """Serve /health to anyone and /metrics to this machine; there is nothing else."""
        if scope.method not in {"GET", "HEAD"}:
            protocol.response_str(_NOT_FOUND, _TEXT, "not found\n")
        elif scope.path == "/health":
            health = self._worker.health()
            status = _OK if health["status"] == "ready" else _UNREADY
            protocol.response_str(status, _JSON, json.dumps(health) + "\n")
        elif scope.path == "/metrics" and _is_from_this_machine(scope):
            protocol.response_bytes(_OK, [("content-type", _PROMETHEUS)], self._counts.page())
        else:
            protocol.response_str(_NOT_FOUND, _TEXT, "not found\n")


async def _odd_body(scope: Any, protocol: Any) -> bytes:
    """Read a body that comes in chunks; BodyTooLargeError as soon as it is longer than any request, declared or not."""
    if "content-length" in scope.headers:
        raise BodyTooLargeError
    body = b""
    async for chunk in protocol:
        body += chunk
        if len(body) > MOST_OCTETS:
            raise BodyTooLargeError
    return body


def _is_from_this_machine(scope: Any) -> bool:
    """Tell whether a request comes from here, and not through a proxy."""
    if "x-forwarded-for" in scope.headers or "forwarded" in scope.headers:
        return False
    try:
        return ip_address(scope.client.rsplit(":", 1)[0].strip("[]")).is_loopback
    except ValueError:
        return False
