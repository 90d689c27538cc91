"""A registry with approved cases, blanks in virtual readers, and a hand that changes the cards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hardware.folder_station import FolderStation
from tests.faults.line import establish, ready_keys
from tests.workflow.registry import Registry
from workflow import commands as c
from workflow.commands_of_line import OpenLineBatch
from workflow.performers.line import Post, Report, take_turn
from workflow.store import schema as t

if TYPE_CHECKING:
    from pathlib import Path

    import sqlalchemy as sa

READERS = ("reader 1", "reader 2", "reader 3")


class CardLine:
    """The card centre's line on a fresh database."""

    def __init__(self, url: str, folder: Path, blanks: int = 6) -> None:
        self.registry = Registry(url)
        self.station = FolderStation(folder / "cards", READERS)
        self.registry.office = replace(self.registry.office, stations=(self.station,))
        establish(self.registry.office)
        self.blanks = [self.station.new_blank() for _ in range(blanks)]
        self.registry.do(c.AddStock(csns=tuple(self.blanks), box="A"), self.registry.centre)

    @property
    def office(self) -> Any:
        return self.registry.office

    def batch(self, count: int) -> tuple[int, list[int]]:
        """Open a batch of new approved cases; returns its number and the cases."""
        cases = [self.registry.a_case("approved") for _ in range(count)]
        opened = self.registry.do(OpenLineBatch(case_ids=tuple(cases)), self.registry.centre)
        return int(opened.created_id or 0), cases

    def feed(self, reader: str) -> None:
        """Change the card in a reader for the next blank from stock."""
        self.station.remove(reader)
        blank = {row.csn for row in self.rows(t.card, t.card.c.state == "blank")}
        seated = {status.csn for status in self.station.readers()}
        waiting = [csn for csn in self.blanks if csn in blank and csn not in seated]
        if waiting:
            self.station.insert(reader, waiting[0])

    def turn(self, reader: str = READERS[0], worker: str = "line", first_key: int = 0) -> Report:
        """Take one turn on a reader."""
        with ready_keys(first_key, 64):
            return take_turn(self.office, Post(reader, worker))

    def rows(self, table: sa.Table, *where: Any) -> list[Any]:
        return self.registry.rows(table, *where)

    def jobs(self) -> list[str]:
        return [row.state for row in self.rows(t.line_job)]

    def card(self, csn: str) -> Any:
        return self.rows(t.card, t.card.c.csn == csn)[0]
