"""Finding readers among the office's stations, and saying in words what a reader or card refuses."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hardware.errors import HardwareError, NoCard, NoReader
from workflow.errors import Refused, RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.office import Office
    from workflow.ports import CardSession, CardStation, ReaderStatus


def readers(office: Office) -> tuple[ReaderStatus, ...]:
    """Return all readers of all stations."""
    return tuple(reader for station in office.stations for reader in station.readers())


@contextmanager
def card_in(office: Office, reader: str) -> Iterator[CardSession]:
    """Hold the card in a reader; whatever goes wrong with it is said in the person's words."""
    try:
        with _station(office, reader).open_session(reader) as session:
            yield session
    except RegistryError:
        raise
    except NoCard as error:
        raise Refused("card.none_in_reader", reader=reader) from error
    except NoReader as error:
        raise Refused("card.reader_unknown", reader=reader) from error
    except HardwareError as error:
        raise Refused("card.failed", detail=str(error)) from error


def _station(office: Office, reader: str) -> CardStation:
    for station in office.stations:
        if any(status.name == reader for status in station.readers()):
            return station
    raise NoReader(reader)
