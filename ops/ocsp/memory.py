"""Answers that are kept, and the lease without which none of them is given out.

The promise: no answer from here tells a status that was changed more than a second ago, on any machine. It rests on a
lease and not on messages that might get lost. The follower asks the database for changes every quarter of a second;
when a question that began at moment B has been answered and every change in the answer has been applied here, the
lease holds until B + LEASE_SECONDS. Say a change commits at C and an answer that does not know it is given out at T.
Its lease held at T, so it came from a question begun at B > T - LEASE_SECONDS. Had the change been committed before
B, that question would have seen it and the answer would have been dropped before the lease began; so C > B, and
T < C + LEASE_SECONDS. A follower that is slow, cut off or stopped lets the lease run out, and everything is signed
live until it has caught up. Moments are those of the machine's own boot clock, which goes on while the machine sleeps.

An answer made while a change was being applied might be put here just after its fellow was dropped. So whoever makes
one takes the generation before reading statuses, and an answer of an older generation is not taken in.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workflow.ocsp import Answer
    from workflow.ocsp.statuses import Key

LEASE_SECONDS: Final = 0.9
MOST_ANSWERS: Final = 20_000
"""Answers kept in each worker, of about 3 kB with all that belongs to them."""
MOST_NAMES: Final = 4
"""Ways of writing one request (POST, and paths that differ in their escapes) by which its answer is found."""
MEDIA_TYPE: Final = "application/ocsp-response"

Name: TypeAlias = str | bytes
"""How a request arrived: the path of a GET, or the octets of a POST."""
Headers: TypeAlias = list[tuple[str, str]]


def boot_clock() -> float:
    """Return seconds since the machine was started, those spent asleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(eq=False, slots=True)
class Kept:
    """An answer that is kept, with its headers ready to be sent."""

    body: bytes
    headers: Headers
    etag: str
    status: str
    expires: float
    subject: Key
    cert_id: bytes
    names: list[Name] = field(default_factory=list)


class Memory:
    """The answers of one worker. Looked up by the one thread that serves, changed by several under a lock."""

    def __init__(
        self, max_age: int = 0, most: int = MOST_ANSWERS, clock: Callable[[], float] = boot_clock
    ) -> None:
        self.max_age = max_age
        self._most = most
        self._clock = clock
        self._lease = 0.0
        self._lock = threading.Lock()
        self._by_name: dict[Name, Kept] = {}
        self._by_id: dict[bytes, Kept] = {}
        self._by_subject: dict[Key, list[Kept]] = {}
        self.generation = 0

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def lease_left(self) -> float:
        """Seconds for which answers may be given out; negative when the lease has run out."""
        return self._lease - self._clock()

    def get(self, name: Name) -> Kept | None:
        """Return the answer to a request that arrived just so, if there is one that may be given out."""
        now = self._clock()
        # The lease first: an answer looked up before it might be dropped, and the lease renewed, in between.
        if now >= self._lease:
            return None
        kept = self._by_name.get(name)
        return kept if kept is not None and now < kept.expires else None

    def get_by_id(self, cert_id: bytes, name: Name) -> Kept | None:
        """Return the answer about a CertID, however it was asked for before; it is found by this name from now on."""
        now = self._clock()
        if now >= self._lease:
            return None
        kept = self._by_id.get(cert_id)
        if kept is None or now >= kept.expires:
            return None
        with self._lock:
            if self._by_id.get(cert_id) is kept and len(kept.names) < MOST_NAMES:
                kept.names.append(name)
                self._by_name[name] = kept
        return kept

    def keep(self, name: Name, cert_id: bytes, answer: Answer, generation: int) -> Kept | None:
        """Keep an answer, unless something changed since its maker took the generation."""
        kept = self._kept(cert_id, answer)
        if kept is None:
            return None
        with self._lock:
            if generation != self.generation:
                return None
            self._drop(self._by_id.get(cert_id))
            while len(self._by_id) >= self._most:
                self._drop(next(iter(self._by_id.values())))
            kept.names.append(name)
            self._by_id[cert_id] = self._by_name[name] = kept
            self._by_subject.setdefault(kept.subject, []).append(kept)
        return kept

    def renew_lease(self, begun: float, changed: Iterable[Key]) -> int:
        """Drop what changed, then hold the lease that a question to the database begun at that moment gives.

        Returns the number of answers dropped.
        """
        dropped = 0
        with self._lock:
            for key in changed:
                self.generation += 1
                for kept in self._by_subject.pop(key, ()):
                    self._drop(kept)
                    dropped += 1
            self._lease = begun + LEASE_SECONDS
        return dropped

    def forget(self) -> None:
        """Drop everything and the lease with it."""
        with self._lock:
            self.generation += 1
            self._lease = 0.0
            for part in (self._by_name, self._by_id, self._by_subject):
                part.clear()

    def _drop(self, kept: Kept | None) -> None:
        if kept is None:
            return
        self._by_id.pop(kept.cert_id, None)
        for name in kept.names:
            self._by_name.pop(name, None)
        fellows = self._by_subject.get(kept.subject, [])
        if kept in fellows:
            fellows.remove(kept)
            if not fellows:
                del self._by_subject[kept.subject]

    def _kept(self, cert_id: bytes, answer: Answer) -> Kept | None:
        if answer.subject is None or answer.made is None or answer.ends is None:
            return None
        # At half its life an answer is signed anew, so that whoever gets it has time to use it.
        life = (answer.ends - answer.made) / 2
        expires = self._clock() + life.total_seconds()
        headers = headers_of(answer, self.max_age)
        etag, status = etag_of(answer), answer.statuses[0]
        return Kept(answer.der, headers, etag, status, expires, answer.subject, cert_id)


def etag_of(answer: Answer) -> str:
    """Return the entity tag of an answer: two answers of the same octets, and only they, have the same."""
    return f'"{hashlib.sha256(answer.der).hexdigest()[:32]}"'


def headers_of(answer: Answer, max_age: int = 0) -> Headers:
    """Return the headers of an answer (RFC 5019 §6.2); what is meant for one asker alone is kept by no cache.

    With a `max_age` of 0 caches have to ask here before each use, and are told in a few octets that nothing changed:
    the status stays in real time. More is the operator's choice, and cuts into that promise by as much.
    """
    headers = [("content-type", MEDIA_TYPE)]
    if answer.subject is None or answer.made is None or answer.ends is None:
        return [*headers, ("cache-control", "no-store")]
    left = int((answer.ends - answer.made) / timedelta(seconds=2))
    return [
        *headers,
        ("cache-control", f"max-age={min(max_age, left)}, public, no-transform, must-revalidate"),
        ("etag", etag_of(answer)),
        ("last-modified", format_datetime(answer.made.replace(microsecond=0), usegmt=True)),
        ("expires", format_datetime(answer.ends.replace(microsecond=0), usegmt=True)),
    ]
