"""Following the change feed: drops kept answers whose status changed, and renews the memory's lease."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from ops.database import DatabaseError
from ops.ocsp.memory import boot_clock
from workflow.ocsp.feed import StatusFeed
from workflow.ocsp.statuses import UnreachableError

if TYPE_CHECKING:
    from ops.ocsp.counting import Counts
    from ops.ocsp.memory import Memory
    from workflow.office import Office

log = logging.getLogger("guanfang.ocsp")
POLL_SECONDS: Final = 0.25
RETRY_SECONDS: Final = 0.5
LEAP_SECONDS: Final = 2.0


class Follower:
    """A thread that asks for changes four times a second, and at once when the database notifies."""

    def __init__(self, office: Office, memory: Memory, counts: Counts) -> None:
        self._office = office
        self._memory = memory
        self._counts = counts
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ocsp-follower", daemon=True)
        self._offset: float | None = None

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(RETRY_SECONDS * 4)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with StatusFeed.open(self._office.engine) as feed:
                    # What changed while nobody listened is not known, so nothing that was kept can be trusted.
                    self._memory.forget()
                    log.info("following the change feed")
                    self._follow(feed)
            except (UnreachableError, DatabaseError) as error:
                log.warning("the change feed is lost", extra={"reason": type(error).__name__})
            self._stop.wait(RETRY_SECONDS)

    def _follow(self, feed: StatusFeed) -> None:
        while not self._stop.is_set():
            begun = boot_clock()
            changed = feed.changes()
            self._look_at_the_clock(begun)
            dropped = self._memory.renew_lease(begun, changed)
            self._counts.dropped(dropped)
            feed.wait(POLL_SECONDS)

    def _look_at_the_clock(self, now: float) -> None:
        """Keep no answer over a leap of the registry's clock: its times would be nonsense."""
        offset = self._office.clock.now().timestamp() - now
        if self._offset is not None and abs(offset - self._offset) > LEAP_SECONDS:
            self._memory.forget()
        self._offset = offset
