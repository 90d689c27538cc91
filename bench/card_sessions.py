"""How long the registry's part of a conversation with a holder's card takes, a step and as a whole.

Each step replays the whole transcript so that any process can take it; the peer is the same script run at one go over a
reader of the registry's own machine.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from hardware.scripts.view import view  # noqa: E402 - found through the path above.
from tests.faults.line import READER, prepare, sqlite_copies  # noqa: E402 - the same.
from tests.holders.browser import Browser  # noqa: E402 - the same.
from workflow.vocabulary import CardErrand  # noqa: E402 - the same.

if TYPE_CHECKING:
    from collections.abc import Callable

    from hardware.folder_station import FolderStation

ROUNDS = 20


def seconds(act: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median time of an act."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    return sorted(taken)[rounds // 2]


def main() -> None:
    """Measure viewing a card both ways."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        line = prepare(sqlite_copies(folder, "bench"), folder / "cards", posted=True)
        with line.copy() as bench:
            browser = Browser(bench)
            browser.talk(CardErrand.LOOK)
            steps = len(browser.sent)
            whole = seconds(lambda: browser.talk(CardErrand.LOOK))
            peer = seconds(lambda: view_directly(bench.station))
    against = "the same script at one go over a reader of the registry's own machine"
    for figure, value, other in (
        ("card_session_view", whole, peer),
        ("card_session_step", whole / steps, peer / steps),
    ):
        said = {"name": figure, "value": round(value * 1000, 2), "unit": "ms"}
        print(json.dumps(said | {"ratio": round(value / other, 1), "against": against}))


def view_directly(station: FolderStation) -> object:
    """View the card in the reader without a conversation."""
    with station.open_session(READER) as session:
        return session.run(view())


if __name__ == "__main__":
    main()
