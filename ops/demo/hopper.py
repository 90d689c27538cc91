"""The hands of the demonstration's card centre: finished cards come out of the machines, blank ones go in.

A card that is being made stays where it is, whatever befalls its making: only a person may take it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.demo.letter_box import MACHINE
from workflow.commands import AddStock
from workflow.facts import Actor
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.vocabulary import CardState, Role

if TYPE_CHECKING:
    from hardware.folder_station import FolderStation
    from workflow.office import Office

HANDS = Actor(name="demo-hopper", roles=frozenset({Role.CARD_CENTRE}), channel="demo")
LOW_STOCK = 10
BOX = 40
"""Blank cards in a box."""
_STAYS = frozenset({str(CardState.BLANK), str(CardState.PERSONALISING)})


def feed(office: Office, station: FolderStation) -> None:
    """Take finished cards out of the machines, put blanks into the empty ones, and open a new box in time."""
    states = _states(office)
    blanks = [csn for csn in station.cards() if states.get(csn) == str(CardState.BLANK)]
    seated = {status.csn for status in station.readers()}
    waiting = [csn for csn in blanks if csn not in seated]
    for status in station.readers():
        if not status.name.startswith(MACHINE):
            continue
        if status.csn is not None and states.get(status.csn) not in _STAYS:
            station.remove(status.name)
        elif status.csn is None and waiting:
            station.insert(status.name, waiting.pop())
    if len(blanks) < LOW_STOCK:
        open_box(office, station)


def open_box(office: Office, station: FolderStation, count: int = BOX) -> None:
    """Make blank cards and count them in."""
    number = 1 + len({row.box for row in _cards(office)})
    csns = tuple(station.new_blank() for _ in range(count))
    handle(office, AddStock(csns=csns, box=f"示範卡盒 {number}"), HANDS)


def _states(office: Office) -> dict[str, str]:
    return {row.csn: row.state for row in _cards(office)}


def _cards(office: Office) -> list[Any]:
    with office.reading() as connection:
        c = t.card.c
        return list(connection.execute(t.card.select().with_only_columns(c.csn, c.state, c.box)))
