"""The worker: wakes the sweeper, the sealer and the schedule of CRLs, and works through the outbox lane by lane.

Several workers may run at once, each under a name of its own; what they do is claimed in the database. One bad piece
of work ends in its own retry or dead letter, never in the end of the worker.
"""

from __future__ import annotations

import gc
import logging
import signal
import socket
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler

from ops.clock import SystemClock
from ops.expiry import tell_of_expiry
from ops.list_archive import ListArchive
from ops.monitor import watch_publication
from ops.reconcile import Reports
from ops.watches import run_nightly, watch_half_life
from pki.lint import pkix
from workflow import sweeper
from workflow.commands_of_holders import ForgetCardSessions
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.performers import perform_next
from workflow.store import outbox
from workflow.store.audit_export import export_checkpoints
from workflow.store.sealing import seal
from workflow.vocabulary import Lane, Watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from ops.settings import Settings
    from workflow.office import Office

log = logging.getLogger("guanfang.worker")
PATIENCE_SECONDS = 30
"""How long a stopping worker waits for the work in hand; what it could not finish is claimed again by the next."""
AFTER_ERROR_SECONDS = 5.0
WHOLE_LOG_SECONDS = 3600
FORGET_SECONDS = 60
EXPIRY_SECONDS = 3600
APART_SECONDS = 0.1
"""By how much the first rounds of a starting worker are apart."""


HANDS = {Lane.CERTIFICATE: 2}
"""Threads of a lane that has more than one: while one of them waits for the database, the other computes."""


@dataclass(frozen=True, slots=True)
class Orders:
    """How long the worker pauses between two looks, in seconds; and the file to which it exports checkpoints, if any."""

    sweep: float = 60
    sealing: float = 1
    crls: float = 300
    lane: float = 0.5
    watches: float = 300
    night_hour: int = 2
    monitor: float = 0
    monitor_host: str = ""
    checkpoint_file: Path | None = None
    reports: Reports | None = None
    """Who signs and keeps the reports of the nightly reconciliation; without one there is none."""
    lists: ListArchive | None = None
    """Where lists go that have served; without it they stay in the database."""

    @classmethod
    def of(cls, settings: Settings) -> Orders:
        """Take the orders from the settings."""
        return cls(
            settings.sweep_seconds,
            settings.sealing_seconds,
            settings.crl_check_seconds,
            settings.lane_pause_seconds,
            settings.watch_seconds,
            settings.night_hour,
            settings.monitor_seconds,
            settings.monitor_host,
            settings.checkpoint_file,
            Reports.of(settings),
            ListArchive(settings.crl_archive, timedelta(days=settings.crl_keep_days))
            if settings.crl_archive
            else None,
        )


@dataclass(frozen=True, slots=True)
class Round:
    """Something the worker does again and again, with a pause in seconds between the end of one round and the next."""

    name: str
    pause: float
    act: Callable[[], object]


def default_name() -> str:
    """Return the name of the one worker of this machine."""
    return f"worker@{socket.gethostname()}"


def keep_what_is_loaded() -> None:
    """Load what a worker needs, and let the garbage collector pass over all that is there by now.

    A full collection went through the code and the lints as well, which last as long as the process: a tenth of a second
    now and then, in which nothing was issued, and half as much again where the process shared its memory with another.
    """
    pkix.load()
    gc.collect()
    gc.freeze()


def hands(office: Office, lane: Lane) -> int:
    """Return how many threads work through a lane: on SQLite, where one writes at a time, never more than one."""
    return HANDS.get(lane, 1) if office.engine.dialect.name == "postgresql" else 1


