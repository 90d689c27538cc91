"""Commands of the card stock. What is counted is counted blind: no command carries the number that the books say."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.commands import Command


@dataclass(frozen=True, kw_only=True)
class AddPlace(Command):
    """Open another store: a vault, a line or a desk."""

    kind: str
    name: str
    english: str = ""


@dataclass(frozen=True, kw_only=True)
class ReceiveBoxes(Command):
    """Take delivered boxes in from the maker's lists; nobody can use their cards before somebody else counted them.

    `boxes` holds (order number, box number), `cards` (place in `boxes`, line of the list, chip's serial number).
    """

    place_id: int = 0
    """The store into which they will be counted; 0 for the first vault."""
    boxes: tuple[tuple[str, str], ...]
    cards: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, kw_only=True)
class CountBox(Command):
    """Count a delivered box, by another person than received it."""

    box_id: int
    counted: int


@dataclass(frozen=True, kw_only=True)
class HandOut(Command):
    """Hand blank cards from one store to another: those named, or all of a box that lie there."""

    from_id: int
    to_id: int
    csns: tuple[str, ...] = ()
    box: str = ""


@dataclass(frozen=True, kw_only=True)
class TakeIn(Command):
    """Count and receive what another person handed out."""

    move_id: int
    counted: int


@dataclass(frozen=True, kw_only=True)
class CountPlace(Command):
    """Count all cards of a place at the end of the day."""

    place_id: int
    counted: int


@dataclass(frozen=True, kw_only=True)
class ConfirmAccount(Command):
    """Confirm, as another person than counted, that an account balances; it is closed thereby."""

    account_id: int


@dataclass(frozen=True, kw_only=True)
class SettleDifference(Command):
    """Settle a count that differed, by somebody who did not handle the cards.

    What was counted again and the cards named as missing must together make what the books say.
    """

    difference_id: int
    recounted: int
    missing: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReportFound(Command):
    """Put a missing card that turned up again into quarantine, where somebody else settles it."""

    csn: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ProposeDestruction(Command):
    """Put spoiled cards up for destruction."""

    csns: tuple[str, ...]
    method: str


@dataclass(frozen=True, kw_only=True)
class WitnessDestruction(Command):
    """Record, as another person than proposed it, that one saw the cards destroyed."""

    destruction_id: int


@dataclass(frozen=True, kw_only=True)
class TakeUpCards(Command):
    """Give the cards of before the books of the stock their place in them."""
