"""How fast the line makes cards: on 1, 2, 4 and 8 virtual readers, and our own time for a card beyond its keys.

Cards take their keys from a pool. Our own time is that of a turn less what passes inside the virtual card, which is the
chip's: everything else counts, the database, both certificates with their lints and signatures, and the talk with the
card. For the readers' sake each key takes KEY_SECONDS, as on a chip, during which a reader waits. The database is
PostgreSQL, with commits that reach the disk. `line_own_cpu` is the part of our own time in which this process computed:
beside it the own time shows how much the machine had to do for others.
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
from hardware.virtual import key_operations  # noqa: E402
from hardware.virtual.card import VirtualCard  # noqa: E402
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


class House:
    """A card centre with eight readers and a machine that feeds them."""

    def __init__(self, url: str, folder: Path) -> None:
        self.registry = Registry(url)
        self.names = tuple(f"reader {number}" for number in range(1, max(READERS) + 1))
        self.station = FolderStation(folder, self.names)
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


class Watch:
    """Two clocks, wall and processor, that stand still while a virtual card acts."""

    def __init__(self) -> None:
        self._began = self._now()
        self._away = (0.0, 0.0)

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Return the seconds since the start, wall and processor, without the card's."""
        wall, cpu = self._now()
        return wall - self._began[0] - self._away[0], cpu - self._began[1] - self._away[1]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Notice when the card acts."""
        act = VirtualCard.transmit

        def noticed(card: VirtualCard, *arguments: Any) -> Any:
            before = self._now()
            try:
                return act(card, *arguments)
            finally:
                after = self._now()
                self._away = tuple(
                    away + end - begin for away, end, begin in zip(self._away, after, before, strict=True)
                )

        with patch.object(VirtualCard, "transmit", noticed):
            yield


def own_time(house: House) -> list[tuple[float, float]]:
    """Return the seconds, wall and processor, that each card takes of our own time, after a few to warm up."""
    house.batch(SINGLE_CARDS)
    reader, took = house.names[0], []
    with house.with_keys(SINGLE_CARDS, 0):
        for _ in range(SINGLE_CARDS):
            house.feed(reader)
            watch = Watch()
            with watch.running():
                ended = take_turn(house.registry.office, Post(reader, "bench"))
            took.append(watch.read())
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
