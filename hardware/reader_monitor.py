"""Tells what happens at the readers: readers that come and go, cards that are put in and taken out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from hardware.pcsc import CALL_TIMEOUT, ReaderWatch, is_present

_COUNT_SHIFT: Final = 16


class Happening(Enum):
    """What happened at a reader."""

    READER_CAME = "the reader was connected"
    READER_WENT = "the reader was disconnected, and whatever was in it"
    CARD_IN = "a card was put in"
    CARD_OUT = "the card was taken out"


@dataclass(frozen=True, slots=True)
class ReaderEvent:
    """Something that happened at a reader, by its PC/SC name."""

    reader: str
    what: Happening


class ReaderMonitor:
    """Watches all PC/SC readers of this machine until closed. What is there at the start is told first.

    Raises ReaderServiceDown without pcscd or pyscard.
    """

    def __init__(self, timeout: float = CALL_TIMEOUT) -> None:
        self._watch = ReaderWatch(timeout)
        self._known: dict[str, int] = {}

    def wait(self, seconds: float) -> tuple[ReaderEvent, ...]:
        """Return what happened since the last call, waiting up to `seconds` for something to happen.

        A card that was exchanged between two calls is told as one out and one in. Raises ReaderServiceDown when pcscd
        ends, and ReaderTimeout when it hangs; the monitor is of no more use then.
        """
        before, self._known = self._known, self._watch.states(self._known, seconds)
        return events_between(before, self._known)

    def close(self) -> None:
        """End the watch."""
        self._watch.close()


def events_between(before: dict[str, int], after: dict[str, int]) -> tuple[ReaderEvent, ...]:
    """Say what lies between two looks at all readers, given their PC/SC states."""
    events = [ReaderEvent(name, Happening.READER_WENT) for name in before if name not in after]
    for name, state in after.items():
        if name not in before:
            events.append(ReaderEvent(name, Happening.READER_CAME))
        was, now = name in before and is_present(before[name]), is_present(state)
        moved = name in before and before[name] >> _COUNT_SHIFT != state >> _COUNT_SHIFT
        if was and (not now or moved):
            events.append(ReaderEvent(name, Happening.CARD_OUT))
        if now and (not was or moved):
            events.append(ReaderEvent(name, Happening.CARD_IN))
    return tuple(events)
