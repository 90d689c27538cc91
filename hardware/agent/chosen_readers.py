"""Shows the agent only some of a station's readers, such as the holder's among those of a demonstration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hardware.errors import NoReader

if TYPE_CHECKING:
    from hardware.station import CardStation, ReaderStatus, Session


class ChosenReaders:
    """A `CardStation` of the readers of another whose names begin with `prefix`."""

    def __init__(self, station: CardStation, prefix: str) -> None:
        self._station = station
        self._prefix = prefix

    def readers(self) -> tuple[ReaderStatus, ...]:
        """List the chosen readers."""
        return tuple(one for one in self._station.readers() if one.name.startswith(self._prefix))

    def open_session(self, reader: str) -> Session:
        """Take hold of the card in a reader; NoReader for one that was not chosen."""
        if not reader.startswith(self._prefix):
            raise NoReader(f"There is no reader {reader}.")
        return self._station.open_session(reader)
