"""Runs the manufacturing line: a thread for each reader, for as long as something is to be made.

Cards make their keys for seconds while the thread waits for them, so threads are enough; several processes may run
lines of their own, since jobs are claimed in the database. A reader that fails three times in a row, or goes away, is
set aside and the others go on; when somebody puts it back into use, its thread begins again.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ops.database import DatabaseError
from workflow.commands_of_line import RecordReader, ReleaseLine
from workflow.errors import RegistryError
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.performers.line import Post, Report, Turn, take_turn
from workflow.views import line
from workflow.vocabulary import ReaderState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workflow.office import Office

log = logging.getLogger("guanfang.line")
FAILURES_ALLOWED: Final = 3
"""A reader that fails so often in a row is set aside."""
AFTER_ERROR_SECONDS: Final = 5.0
_FAILED: Final = frozenset({Turn.INTERRUPTED, Turn.QUARANTINED, Turn.FAILED})
_STATES: Final = {
    Turn.MADE: ReaderState.WORKING,
    Turn.NO_CARD: ReaderState.EMPTY,
    Turn.TAKE_OUT: ReaderState.EMPTY,
    Turn.NO_WORK: ReaderState.IDLE,
    Turn.NO_KEYS: ReaderState.IDLE,
    Turn.NO_ACCOUNT: ReaderState.IDLE,
    Turn.BUSY: ReaderState.IDLE,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a line is to do. `pause` is how many seconds a reader without work or card waits before it looks again."""

    readers: tuple[str, ...]
    worker: str
    batch_id: int | None = None
    until_done: bool = True
    pause: float = 0.5


def default_name() -> str:
    """Return the name of the one line of this machine."""
    return f"line@{socket.gethostname()}"


class Line:
    """The readers of one process. `change_card` is called with a reader whose card has to be changed: by a machine
    that feeds cards, or by nobody, where people do it.
    """

    def __init__(
        self, office: Office, plan: Plan, change_card: Callable[[str], None] = lambda _reader: None
    ) -> None:
        self._office = office
        self._plan = plan
        self._change_card = change_card
        self._stop = threading.Event()
        self._known: dict[str, tuple[ReaderState, str, int]] = {}
        self.turns: Counter[Turn] = Counter()
        """How the turns so far ended."""

    def stop(self, *_signal: object) -> None:
        """Ask all readers to end after the card in hand."""
        self._stop.set()

    def start(self) -> Sequence[threading.Thread]:
        """Give back what a former line of this name left, and start the readers; the caller joins the threads."""
        handle(self._office, ReleaseLine(worker=self._plan.worker), SYSTEM)
        threads = [
            threading.Thread(target=self._serve, args=(reader,), name=f"reader-{reader}", daemon=True)
            for reader in self._plan.readers
        ]
        for thread in threads:
            thread.start()
        return threads

    def run(self) -> Counter[Turn]:
        """Work until everything is made, or until stopped; returns how the turns ended."""
        for thread in self.start():
            thread.join()
        return self.turns

    def _serve(self, reader: str) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                ended, failures = self._round(reader, failures)
                if ended:
                    return
            except Exception as error:
                # What nobody foresaw, or the database is away: the card in hand waits for its reader to look again.
                log.exception("reader failed", extra={"reader": reader})
                failures += 1
                with suppress(RegistryError, DatabaseError):
                    self._tell(reader, Report(Turn.FAILED, said=type(error).__name__), failures)
                self._stop.wait(AFTER_ERROR_SECONDS)
        with suppress(RegistryError, DatabaseError):
            self._leave(reader)

    def _round(self, reader: str, failures: int) -> tuple[bool, int]:
        """Take one turn and what follows from it; returns whether the reader has ended, and its failures in a row."""
        if self._is_set_aside(reader):
            ended = self._done()
            if not ended:
                self._stop.wait(self._plan.pause)
            return ended, 0
        report = take_turn(self._office, Post(reader, self._plan.worker, self._plan.batch_id))
        self.turns[report.turn] += 1
        failures = failures + 1 if report.turn in _FAILED else 0
        self._tell(reader, report, failures)
        if self._rest(reader, report):
            self._leave(reader)
            return True, failures
        return False, failures

    def _leave(self, reader: str) -> None:
        if not self._is_set_aside(reader):
            self._record(reader, ReaderState.STOPPED, "", 0)

    def _tell(self, reader: str, report: Report, failures: int) -> None:
        if report.turn is Turn.READER_GONE or failures >= FAILURES_ALLOWED:
            log.warning("reader set aside: %s", report.said, extra={"reader": reader})
            self._record(reader, ReaderState.SET_ASIDE, report.said or report.turn.zh, failures)
            return
        said = report.said or ("" if report.turn is Turn.MADE else report.turn.zh)
        self._record(reader, _STATES.get(report.turn, ReaderState.WORKING), said, failures)

    def _rest(self, reader: str, report: Report) -> bool:
        """Have the card changed where that is next; returns whether nothing is left for this reader."""
        if report.turn in {Turn.MADE, Turn.TAKE_OUT, Turn.QUARANTINED, Turn.NO_CARD}:
            self._change_card(reader)
        if report.turn in {Turn.MADE, Turn.QUARANTINED}:
            return False
        if report.turn in {Turn.NO_WORK, Turn.TAKE_OUT, Turn.NO_CARD} and self._done():
            return True
        self._stop.wait(self._plan.pause)
        return False

    def _done(self) -> bool:
        if not self._plan.until_done:
            return False
        with self._office.reading() as connection:
            return line.still_running(connection, self._plan.batch_id) == 0

    def _is_set_aside(self, reader: str) -> bool:
        with self._office.reading() as connection:
            return line.is_set_aside(connection, reader)

    def _record(self, reader: str, state: ReaderState, said: str, failures: int) -> None:
        """Write down what the reader does, when that is new."""
        if state is not ReaderState.SET_ASIDE and self._known.get(reader) == (state, said, failures):
            return
        self._known[reader] = (state, said, failures)
        command = RecordReader(
            reader=reader, worker=self._plan.worker, state=state, said=said, failures=failures
        )
        handle(self._office, command, SYSTEM)
