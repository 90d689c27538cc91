"""Tears a card at every command of a script, in every way that a card can fail, and hands it back to be mended."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from hardware.chuid import GUID_LENGTH, build_chuid
from hardware.errors import HardwareError
from hardware.piv import Sw
from hardware.station import Session
from hardware.virtual.card import Fault, FaultKind, VirtualCard
from hardware.virtual.card_file import CardFile
from hardware.virtual.memory import MemoryTransport
from hardware.virtual.state import blank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hardware.virtual.state import CardState

MORE_THAN_ANY_SCRIPT = 120
TEARS = [kind for kind in FaultKind if kind is not FaultKind.MISSPOKEN]
LIES = [Sw.SUCCESS, Sw.UNKNOWN, Sw.NOT_FOUND, Sw.SECURITY_STATUS, 0x63C2]
MISHAPS = [(kind, Sw.UNKNOWN) for kind in TEARS] + [(FaultKind.MISSPOKEN, sw) for sw in LIES]
MISHAP_NAMES = [kind.name.lower() for kind in TEARS] + [f"says_{sw:04x}" for sw in LIES]


@dataclass
class Bench:
    """A table with one card on it."""

    file: CardFile
    csn: str

    @classmethod
    def with_blank(cls, directory: Path, *, answers_metadata: bool) -> Bench:
        guid = secrets.token_bytes(GUID_LENGTH)
        file = CardFile(directory / f"{guid.hex()}.card")
        file.create(blank(guid, build_chuid(guid, date(2099, 12, 31)), answers_metadata=answers_metadata))
        return cls(file, guid.hex())

    @property
    def state(self) -> CardState:
        """What the card remembers while it lies on the table."""
        return self.file.load()

    @contextmanager
    def plugged(self) -> Iterator[Session]:
        with Session(MemoryTransport(VirtualCard(self.file))) as session:
            yield session

    def torn(self, fault: Fault, act: Callable[[Session], object]) -> bool:
        """Do something with the card while the fault is planned; says whether it came to it."""
        card = VirtualCard(self.file, fault)
        with Session(MemoryTransport(card)) as session:
            try:
                act(session)
            except HardwareError:
                assert card.commands > fault.at, "it failed without any fault"
        return card.commands > fault.at


def torn_everywhere(
    prepare: Callable[[], Bench], act: Callable[[Bench, Session], object], mishap: tuple[FaultKind, int]
) -> Iterator[Bench]:
    """Yield once for each command of what is done, with a fresh card on which it went wrong at that command."""
    kind, sw = mishap
    for at in range(MORE_THAN_ANY_SCRIPT):
        bench = prepare()
        if not bench.torn(Fault(at, kind, sw), lambda session, bench=bench: act(bench, session)):
            return
        yield bench
    raise AssertionError("it never ends")
