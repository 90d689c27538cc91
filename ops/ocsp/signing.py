"""Making answers: threads that take whatever waits, read its statuses together, sign, and read again.

Signing leaves the interpreter free, so a second thread reads and encodes meanwhile. Under load the batches grow and the
two readings of each are shared by all in it; a lone request is a batch of one and waits for nobody.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from workflow.ocsp.answering import LIFE, Answer, Desk, answer_all, try_later
from workflow.ocsp.statuses import SteadyReader, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from ops.ocsp.counting import Counts
    from ops.ocsp.memory import Memory, Name
    from pki.ocsp import OcspRequest
    from workflow.office import Office

log = logging.getLogger("guanfang.ocsp")
MOST_IN_A_BATCH: Final = 24
MOST_WAITING: Final = 2_000
"""Requests that may wait for a signature; more are told to try later at once."""
PATIENCE_SECONDS: Final = 8.0
"""A request that has waited so long is told to try later: a status answer comes within 10 s (CRL-04)."""


@dataclass(frozen=True, slots=True)
class Job:
    """A request that waits for its answer; `name` is how it may be found in memory, if it may be kept."""

    request: OcspRequest
    name: Name
    future: asyncio.Future[Answer]


Settled: TypeAlias = list[tuple[asyncio.Future[Answer], Answer]]


class Signing:
    """The threads that sign, and the requests that wait for them."""

    def __init__(self, office: Office, memory: Memory, counts: Counts, life: timedelta = LIFE) -> None:
        self._office = office
        self._memory = memory
        self._counts = counts
        self._life = life
        self.desk: Desk | None = None
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._waiting: deque[tuple[float, asyncio.Future[Answer]]] = deque()
        self._threads: list[threading.Thread] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop, threads: int = 2) -> None:
        """Begin to work for the loop that serves."""
        self._loop = loop
        self._threads = [
            threading.Thread(target=self._work, name=f"ocsp-signing-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()
        loop.call_later(1, self._give_up_on_the_oldest)

    def stop(self) -> None:
        """Finish what waits and end the threads."""
        for _thread in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        self._threads = []

    async def answer(self, request: OcspRequest, name: Name) -> Answer:
        """Return a freshly signed answer, or one that says to try later; only for the loop that serves."""
        if self._jobs.qsize() >= MOST_WAITING or self._loop is None:
            return try_later()
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.append((self._loop.time() + PATIENCE_SECONDS, future))
        self._jobs.put(Job(request, name, future))
        return await future

    def _give_up_on_the_oldest(self) -> None:
        if self._loop is None:
            return
        now = self._loop.time()
        waiting = self._waiting
        while waiting and (waiting[0][1].done() or waiting[0][0] <= now):
            _until, future = waiting.popleft()
            if not future.done():
                future.set_result(try_later())
        self._loop.call_later(1, self._give_up_on_the_oldest)

    # --- in the threads ------------------------------------------------------------------------------------------

    def _work(self) -> None:
        reader = SteadyReader(self._office.engine)
        try:
            while (first := self._jobs.get()) is not None:
                batch = self._batch(first)
                self._hand_out(batch, self._answers(reader, batch))
        finally:
            reader.close()

    def _batch(self, first: Job) -> list[Job]:
        """Return the first request and those that wait behind it, some for each thread."""
        batch = [first]
        share = min(MOST_IN_A_BATCH, 1 + self._jobs.qsize() // len(self._threads))
        while len(batch) < share:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                # The sign to end is for a thread that looks for a first request.
                self._jobs.put(None)
                break
            batch.append(job)
        return batch

    def _answers(self, reader: SteadyReader, batch: Sequence[Job]) -> list[Answer]:
        generation = self._memory.generation
        desk = self.desk
        if desk is None:
            return [try_later() for _job in batch]
        try:
            answers = answer_all(desk, reader, self._office.clock, [job.request for job in batch], self._life)
        except UnreachableError as error:
            log.warning("statuses can't be read", extra={"reason": str(error)})
            return [try_later() for _job in batch]
        except Exception:
            log.exception("batch failed")
            return [try_later() for _job in batch]
        self._counts.signed(sum(answer.signatures for answer in answers))
        for job, answer in zip(batch, answers, strict=True):
            if answer.subject is not None:
                self._memory.keep(job.name, job.request.certificates[0].encoded, answer, generation)
        return answers

    def _hand_out(self, batch: Sequence[Job], answers: Sequence[Answer]) -> None:
        settled = [(job.future, answer) for job, answer in zip(batch, answers, strict=True)]
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_settle, settled)


def _settle(settled: Settled) -> None:
    for future, answer in settled:
        if not future.done():
            future.set_result(answer)
