"""The pages' HTTP, on granian's own interface, RSGI."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # the module has no __all__.

from ops.pages.bodies import BodyCutShortError, BodyTooSlowError, NoRoomError, Room, body_of
from ops.pages.environ import environ_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Iterator
    from contextvars import Context
    from wsgiref.types import WSGIApplication

_LAST: Final = [
    ("content-type", "text/plain; charset=utf-8"),
    ("cache-control", "no-store"),
    ("connection", "close"),
]
_TOO_SLOW: Final = "這個要求沒有完整送達。 The request did not come.\n"
_NO_ROOM: Final = "目前上傳的資料過多，請稍後再試。 Too much is being sent in; try again in a while.\n"
_NO_MORE: Final = b""


@dataclass(slots=True)
class Started:
    """An answer that the application began: status, headers, and its body whole or piece by piece."""

    status: int = int(HTTPStatus.INTERNAL_SERVER_ERROR)
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | None = None
    pieces: Iterator[bytes] | None = None
    close: Callable[[], None] | None = None

    def __call__(self, status: str, headers: list[tuple[str, str]], _problem: Any = None, /) -> Any:
        """Take status and headers, as WSGI's `start_response`."""
        self.status, self.headers = int(status.split(" ", 1)[0]), headers

    def take(self, given: Iterable[bytes]) -> None:
        """Take the body: whole, if its length is known, and else piece by piece as it comes about."""
        self.close = getattr(given, "close", None)
        if any(name.lower() == "content-length" for name, _ in self.headers):
            self.body = b"".join(given)
        else:
            self.pieces = iter(given)

    def next(self) -> bytes:
        """Return the next piece that holds anything; nothing at the end."""
        assert self.pieces is not None  # noqa: S101 - only asked of an answer in pieces.
        return next((piece for piece in self.pieces if piece), _NO_MORE)

    def end(self) -> None:
        """Let the application put away what it needed."""
        if self.close is not None:
            self.close()


class PageServer:
    """The application that granian calls; one a worker process, with some threads for the pages."""

    def __init__(self, pages: WSGIApplication, threads: int, room: Room | None = None) -> None:
        self._pages = pages
        self._room = room or Room()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="pages")
        self._loop: asyncio.AbstractEventLoop | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Learn which loop serves."""
        self._loop = loop

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        """End the threads; granian has let the requests in hand finish."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one HTTP request."""
        try:
            async with body_of(scope, protocol, self._room) as body:
                await self._answer(scope, protocol, environ_of(scope, body))
        except ProtocolClosed:
            # Whoever asked has hung up in the middle: there is nobody to tell, and nothing is wrong here.
            return
        except BodyCutShortError:
            protocol.response_empty(int(HTTPStatus.BAD_REQUEST), _LAST)
        except BodyTooSlowError:
            protocol.response_str(int(HTTPStatus.REQUEST_TIMEOUT), _LAST, _TOO_SLOW)
        except NoRoomError:
            protocol.response_str(int(HTTPStatus.SERVICE_UNAVAILABLE), _LAST, _NO_ROOM)

    async def _answer(self, scope: Any, protocol: Any, environ: dict[str, Any]) -> None:
        # One context for the whole answer: the application leaves in it what the next piece needs.
        context = copy_context()
        started = Started()
        try:
            await self._in_a_thread(context, partial(self._begin, environ, started))
            if started.pieces is not None and scope.method != "HEAD":
                await self._send_pieces(protocol, started, context)
            elif started.body and scope.method != "HEAD":
                protocol.response_bytes(started.status, started.headers, started.body)
            else:
                protocol.response_empty(started.status, started.headers)
        finally:
            await self._in_a_thread(context, started.end)

    def _begin(self, environ: dict[str, Any], started: Started) -> None:
        started.take(self._pages(environ, started))

    async def _send_pieces(self, protocol: Any, started: Started, context: Context) -> None:
        """Send an answer while it comes about; a thread is held only while the application makes a piece."""
        transport = protocol.response_stream(started.status, started.headers)
        while piece := await self._in_a_thread(context, started.next):
            await transport.send_bytes(piece)

    async def _in_a_thread(self, context: Context, act: Callable[[], Any]) -> Any:
        assert self._loop is not None  # noqa: S101 - granian calls __rsgi_init__ first.
        return await self._loop.run_in_executor(self._threads, context.run, act)
