"""How long the responder waits for a request's body.

The server limits the time for a request's head and not for its body, so a client that promises octets and never sends
them, or sends one a minute, would hold its connection for ever. Each reading is noted here with its moment, and one
timer ends those that took too long: a timer of its own for each request would cost a kept answer more than its look-up.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

BODY_SECONDS: Final = 5.0
"""A request has at most a few thousand octets; CRL-04 wants its answer within 10 s."""
LOOK_SECONDS: Final = 0.5


class BodyTooSlowError(Exception):
    """A body that did not come within BODY_SECONDS."""


class Patience:
    """The requests whose bodies are being read; only for the loop that serves."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reading: dict[asyncio.Task[Any], float] = {}

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to look after the readings of this loop."""
        self._loop = loop
        loop.call_later(LOOK_SECONDS, self._end_the_slow)

    def begin(self) -> asyncio.Task[Any] | None:
        """Note that the running task reads a body from now on; it is cancelled when that takes too long."""
        task = asyncio.current_task()
        if task is not None and self._loop is not None:
            self._reading[task] = self._loop.time() + BODY_SECONDS
        return task

    def end(self, task: asyncio.Task[Any] | None) -> None:
        """Note that the reading has ended."""
        if task is not None:
            self._reading.pop(task, None)

    def explain(self, task: asyncio.Task[Any] | None) -> None:
        """Raise BodyTooSlowError if it was from here that the reading was cancelled."""
        if task is not None and task not in self._reading:
            task.uncancel()
            raise BodyTooSlowError

    def _end_the_slow(self) -> None:
        if self._loop is None:
            return
        now = self._loop.time()
        # A dict keeps the order of insertion, so the first that may still wait ends the search.
        for task, until in list(self._reading.items()):
            if until > now:
                break
            del self._reading[task]
            task.cancel()
        self._loop.call_later(LOOK_SECONDS, self._end_the_slow)
