"""One reader of the manufacturing line: take the next case for the blank in it, make the card, say how it went.

What a reader may do follows from the card in it. A blank takes the next case of the batch; a card that was begun goes
on with its own; anything else has to come out. A card that misbehaves is quarantined with what is known of it, and its
case gets another; a reader or a wire that fails leaves the card to be put back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hardware.errors import (
    HardwareError,
    NoReader,
    OtherCard,
    ReaderBusy,
    ReaderGone,
    ReaderServiceDown,
    TransportError,
)
from hardware.scripts.identify import read_csn
from workflow.commands import RecordCardSpoiled
from workflow.commands_of_line import InterruptJob, TakeBlank
from workflow.errors import Refused, RegistryError
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.performers.manufacture import make_card, new_secrets
from workflow.stations import card_in, fault_in_words
from workflow.store import schema as t
from workflow.views.line import unfinished
from workflow.vocabulary import CardState, Word

if TYPE_CHECKING:
    from workflow.office import Office
    from workflow.outcome import Outcome
    from workflow.ports import CardSession

K = t.card.c
USABLE = frozenset({str(CardState.BLANK), str(CardState.PERSONALISING)})
_GONE = (NoReader, ReaderGone, ReaderServiceDown)


class Turn(Word):
    """How one turn of a reader ended."""

    MADE = "made", "已製成", "A card was made"
    NO_CARD = "no_card", "請放入空白卡", "Put a blank in"
    TAKE_OUT = "take_out", "請取出卡片，換上空白卡", "Take the card out and put a blank in"
    NO_ACCOUNT = "no_account", "庫存帳逾期未結，結清後自動繼續", "An account of the stock is overdue"
    NO_KEYS = "no_keys", "憑證機構金鑰尚未啟用，啟用後自動繼續", "The authorities' keys are not activated"
    NO_WORK = "no_work", "無待製案件", "Nothing to make"
    BUSY = "busy", "讀卡機正由其他程式使用，用畢自動繼續", "Another program uses the reader"
    INTERRUPTED = "interrupted", "製卡中斷，請放回卡片", "Interrupted: put the card back"
    QUARANTINED = "quarantined", "卡片已隔離，請取出", "The card is quarantined: take it out"
    FAILED = "failed", "讀卡機故障", "The reader failed"
    READER_GONE = "reader_gone", "讀卡機已離線", "The reader is gone"


_STOCK_REFUSES = {"stock.not_at_line": Turn.TAKE_OUT, "stock.account_overdue": Turn.NO_ACCOUNT}
"""What the line does when the books do not let it begin a card (CRD-02)."""


@dataclass(frozen=True, slots=True)
class Post:
    """A worker's post at a reader. Without `batch_id` it takes from all batches, oldest first."""

    reader: str
    worker: str
    batch_id: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a turn came to; `said` is what went wrong, in Chinese as the staff reads it."""

    turn: Turn
    case_id: int | None = None
    said: str = ""


def take_turn(office: Office, post: Post) -> Report:
    """Make at most one card on a reader. Refusals and faults become reports; only the unforeseen is raised."""
    if not office.keys_activated():
        # A card that was begun would stop at its certificates (ROL-08).
        return Report(Turn.NO_KEYS)
    with office.asking() as connection:
        # An idle line leaves its readers to others, such as single orders.
        if not unfinished(connection, post.batch_id):
            return Report(Turn.NO_WORK)
    try:
        with card_in(office, post.reader) as session:
            return _with_card(office, post, session)
    except RegistryError as error:
        return _failed_before(error)


def _failed_before(error: RegistryError) -> Report:
    cause = error.__cause__
    if error.code == "card.none_in_reader":
        return Report(Turn.NO_CARD)
    if isinstance(cause, ReaderBusy):
        return Report(Turn.BUSY)
    return Report(Turn.READER_GONE if isinstance(cause, _GONE) else Turn.FAILED, said=error.zh)


def _with_card(office: Office, post: Post, session: CardSession) -> Report:
    csn = session.run(read_csn())
    with office.asking() as connection:
        state = connection.execute(sa.select(K.state).where(K.csn == csn)).scalar()
    if state not in USABLE:
        return Report(Turn.TAKE_OUT, said=CardState(state).zh if state else "")
    taken = _taken(office, post, csn)
    if isinstance(taken, Report):
        return taken
    return _make(office, session, taken, csn)


def _taken(office: Office, post: Post, csn: str) -> Outcome | Report:
    """Take the next case for the card; what the stock's books refuse is no failure of the reader."""
    secrets_of_card = new_secrets(office)
    command = TakeBlank(
        reader=post.reader, worker=post.worker, csn=csn, batch_id=post.batch_id, **secrets_of_card
    )
    try:
        taken = handle(office, command, SYSTEM)
    except Refused as refusal:
        if refusal.code not in _STOCK_REFUSES:
            raise
        return Report(_STOCK_REFUSES[refusal.code], said=refusal.zh)
    return Report(Turn.NO_WORK) if taken.case_id is None else taken


def _make(office: Office, session: CardSession, taken: Outcome, csn: str) -> Report:
    assert taken.case_id is not None  # noqa: S101 - asked just before.
    case_id = taken.case_id
    try:
        make_card(office, session, case_id, csn)
    except (HardwareError, RegistryError) as error:
        fault = error if isinstance(error, HardwareError) else error.__cause__
        if isinstance(fault, HardwareError) and not isinstance(fault, (TransportError, OtherCard)):
            return _quarantine(office, case_id, csn, fault)
        # The registry, the wire or the reader refused: the card itself is sound as far as anybody knows.
        said = error.zh if isinstance(error, RegistryError) else fault_in_words(error)
        handle(office, InterruptJob(case_id=case_id, said=said), SYSTEM)
        gone = isinstance(fault, _GONE)
        return Report(Turn.READER_GONE if gone else Turn.INTERRUPTED, case_id, said)
    return Report(Turn.MADE, case_id)


def _quarantine(office: Office, case_id: int, csn: str, fault: HardwareError) -> Report:
    """Set a misbehaving card aside: its certificates are revoked, its record keeps how far it came (CRD-01)."""
    said = f"{type(fault).__name__}: {fault}"
    handle(office, RecordCardSpoiled(case_id=case_id, csn=csn, reason=said), SYSTEM)
    return Report(Turn.QUARANTINED, case_id, said)
