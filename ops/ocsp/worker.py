"""One worker of the responder: its memory, its signing threads, its follower and the keeper of its certificates."""

from __future__ import annotations

import logging
import secrets
import threading
from typing import TYPE_CHECKING, Any, Final

from ops.database import DatabaseError
from ops.ocsp.counting import Counts
from ops.ocsp.follower import Follower
from ops.ocsp.memory import LEASE_SECONDS, Memory
from ops.ocsp.signing import Signing
from workflow.ocsp.responders import keep_desk

if TYPE_CHECKING:
    import asyncio
    from datetime import timedelta

    from workflow.office import Office

log = logging.getLogger("guanfang.ocsp")
CARRY_SECONDS: Final = 0.25
KEEP_SECONDS: Final = 60
"""How often the responders' certificates are looked at; several workers look at different moments."""
ANXIOUS_SECONDS: Final = 2
"""How often while one is missing."""


class OcspWorker:
    """What runs in one process; `life` is how long answers may be believed, `max_age` how long caches may keep them."""

    def __init__(self, office: Office, life: timedelta, max_age: int = 0) -> None:
        self._office = office
        self.memory = Memory(max_age)
        self.counts = Counts(self.memory)
        self.signing = Signing(office, self.memory, self.counts, life)
        self._follower = Follower(office, self.memory, self.counts)
        self._stop = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="ocsp-keeper", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start all threads; the first certificates are looked at before anything is served."""
        self._loop = loop
        self._look_after()
        self.signing.start(loop)
        self._follower.start()
        self._keeper.start()
        loop.call_later(CARRY_SECONDS, self._carry)

    def stop(self) -> None:
        """End all threads and close the database."""
        self._stop.set()
        self._follower.stop()
        self.signing.stop()
        self._keeper.join(ANXIOUS_SECONDS)
        self.counts.carry_over(self._feed_age())
        self._office.engine.dispose()

    def health(self) -> dict[str, Any]:
        """Tell whether requests should be sent here: every responder is there, and the change feed is followed."""
        desk = self.signing.desk
        missing = desk.missing if desk is not None else ["all"]
        following = self.memory.lease_left > 0
        activated = self._office.keys_activated()
        ready = following and not missing and activated
        return {
            "status": "ready" if ready else "not ready",
            "following": following,
            "missing_responders": missing,
            "keys": "activated" if activated else "not activated",
        }

    def _feed_age(self) -> float:
        return LEASE_SECONDS - self.memory.lease_left

    def _carry(self) -> None:
        self.counts.carry_over(self._feed_age())
        if self._loop is not None and not self._stop.is_set():
            self._loop.call_later(CARRY_SECONDS, self._carry)

    def _keep(self) -> None:
        while True:
            desk = self.signing.desk
            calm = desk is not None and not desk.missing
            # Workers that look at different moments seldom make a certificate for nothing.
            pause = KEEP_SECONDS / 2 + secrets.randbelow(KEEP_SECONDS) if calm else ANXIOUS_SECONDS
            if self._stop.wait(pause):
                return
            self._look_after()

    def _look_after(self) -> None:
        try:
            desk = keep_desk(self._office)
        except DatabaseError as error:
            log.warning("responders can't be looked at", extra={"reason": type(error).__name__})
            return
        self.signing.desk = desk
        now = self._office.clock.now()
        self.counts.responders(
            [(name, (one.fields.not_after - now).total_seconds()) for name, one in desk.responders.items()]
        )
