"""What the responder counts, for Prometheus at /metrics.

The path of a kept answer only adds to a plain number; the numbers are carried over four times a second. Where the
process runs as several workers, the client library keeps them in a folder that all share, and any worker tells the sum.
"""

from __future__ import annotations

import os
import threading
from collections import Counter as Tally
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from ops.ocsp.process import SHARED_FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.ocsp.memory import Memory
    from workflow.ocsp import Answer


class Counts:
    """The numbers of one worker."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.kept: Tally[tuple[str, str]] = Tally()
        """Answers given from memory, by method and status; only the serving thread adds."""
        self._live: Tally[tuple[str, str]] = Tally()
        self._signatures = 0
        self._dropped = 0
        self._lock = threading.Lock()
        shared = SHARED_FOLDER in os.environ
        self._registry = CollectorRegistry()
        own = None if shared else self._registry
        self._requests = Counter(
            "guanfang_ocsp_requests",
            "Requests answered; a status of several certificates is that of the first",
            ("method", "status", "source"),
            registry=own,
        )
        self._signed = Counter("guanfang_ocsp_signatures", "Signatures made", registry=own)
        self._drops = Counter(
            "guanfang_ocsp_dropped", "Kept answers dropped since their status changed", registry=own
        )
        self._answers = Gauge(
            "guanfang_ocsp_kept_answers", "Answers in memory", registry=own, multiprocess_mode="livesum"
        )
        self._age = Gauge(
            "guanfang_ocsp_feed_age_seconds",
            "Since the question to the change feed that was last answered, in the worker that is furthest behind",
            registry=own,
            multiprocess_mode="livemax",
        )
        self._left = Gauge(
            "guanfang_ocsp_responder_left_seconds",
            "Until a responder's certificate ends",
            ("authority",),
            registry=own,
            multiprocess_mode="livemin",
        )
        if shared:
            MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]  # the library has no types here.

    def answered(self, method: str, answer: Answer) -> None:
        """Count an answer that was made for its asker; only for the serving thread."""
        status = answer.error.name.lower() if answer.error is not None else answer.statuses[0]
        self._live[method, status] += 1

    def signed(self, number: int) -> None:
        """Count signatures; for any thread."""
        with self._lock:
            self._signatures += number

    def dropped(self, number: int) -> None:
        """Count answers that were dropped from memory; for any thread."""
        with self._lock:
            self._dropped += number

    def responders(self, left: Sequence[tuple[str, float]]) -> None:
        """Note how long the responders' certificates last."""
        for authority, seconds in left:
            self._left.labels(authority).set(seconds)

    def carry_over(self, feed_age: float) -> None:
        """Hand the numbers to Prometheus; only for the serving thread."""
        for source, tally in (("memory", self.kept), ("signed", self._live)):
            for (method, status), number in tally.items():
                self._requests.labels(method, status, source).inc(number)
            tally.clear()
        with self._lock:
            signatures, self._signatures = self._signatures, 0
            dropped, self._dropped = self._dropped, 0
        self._signed.inc(signatures)
        self._drops.inc(dropped)
        self._answers.set(len(self._memory))
        self._age.set(feed_age)

    def page(self) -> bytes:
        """Return the page for Prometheus."""
        return generate_latest(self._registry)
