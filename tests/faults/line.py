"""A registry with a card on the line, copied for each fall: database, cards and all."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import rsa

from hardware.folder_station import FolderStation
from hardware.virtual import key_operations
from tests.faults.falling import reopened
from tests.workflow.registry import START, Registry
from workflow import authorities
from workflow import commands as c
from workflow.commands_of_authorities import EstablishAuthorities, NewAuthority
from workflow.commands_of_line import OpenLineBatch
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.performers import perform_next
from workflow.store import outbox
from workflow.store import schema as t
from workflow.vocabulary import Ca, Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.postgresql import Cluster
    from workflow.office import Office

READER = "reader 1"
OTHER_READER = "reader 2"
# A killed process leaves what it wrote to the kernel, so copies may lie in memory: they are many, and a disk is slow.
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - folders within it get names that nobody can guess.
MEMORY = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
BLANKS = 3
_ceremony: list[NewAuthority] = []


@cache
def card_key(number: int) -> rsa.RSAPrivateKey:
    """Return the n-th key of the pool: a real card takes long to make one, and so would each of a hundred falls."""
    del number
    return rsa.generate_private_key(65537, 2048)


@contextmanager
def ready_keys(first: int, count: int = 8) -> Iterator[None]:
    """Let the virtual cards take their RSA keys from the pool, from the n-th on; the process forgets with the block."""
    taken = iter(range(first, first + count))
    with patch.object(key_operations, "_make", lambda _algorithm: card_key(next(taken))):
        yield


@dataclass(frozen=True)
class Copies:
    """Where a prepared database lies, and how another copy of it is had."""

    url: str
    lend: Callable[[], Any]


@dataclass(frozen=True)
class Line:
    """A registry in which one case stands at the step that is to be killed."""

    office: Office
    case_id: int
    csn: str
    cards: Path
    lend: Callable[[], Any]

    @contextmanager
    def copy(self) -> Iterator[Bench]:
        """Lend a copy that may be ruined."""
        with tempfile.TemporaryDirectory(dir=MEMORY) as name, self.lend() as url:
            cards = Path(name) / "cards"
            shutil.copytree(self.cards, cards)
            bench = Bench(self, url, cards)
            try:
                yield bench
            finally:
                bench.close()


class Copied:
    """A copy of a registry, opened anew by each process."""

    def __init__(self, office: Office, url: str, *stations: FolderStation) -> None:
        self._prepared, self.url, self._stations = office, url, stations
        self._opened: list[Office] = []
        # Nothing connects before the fork: a child must never share a connection.
        self.office = self.opened()

    def opened(self) -> Office:
        """Open the office as a new process would."""
        self._opened.append(reopened(self._prepared, self.url, *self._stations))
        return self._opened[-1]

    def close(self) -> None:
        for office in self._opened:
            office.engine.dispose()

    def rows(self, table: sa.Table, *where: Any) -> list[Any]:
        with self.office.reading() as connection:
            return list(connection.execute(sa.select(table).where(*where).order_by(*table.primary_key)))


class Bench(Copied):
    """A copy of a line, and what a new process on it does and sees."""

    def __init__(self, line: Line, url: str, cards: Path) -> None:
        self.line, self.cards = line, cards
        self.station = FolderStation(cards, (READER,))
        super().__init__(line.office, url, self.station)

    @property
    def case(self) -> Any:
        return self.rows(t.case, t.case.c.id == self.line.case_id)[0]

    @property
    def card(self) -> Any:
        return self.rows(t.card, t.card.c.csn == self.line.csn)[0]


def work_lane(office: Office, lane: Lane) -> None:
    """Do as a worker that starts: give back what its predecessor held, then work until nothing is left."""
    outbox.release(office, "line")
    while perform_next(office, lane, "line"):
        pass


def sqlite_copies(folder: Path, name: str) -> Copies:
    """Keep the prepared database in a file."""
    path = folder / f"{name}.sqlite"

    @contextmanager
    def lend() -> Iterator[str]:
        with tempfile.TemporaryDirectory(dir=MEMORY) as place:
            copied = Path(place) / path.name
            shutil.copyfile(path, copied)
            yield f"sqlite:///{copied}"

    return Copies(f"sqlite:///{path}", lend)


def postgresql_copies(cluster: Cluster, name: str) -> Copies:
    """Keep the prepared database as a template of the cluster."""
    used = iter(range(1_000_000))

    @contextmanager
    def lend() -> Iterator[str]:
        with cluster.database(f"{name}_{next(used)}", name) as url:
            yield url

    return Copies(cluster.create_database(name), lend)


def prepare(copies: Copies, cards: Path, *, posted: bool, ca: Ca = Ca.XCA) -> Line:
    """Bring one case onto the line, or, made and posted, into its holder's hands."""
    registry, blanks = _stocked(copies.url, FolderStation(cards, (READER,)))
    case_id = registry.a_case("manufacturing", ca)
    if posted:
        with ready_keys(0):
            work_lane(registry.office, Lane.CARD)
        registry.pack(case_id)
        registry.do(c.PostCards(items=((case_id, registry.mail_number()),)), registry.centre)
    return _prepared(registry, Line(registry.office, case_id, blanks[0], cards, copies.lend), copies)


def prepare_batch(copies: Copies, cards: Path) -> Line:
    """Open a batch of one case, with a blank in the reader that is to make its card."""
    registry, blanks = _stocked(copies.url, FolderStation(cards, (READER, OTHER_READER)))
    case_id = registry.a_case("approved")
    registry.do(OpenLineBatch(case_ids=(case_id,)), registry.centre)
    return _prepared(registry, Line(registry.office, case_id, blanks[0], cards, copies.lend), copies)


def _stocked(url: str, station: FolderStation) -> tuple[Registry, list[str]]:
    registry = Registry(url)
    registry.office = replace(registry.office, stations=(station,))
    establish(registry.office)
    blanks = [station.new_blank() for _ in range(BLANKS)]
    registry.do(c.AddStock(csns=tuple(blanks), box="A"), registry.centre)
    station.insert(READER, blanks[0])
    return registry, blanks


def _prepared(registry: Registry, line: Line, copies: Copies) -> Line:
    registry.close()
    _fold(copies.url)
    return line


def _fold(url: str) -> None:
    """Bring what SQLite's log holds into the one file that is copied."""
    if url.startswith("sqlite"):
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()


def establish(office: Office) -> None:
    """Hold the ceremony once a run, and give the same authorities to every registry after the first."""
    if not _ceremony:
        authorities.establish(office, START)
        with office.reading() as connection:
            rows = connection.execute(sa.select(t.authority).order_by(t.authority.c.id)).all()
        _ceremony.extend(
            NewAuthority(row.name, row.certificate, Ca(row.ca) if row.ca else None, sealed_key=row.sealed_key)
            for row in rows
        )
        return
    handle(office, EstablishAuthorities(authorities=tuple(_ceremony)), SYSTEM)
