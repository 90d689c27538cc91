"""Commands of the manufacturing line: people open and stop batches, readers take cards from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workflow.commands import Command

if TYPE_CHECKING:
    from workflow.vocabulary import ReaderState


@dataclass(frozen=True, kw_only=True)
class OpenLineBatch(Command):
    """Put approved cases on the line, to be made in this order."""

    case_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class StopLineBatch(Command):
    """Take what nobody has begun off the line; begun cards are finished or quarantined."""

    batch_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class TakeBlank(Command):
    """Take the next case of a batch (of any, without `batch_id`) for the blank in a reader; the card decides.

    A card that was begun before goes on with its own case, in whichever reader it is. The outcome names the case, or
    none when nothing waits. PIN and master key are those that a new card gets.
    """

    reader: str
    worker: str
    csn: str
    pin: str = field(repr=False)
    master_key: str
    batch_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class InterruptJob(Command):
    """Record that a card was left half made: it waits to be put back."""

    case_id: int
    said: str


@dataclass(frozen=True, kw_only=True)
class ReleaseLine(Command):
    """Give back what a worker of this name was making when it died."""

    worker: str


@dataclass(frozen=True, kw_only=True)
class RecordReader(Command):
    """Record what a reader of the line is doing now, or why it is set aside."""

    reader: str
    worker: str
    state: ReaderState
    said: str = ""
    failures: int = 0


@dataclass(frozen=True, kw_only=True)
class ReturnReader(Command):
    """Put a reader that was set aside back into use."""

    reader: str


@dataclass(frozen=True, kw_only=True)
class SettleQuarantined(Command):
    """End a card's quarantine: back to the blanks where it never had a key of ours recorded, else spoiled."""

    csn: str
    release: bool
    reason: str
