"""How fast the line makes cards: on 1, 2, 4 and 8 virtual readers, and our own time for a card beyond its keys.

Cards take their keys from a pool. Our own time is that of a turn less what passes beyond the reader's wire: the virtual
reader and the virtual card stand for hardware. Everything else counts: the database, both certificates with their lints
and signatures, and what our scripts do between two commands. It is measured twice, in a house whose audit log is sealed
up to date, with one reader at work: `line_own_time` by the wall, and `line_own_cpu` as far as this process computed;
what lies between them is the database's part, and what the machine did for others. For the readers' sake each key takes
KEY_SECONDS, as on a chip, during which a reader waits. The database is PostgreSQL, with commits that reach the disk.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402 - the path comes first.

from bench.registry import fresh_url, report  # noqa: E402
from hardware.folder_station import FolderStation  # noqa: E402
from hardware.station import Session  # noqa: E402
from hardware.transport import DEFAULT_TIMEOUT  # noqa: E402
from hardware.virtual import key_operations  # noqa: E402
from ops.clock import SystemClock  # noqa: E402
from ops.line_runner import Line, Plan  # noqa: E402
from ops.worker import seal_all  # noqa: E402
from tests.workflow.registry import Registry  # noqa: E402
from workflow import authorities  # noqa: E402
from workflow import commands as c  # noqa: E402
from workflow.commands_of_line import OpenLineBatch  # noqa: E402
from workflow.performers.line import Post, Turn, take_turn  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hardware.virtual.card import Fault

READERS = (1, 2, 4, 8)
CARDS_A_READER = 5
SINGLE_CARDS = 20
KEY_SECONDS = 1.0
"""What a fast chip takes for a key of 2048 bits; most take longer."""
GOAL_MILLISECONDS = 60


@cache
def _key(number: int) -> rsa.RSAPrivateKey:
    del number
    return rsa.generate_private_key(65537, 2048)


@contextmanager
def keys(first: int, seconds: float) -> Iterator[None]:
    """Let virtual cards take keys from the pool, each after some seconds."""
    numbers = count(first)

    def make(_algorithm: Any) -> rsa.RSAPrivateKey:
        time.sleep(seconds)
        return _key(next(numbers))

    with patch.object(key_operations, "_make", make):
        yield


def _now() -> tuple[float, float]:
    """Return the time by the wall and by the processor, in seconds."""
    return time.perf_counter(), time.process_time()


class TimedStation(FolderStation):
    """A station that knows how long its readers and cards have acted."""

    away = (0.0, 0.0)

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Count what passes within."""
        before = _now()
        try:
            yield
        finally:
            self.away = tuple(
                spent + end - begin for spent, end, begin in zip(self.away, _now(), before, strict=True)
            )

    def open_session(self, reader: str, fault: Fault | None = None) -> Session:
        """Take hold of the card in a reader, with a clock at its wire."""
        with self.acting():
            return TimedSession(self, super().open_session(reader, fault))


class TimedSession(Session):
    """A session whose exchanges are counted as its station's."""

    def __init__(self, station: TimedStation, session: Session) -> None:
        super().__init__(session)
        self._station = station
        self._session = session
        self._transport = self

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._session.atr

    def transmit(self, command: bytes, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        """Make one exchange."""
        with self._station.acting():
            return self._session.transmit(command, timeout)

    def close(self) -> None:
        """Let the card go."""
        with self._station.acting():
            self._session.close()


class House:
    """A card centre with eight readers and a machine that feeds them."""

    def __init__(self, url: str, folder: Path) -> None:
        self.registry = Registry(url)
        self.names = tuple(f"reader {number}" for number in range(1, max(READERS) + 1))
        self.station = TimedStation(folder, self.names)
        clock = SystemClock()
        self.registry.office = replace(
            self.registry.office, stations=(self.station,), clock=clock, wall=clock
        )
        authorities.establish(self.registry.office, clock.now())
        self._blanks: list[str] = []
        self.keys_taken = 0

    def batch(self, cards: int) -> None:
        """Approve cases, lay in blanks and open a batch."""
        made = [self.station.new_blank() for _ in range(cards)]
        self.registry.do(c.AddStock(csns=tuple(made), box="A"), self.registry.centre)
        self._blanks += made
        cases = tuple(self.registry.a_case("approved") for _ in range(cards))
        self.registry.do(OpenLineBatch(case_ids=cases), self.registry.centre)
        seal_all(self.registry.office)
        for number in range(self.keys_taken, self.keys_taken + 2 * cards):
            _key(number)

    def feed(self, reader: str) -> None:
        """Change the card in a reader."""
        self.station.remove(reader)
        if self._blanks:
            self.station.insert(reader, self._blanks.pop(0))

    @contextmanager
    def with_keys(self, cards: int, seconds: float) -> Iterator[None]:
        """Give the cards of a batch their keys."""
        with keys(self.keys_taken, seconds):
            yield
        self.keys_taken += 2 * cards


def own_time(house: House) -> list[tuple[float, float]]:
    """Return the seconds, wall and processor, that each card takes of our own time, after a few to warm up."""
    house.batch(SINGLE_CARDS)
    reader, took = house.names[0], []
    with house.with_keys(SINGLE_CARDS, 0):
        for _ in range(SINGLE_CARDS):
            house.feed(reader)
            began, before = _now(), house.station.away
            ended = take_turn(house.registry.office, Post(reader, "bench"))
            spent = zip(_now(), began, house.station.away, before, strict=True)
            took.append(tuple((end - begin) - (away - was) for end, begin, away, was in spent))
            if ended.turn is not Turn.MADE:
                raise SystemExit(f"a card was not made: {ended}")
    return took[3:]


def cards_an_hour(house: House, readers: int) -> float:
    """Return how many cards an hour so many readers make."""
    cards = CARDS_A_READER * readers
    house.batch(cards)
    plan = Plan(house.names[:readers], "bench", pause=0.01)
    for reader in plan.readers:
        house.feed(reader)
    with house.with_keys(cards, KEY_SECONDS):
        began = time.perf_counter()
        turns = Line(house.registry.office, plan, house.feed).run()
        took = time.perf_counter() - began
    if turns[Turn.MADE] != cards:
        raise SystemExit(f"{turns[Turn.MADE]} of {cards} cards were made")
    for reader in plan.readers:
        house.station.remove(reader)
    return cards / took * 3600


def measure(house: House, said: Callable[..., None] = report) -> None:
    """Measure, and print a line a figure."""
    goal = f"{GOAL_MILLISECONDS} ms"
    for name, seconds in zip(
        ("line_own_time", "line_own_cpu"), zip(*own_time(house), strict=True), strict=True
    ):
        milliseconds = statistics.median(seconds) * 1000
        said(name, milliseconds, "ms/card", GOAL_MILLISECONDS / milliseconds, goal)
    house.station.remove(house.names[0])
    alone = 0.0
    for readers in READERS:
        rate = cards_an_hour(house, readers)
        alone = alone or rate
        against = f"{readers} times one reader, {KEY_SECONDS:.0f} s a key"
        said(f"line_{readers}_readers", rate, "cards/h", rate / alone / readers, against)


def main() -> None:
    """Measure on PostgreSQL."""
    with fresh_url("postgresql") as url, tempfile.TemporaryDirectory() as folder:
        house = House(url, Path(folder))
        try:
            measure(house)
        finally:
            house.registry.close()


if __name__ == "__main__":
    main()
