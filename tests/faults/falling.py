"""Processes that are killed at a chosen moment: every commit and every exchange with a card is a moment.

The hooks live here alone; the product knows nothing of them. A child is a fork of the test's process, so that it needs
no start of its own; it opens the database anew and ends by SIGKILL or by `os._exit`.
"""

from __future__ import annotations

import os
import signal
import traceback
import warnings
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hardware.station import Session
from hardware.transport import DEFAULT_TIMEOUT, ClosingTransport
from workflow.store.database import open_engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workflow.office import Office


AFTER_COMMIT = "after a commit"
NOTHING_NEW = "nothing new: "
_PATIENCE = 120
"""Seconds that a child may take; none takes ten."""


@dataclass
class Trip:
    """Counts moments, and kills its own process at the one that was chosen."""

    at: int | None = None
    passed: list[str] = field(default_factory=list)

    def moment(self, name: str) -> None:
        if len(self.passed) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.passed.append(name)


@dataclass
class Watching(Trip):
    """Notes too at which moments nothing lasts that did not last a moment before: in the database or on the cards."""

    cards: Path | None = None
    _before: tuple[bytes, int] = (b"", -1)

    def moment(self, name: str) -> None:
        assert self.cards is not None
        files = sorted(path for path in self.cards.rglob("*") if path.is_file())
        held = b"".join(path.name.encode() + path.read_bytes() for path in files)
        commits = sum(one.endswith(AFTER_COMMIT) for one in self.passed) + (name == AFTER_COMMIT)
        same, self._before = (held, commits) == self._before, (held, commits)
        super().moment(f"{NOTHING_NEW}{name}" if same else name)


class _Wire(ClosingTransport):
    """A card's wire that trips after the card has acted, before anyone hears of it."""

    def __init__(self, session: Any, trip: Trip) -> None:
        self._session = session
        self._trip = trip

    @property
    def atr(self) -> bytes:
        return bytes(self._session.atr)

    def transmit(self, command: bytes, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        answer = bytes(self._session.transmit(command, timeout))
        self._trip.moment(f"card acted on {command[:4].hex()}")
        return answer

    def close(self) -> None:
        self._session.close()


@dataclass
class TrippingStation:
    """A station whose cards trip."""

    station: Any
    trip: Trip

    def readers(self) -> Any:
        return self.station.readers()

    def open_session(self, reader: str) -> Session:
        return Session(_Wire(self.station.open_session(reader), self.trip))


@dataclass
class TrippingMailer:
    """A mailer that trips before and after the server has the mail."""

    mailer: Any
    trip: Trip

    def send(self, mail: Any) -> None:
        self.trip.moment("before the mail")
        self.mailer.send(mail)
        self.trip.moment("after the mail")


def reopened(office: Office, url: str, *stations: Any) -> Office:
    """Return the office as a new process would open it."""
    return replace(office, engine=open_engine(url), stations=stations)


def tripping(office: Office, trip: Trip) -> Office:
    """Return a freshly opened office that trips at its commits, its cards and its mails."""
    dialect: Any = office.engine.dialect
    commit = dialect.do_commit

    def do_commit(connection: Any) -> None:
        trip.moment("before a commit")
        commit(connection)
        trip.moment(AFTER_COMMIT)

    dialect.do_commit = do_commit
    stations = tuple(TrippingStation(station, trip) for station in office.stations)
    return replace(office, stations=stations, mailer=TrippingMailer(office.mailer, trip))


def in_child(act: Callable[[], object]) -> int:
    """Run an act in a forked process; returns the signal that ended it, 0 when it ended by itself."""
    with warnings.catch_warnings():
        # Newer Pythons warn of forks beside threads; this child touches nothing that a thread of ours holds.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 1
        # A child that hangs would hold up its parent, and outlive it.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(_PATIENCE)
        try:
            act()
            status = 0
        except BaseException:  # noqa: BLE001 - the child must not go on as a second test run.
            traceback.print_exc()
        finally:
            os._exit(status)
    _pid, ended = os.waitpid(child, 0)
    assert not os.WIFEXITED(ended) or os.WEXITSTATUS(ended) == 0, "the child failed; its traceback is above"
    fell_by = os.WTERMSIG(ended) if os.WIFSIGNALED(ended) else 0
    assert fell_by != signal.SIGALRM, f"the child was not done in {_PATIENCE} s"
    return fell_by


def moments(folder: Path, act: Callable[[Trip], object], watch: Path | None = None) -> list[str]:
    """Return the names of the moments that an act passes when nothing kills it.

    With a folder of cards to `watch`, those that leave nothing new are named so.
    """
    notes = folder / "moments.txt"

    def noted() -> None:
        trip = Trip() if watch is None else Watching(cards=watch)
        act(trip)
        notes.write_text("\n".join(trip.passed), encoding="utf-8")

    assert in_child(noted) == 0
    return notes.read_text(encoding="utf-8").splitlines()
