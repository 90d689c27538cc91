"""Runs calls that cannot be interrupted on a thread of their own, so that the caller can stop waiting."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hardware.errors import ReaderTimeout

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

T = TypeVar("T")


class _Outcome(Generic[T]):
    """What became of one call: its error is kept for the waiting thread, which raises it, instead of ending ours."""

    def __init__(self) -> None:
        self.known = threading.Event()
        self.results: list[T] = []
        self.error: BaseException | None = None

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error
        self.known.set()
        return True


class CallThread:
    """One daemon thread that makes calls in order.

    A call that runs out of time is left behind and the thread counts as stuck: every later call is refused at once
    with ReaderTimeout, for the calls before it may still be under way.
    """

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._stuck = False
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def call(self, timeout: float, function: Callable[..., T], *arguments: Any) -> T:
        """Make one call and return its result or raise its error; waits `timeout` seconds at most."""
        if self._stuck:
            raise ReaderTimeout("An earlier call to this reader never came back.")
        outcome: _Outcome[T] = _Outcome()

        def job() -> None:
            with outcome:
                outcome.results.append(function(*arguments))

        self._jobs.put(job)
        if not outcome.known.wait(timeout):
            self._stuck = True
            raise ReaderTimeout("The reader did not answer in time.")
        if outcome.error is not None:
            raise outcome.error
        return outcome.results[0]

    def finish(self, last: Callable[[], object]) -> None:
        """Make one last call when everything before it is through, without waiting for it, and end the thread."""
        self._jobs.put(last)
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
