"""Finding readers among the office's stations, and saying in words what a reader or card refuses."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hardware.errors import (
    CardRemoved,
    CardUnsupported,
    CardWasReset,
    HardwareError,
    NoCard,
    NoReader,
    OtherCard,
    ReaderBusy,
    ReaderGone,
    ReaderServiceDown,
    ReaderTimeout,
)
from workflow.errors import Refused, RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from workflow.office import Office
    from workflow.ports import CardSession, ReaderStatus

_FAULTS = (
    (ReaderGone, "讀卡機已離線"),
    (CardRemoved, "卡片在處理中被取出"),
    (CardWasReset, "卡片被其他程式重設"),
    (CardUnsupported, "讀卡機無法與卡片溝通"),
    (ReaderTimeout, "卡片沒有在時限內回應"),
    (ReaderBusy, "讀卡機正由其他程式使用"),
    (NoCard, "讀卡機中沒有卡片"),
    (NoReader, "找不到讀卡機"),
    (ReaderServiceDown, "智慧卡服務沒有執行"),
    (OtherCard, "讀卡機中換成了另一張卡片"),
)


def readers(office: Office) -> tuple[ReaderStatus, ...]:
    """Return all readers of all stations."""
    return tuple(reader for station in office.stations for reader in station.readers())


@contextmanager
def card_in(office: Office, reader: str) -> Iterator[CardSession]:
    """Hold the card in a reader; whatever goes wrong with it is said in the person's words."""
    try:
        with _opened(office, reader) as session:
            yield session
    except RegistryError:
        raise
    except NoCard as error:
        raise Refused("card.none_in_reader", reader=reader) from error
    except NoReader as error:
        raise Refused("card.reader_unknown", reader=reader) from error
    except HardwareError as error:
        raise Refused("card.failed", detail=str(error)) from error


def _opened(office: Office, reader: str) -> AbstractContextManager[CardSession]:
    """Open the card where its reader is; asking all places for their readers would read every other card."""
    for station in office.stations:
        with suppress(NoReader):
            return station.open_session(reader)
    raise NoReader(reader)


def fault_in_words(fault: HardwareError) -> str:
    """Return a mishap of reader or wire in Chinese, as the staff reads it; an unforeseen one in its own words."""
    return next((words for kind, words in _FAULTS if isinstance(fault, kind)), str(fault))
