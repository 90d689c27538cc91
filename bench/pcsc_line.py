"""How the line fares on virtual readers behind a real pcscd: 1, 2, 4 and 8 of them, each with a wire of its own.

What `bench/line.py` leaves out is here: pyscard, pcscd, the driver (vsmartcard-vpcd) and a socket to each card. Keys take
KEY_SECONDS, as on a chip. Every card must be made; anything else ends the run.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.line import KEY_SECONDS, _key, keys  # noqa: E402 - the path comes first.
from bench.registry import fresh_url, report  # noqa: E402
from hardware.folder_station import FolderStation  # noqa: E402
from hardware.pcsc import list_readers  # noqa: E402
from hardware.pcsc_station import PcscStation  # noqa: E402
from ops.clock import SystemClock  # noqa: E402
from ops.line_runner import Line, Plan  # noqa: E402
from ops.worker import seal_all  # noqa: E402
from tests.hardware.card_rig import PcscFeeder  # noqa: E402
from tests.hardware.pcscd_daemon import start_daemon  # noqa: E402
from tests.workflow.registry import Registry  # noqa: E402
from workflow import authorities  # noqa: E402
from workflow import commands as c  # noqa: E402
from workflow.commands_of_line import OpenLineBatch  # noqa: E402
from workflow.performers.line import Turn  # noqa: E402

READERS = (1, 2, 4, 8)
CARDS_A_READER = 3


class House:
    """A card centre whose readers are pcscd's."""

    def __init__(self, url: str, folder: Path) -> None:
        self.daemon = start_daemon(pairs=max(READERS) // 2)
        self.names = self._in_order_of_ports()
        self.folder = FolderStation(folder)
        self.registry = Registry(url)
        clock = SystemClock()
        stations = (PcscStation("Virtual PCD"),)
        self.registry.office = replace(self.registry.office, stations=stations, clock=clock, wall=clock)
        authorities.establish(self.registry.office, clock.now())
        self.keys_taken = 0

    def _in_order_of_ports(self) -> tuple[str, ...]:
        """Return the readers' names, which tell their pair and their place in it; pcscd lists them in no order."""
        names = tuple(sorted(one.name for one in list_readers()))
        if len(names) != len(self.daemon.ports):
            raise SystemExit(f"pcscd has {len(names)} readers: {names}")
        return names

    def cards_an_hour(self, readers: int) -> float:
        """Return how many cards an hour so many readers make."""
        number = CARDS_A_READER * readers
        blanks = [self.folder.new_blank() for _ in range(number)]
        self.registry.do(c.AddStock(csns=tuple(blanks), box="A"), self.registry.centre)
        cases = tuple(self.registry.a_case("approved") for _ in range(number))
        self.registry.do(OpenLineBatch(case_ids=cases), self.registry.centre)
        seal_all(self.registry.office)
        first, self.keys_taken = self.keys_taken, self.keys_taken + 2 * number
        for key in range(first, self.keys_taken):
            _key(key)
        feeder = PcscFeeder(self.folder, self.daemon, self.names, blanks)
        plan = Plan(self.names[:readers], "bench", pause=0.01)
        for reader in plan.readers:
            feeder.change(reader)
        with keys(first, KEY_SECONDS):
            began = time.perf_counter()
            turns = Line(self.registry.office, plan, feeder.change).run()
            took = time.perf_counter() - began
        feeder.empty()
        if turns[Turn.MADE] != number:
            raise SystemExit(f"{turns[Turn.MADE]} of {number} cards were made: {dict(turns)}")
        return number / took * 3600


def main() -> None:
    """Measure on PostgreSQL."""
    with fresh_url("postgresql") as url, tempfile.TemporaryDirectory() as folder:
        house = House(url, Path(folder))
        alone = 0.0
        for readers in READERS:
            rate = house.cards_an_hour(readers)
            alone = alone or rate
            against = f"{readers} times one reader over pcscd, {KEY_SECONDS:.0f} s a key"
            report(f"pcsc_line_{readers}_readers", rate, "cards/h", rate / alone / readers, against)
        house.registry.close()


if __name__ == "__main__":
    main()
