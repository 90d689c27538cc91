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

    A call that runs out of time is left behind and the thread counts as stuck: the caller of every later one gets
    ReaderTimeout at once. Such a call is still made, should the thread ever come free, so that a card is let go.
    """

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._stuck = False
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def call(self, timeout: float, function: Callable[..., T], *arguments: Any) -> T:
        """Make one call and return its result or raise its error; waits `timeout` seconds at most."""
        outcome: _Outcome[T] = _Outcome()

        def job() -> None:
            with outcome:
                outcome.results.append(function(*arguments))

        self._jobs.put(job)
        if self._stuck:
            raise ReaderTimeout("An earlier call to this reader never came back.")
        if not outcome.known.wait(timeout):
            self._stuck = True
            raise ReaderTimeout("The reader did not answer in time.")
        if outcome.error is not None:
            raise outcome.error
        return outcome.results[0]

    def finish(self) -> None:
        """End the thread when everything before is through, without waiting for it."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