class Worker:
    """One worker process. `perform` and `orders` are given so that tests can set them."""

    def __init__(
        self,
        office: Office,
        name: str = "",
        orders: Orders | None = None,
        perform: Callable[[Office, Lane, str], bool] = perform_next,
    ) -> None:
        self._office = office
        self._name = name or default_name()
        self._orders = orders or Orders()
        self._perform = perform
        self._stop = threading.Event()
        # Held while a round is planned, so that none is once the worker clears its plan.
        self._planning = threading.Lock()
        # Daemons, so that a card reader that hangs does not keep the process alive.
        self._threads = [
            threading.Thread(target=self._work_lane, args=(lane,), name=f"lane-{lane}-{hand}", daemon=True)
            for lane in Lane
            for hand in range(hands(office, lane))
        ]

    def stop(self, *_signal: object) -> None:
        """Ask the worker to end after the work in hand."""
        self._stop.set()

    def run(self) -> None:
        """Work until stopped, by `stop` or by SIGTERM and SIGINT in the main thread."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self.stop)
            signal.signal(signal.SIGINT, self.stop)
        outbox.release(self._office, self._name)
        schedule = self._schedule()
        for thread in self._threads:
            thread.start()
        schedule.start()
        log.info("worker started", extra={"worker": self._name})
        self._stop.wait()
        self._end(schedule)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS / len(self._threads))
        log.info("worker stopped", extra={"worker": self._name})

    def _schedule(self) -> BackgroundScheduler:
        """Plan the first rounds, a little apart: all at once they would wait for each other while everything starts."""
        schedule = BackgroundScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None})
        now = SystemClock().now()
        for place, one in enumerate(self._rounds()):
            self._plan(schedule, one, now + timedelta(seconds=place * APART_SECONDS))
        if self._orders.monitor:
            # The pages may start after the worker, so the first round is a whole pause away.
            look = Round("monitor", self._orders.monitor, self._monitor)
            self._plan(schedule, look, now + timedelta(seconds=look.pause))
        return schedule

    def _end(self, schedule: BackgroundScheduler) -> None:
        """Begin no further round, and wait for those under way: each is short, and each of its steps a commit of its own.

        The plan is cleared first. A schedule that ends over a round that falls due fails to strike it off, and one that
        ends while a round plans its next waits for it in vain.
        """
        with self._planning:
            schedule.remove_all_jobs()
        schedule.shutdown(wait=True)

    def _rounds(self) -> tuple[Round, ...]:
        orders = self._orders
        return (
            Round("sweep", orders.sweep, lambda: sweep_all(self._office, self._stop.is_set)),
            Round("seal", orders.sealing, lambda: seal_all(self._office)),
            Round("seal_whole_log", WHOLE_LOG_SECONDS, lambda: seal(self._office, reach=None)),
            Round("crls", orders.crls, lambda: sweeper.schedule_crls(self._office)),
            Round("half_life", orders.watches, lambda: watch_half_life(self._office)),
            Round(
                "card_sessions", FORGET_SECONDS, lambda: handle(self._office, ForgetCardSessions(), SYSTEM)
            ),
            Round("expiry", EXPIRY_SECONDS, lambda: tell_of_expiry(self._office, self._stop.is_set)),
            Round("night", orders.watches, self._night),
            Round("export_checkpoints", orders.crls, self._export),
            Round("archive_lists", orders.watches, self._archive),
        )

    def _plan(self, schedule: BackgroundScheduler, one: Round, at: datetime) -> None:
        """Plan one round. The next is planned when it ends, so that a long one is neither doubled nor missed."""

        def go_round() -> None:
            try:
                self._guarded(one.name, one.act)
            finally:
                with self._planning:
                    if not self._stop.is_set():
                        self._plan(schedule, one, SystemClock().now() + timedelta(seconds=one.pause))

        schedule.add_job(go_round, "date", run_date=at, name=one.name)

    def _export(self) -> int:
        path = self._orders.checkpoint_file
        return export_checkpoints(self._office, path) if path else 0

    def _archive(self) -> int:
        return self._orders.lists.run(self._office) if self._orders.lists else 0

    def _night(self) -> int:
        reports = self._orders.reports
        more = {Watch.RECONCILE: reports.watch} if reports else {}
        return run_nightly(self._office, self._orders.night_hour, more)

    def _monitor(self) -> int:
        seen = watch_publication(self._office, self._orders.monitor_host)
        return sum(len(one.complaints) for one in seen)

    def _guarded(self, name: str, act: Callable[[], object]) -> bool:
        """Do one round; an error is logged, and the next round comes as if nothing had been."""
        try:
            found = act()
        except Exception:
            log.exception("round failed", extra={"round": name})
            return False
        if found:
            log.info("round done", extra={"round": name, "result": str(found)})
        return True

    def _work_lane(self, lane: Lane) -> None:
        while not self._stop.is_set():
            try:
                busy = self._perform(self._office, lane, self._name)
            except Exception:
                log.exception("lane failed", extra={"lane": str(lane)})
                self._stop.wait(min(AFTER_ERROR_SECONDS, self._orders.lane * 10))
                continue
            if busy:
                log.info("piece of work done with", extra={"lane": str(lane), "worker": self._name})
            else:
                self._stop.wait(self._orders.lane)


def sweep_all(office: Office, stopped: Callable[[], bool] = lambda: False) -> int:
    """Sweep batch after batch until nothing more falls due; returns how many deadlines were carried out."""
    fired = 0
    while not stopped():
        swept = sweeper.sweep(office)
        fired += swept.fired
        if not swept.fired and not swept.refused:
            break
    return fired


def seal_all(office: Office) -> int:
    """Seal batch after batch until no entry waits; returns the size of the sealed log, or 0 when nothing waited."""
    size = 0
    while (checkpoint := seal(office)) is not None:
        size = checkpoint.size
    return size


def run_once(office: Office, name: str = "once") -> int:
    """Do all that can be done now, until nothing follows: CRLs, notices, deadlines, lanes, seals; returns the pieces.

    Work that failed waits for its next try and is left alone.
    """
    done = 0
    sweeper.schedule_crls(office)
    tell_of_expiry(office)
    while True:
        # Issuing stops when sealing lags, so the log is sealed before the lanes move.
        seal_all(office)
        pieces = sweep_all(office) + sum(_drain(office, lane, name) for lane in Lane)
        if not pieces:
            break
        done += pieces
    seal_all(office)
    return done


def _drain(office: Office, lane: Lane, name: str) -> int:
    done = 0
    while perform_next(office, lane, name):
        done += 1
    return done
