"""Reading a request's body within limits of time, size and room, while no thread waits for it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, Final

from web.security import LARGEST_UPLOAD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SILENT_SECONDS: Final = 10.0
"""How long a client may send nothing in the middle of a body."""
WHOLE_SECONDS: Final = 300.0
"""How long a body may take; the largest upload then needs a line of 0.7 Mbit/s."""
IN_MEMORY: Final = 64 * 1024
"""Octets of a body that are kept in memory; a larger one goes to a temporary file."""
MOST_OCTETS: Final = 512 * 1024 * 1024
"""Octets that all bodies together have on disk at a time, in a process; small ones need none, so log-ins get through."""


class BodyTooSlowError(Exception):
    """A body that stopped coming, or came too slowly."""


class BodyCutShortError(Exception):
    """A body with fewer octets than its head promised: whoever sent it has hung up."""


class NoRoomError(Exception):
    """More bodies at once than a process keeps."""


@dataclass(slots=True)
class Room:
    """What is left for the bodies of all requests; only for the loop that serves."""

    left: int = MOST_OCTETS

    def take(self, octets: int) -> None:
        """Use some of it; NoRoomError when there is not so much."""
        if octets > self.left:
            raise NoRoomError
        self.left -= octets


@asynccontextmanager
async def body_of(scope: Any, protocol: Any, room: Room) -> AsyncIterator[IO[bytes]]:
    """Give the whole body of a request, to be read from its beginning.

    Of one that is too large no more is read than the application needs to refuse it, nothing at all where the head says
    so. Raises BodyTooSlowError, BodyCutShortError or NoRoomError.
    """
    with SpooledTemporaryFile(IN_MEMORY) as body:
        taken = Taken(room)
        try:
            await _fill(scope, protocol, body, taken)
            body.seek(0)
            yield body
        finally:
            taken.give_back()


@dataclass(slots=True)
class Taken:
    """What one body uses of the room."""

    room: Room
    octets: int = 0

    def add(self, octets: int) -> None:
        """Use more; NoRoomError when there is not so much."""
        before = self.on_disk()
        self.octets += octets
        try:
            self.room.take(self.on_disk() - before)
        except NoRoomError:
            self.octets -= octets
            raise

    def on_disk(self) -> int:
        """Return the octets of it that do not fit into memory."""
        return max(0, self.octets - IN_MEMORY)

    def give_back(self) -> None:
        """Leave it to others."""
        self.room.left += self.on_disk()


async def _fill(scope: Any, protocol: Any, body: IO[bytes], taken: Taken) -> None:
    declared = _declared(scope)
    if declared == 0 or (declared is not None and declared > LARGEST_UPLOAD):
        return
    try:
        await _read(protocol, body, taken)
    except TimeoutError as error:
        raise BodyTooSlowError from error
    if declared is not None and taken.octets < declared:
        raise BodyCutShortError


def _declared(scope: Any) -> int | None:
    """Return the declared length; None for a body whose length nobody knows before its end."""
    if (said := scope.headers.get("content-length")) is not None:
        # The server has refused a length that is none.
        return int(said)
    # HTTP/2 has no word for a body in chunks.
    in_chunks = "transfer-encoding" in scope.headers or scope.http_version.startswith("2")
    return None if in_chunks and scope.method not in {"GET", "HEAD"} else 0


async def _read(protocol: Any, body: IO[bytes], taken: Taken) -> None:
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(WHOLE_SECONDS), asyncio.timeout(SILENT_SECONDS) as silence:
        async for chunk in protocol:
            taken.add(len(chunk))
            body.write(chunk)
            if taken.octets > LARGEST_UPLOAD:
                return
            silence.reschedule(now() + SILENT_SECONDS)
