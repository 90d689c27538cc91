"""The manufacturing line's acts: opening and stopping batches, taking blanks for them, readers and quarantine.

Jobs are claimed with SKIP LOCKED, so that any number of readers take from one batch. The job, the case and the blank
are taken in one commit: a case on the line has its card from the first moment, and a crash can't part them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.acts.making import bind_blank
from workflow.acts.stock_found import came_from
from workflow.commands_of_line import (
    InterruptJob,
    OpenLineBatch,
    RecordReader,
    ReleaseLine,
    ReturnReader,
    SettleQuarantined,
    StopLineBatch,
    TakeBlank,
)
from workflow.deeds import deed
from workflow.errors import NotFound, Refused
from workflow.machine import state_of
from workflow.outcome import Outcome
from workflow.stock_words import EntryKind, PlaceKind
from workflow.store import schema as t
from workflow.store.line_jobs import job_of_card, next_job, on_the_line
from workflow.store.line_stock import require_at_line
from workflow.store.loading import load_cases
from workflow.store.stock_books import Step, carry, carry_to
from workflow.store.unit_of_work import Extra
from workflow.vocabulary import CardState, JobState, ReaderState, Role

if TYPE_CHECKING:
    from workflow.facts import Actor, CaseFacts
    from workflow.store.unit_of_work import UnitOfWork

SYSTEM = frozenset({Role.SYSTEM})
CENTRE = frozenset({Role.CARD_CENTRE})
LARGEST_BATCH = 500
LEASE = timedelta(minutes=5)
"""How long a card may take before another worker may go on with it; two keys on a slow chip take one minute."""
K, J, R, B = t.card.c, t.line_job.c, t.line_reader.c, t.line_batch.c


def _open_batch(work: UnitOfWork, command: OpenLineBatch, actor: Actor, _prepared: None) -> Outcome:
    ids = tuple(dict.fromkeys(command.case_ids))
    if not ids:
        raise Refused("line.no_cases")
    if len(ids) > LARGEST_BATCH:
        raise Refused("line.too_many", most=LARGEST_BATCH)
    cases = work.lock(sorted(ids))
    for case_id in ids:
        _require_approved(cases.get(case_id))
    for case_id in on_the_line(work.connection, ids):
        raise Refused("line.case_taken", number=cases[case_id].number)
    batch_id = work.insert(t.line_batch, by_name=actor.name, at=work.now)
    for position, case_id in enumerate(ids, start=1):
        work.add(
            "line_job",
            batch_id=batch_id,
            case_id=case_id,
            position=position,
            state=str(JobState.WAITING),
            said="",
            updated_at=work.now,
        )
    numbers = [cases[case_id].number for case_id in ids]
    work.audit("line_batch_opened", actor, {"batch": batch_id, "cases": numbers})
    return Outcome(created_id=batch_id)


def _require_approved(case: CaseFacts | None) -> None:
    if case is None:
        raise NotFound("case.not_found")
    if case.state != "approved":
        raise Refused("case.not_now", state=state_of(case.kind, case.state), action=deed("order_manufacture"))


def _stop_batch(work: UnitOfWork, command: StopLineBatch, actor: Actor, _prepared: None) -> Outcome:
    if not command.reason.strip():
        raise Refused("case.reason_missing")
    stopped = work.connection.execute(
        sa.update(t.line_batch)
        .where(B.id == command.batch_id, B.stopped_at.is_(None))
        .values(stopped_at=work.now, stop_reason=command.reason)
    )
    if not stopped.rowcount:
        raise NotFound("line.no_batch", batch=command.batch_id)
    left = work.connection.execute(
        sa.update(t.line_job)
        .where(J.batch_id == command.batch_id, J.state == str(JobState.WAITING))
        .values(state=str(JobState.LEFT), said=command.reason, updated_at=work.now)
    )
    said = {"batch": command.batch_id, "reason": command.reason, "left": left.rowcount}
    work.audit("line_batch_stopped", actor, said)
    return Outcome(created_id=command.batch_id)


def _take_blank(work: UnitOfWork, command: TakeBlank, actor: Actor, _prepared: None) -> Outcome:
    card = work.connection.execute(sa.select(t.card).where(K.csn == command.csn).with_for_update()).first()
    if card is not None and card.state == str(CardState.PERSONALISING):
        return _go_on(work, command, card)
    if card is None or card.state != str(CardState.BLANK):
        raise Refused("card.not_blank", csn=command.csn)
    require_at_line(work.connection, card, work.now)
    while (job := next_job(work.connection, command.batch_id)) is not None:
        case = load_cases(work.connection, [job.case_id])[job.case_id]
        if case.state == "approved":
            after = work.fire(case, "take_on_line", command, actor, Extra(note=command.reader))
            bind_blank(work, after, card, command, actor)
            _claim(work, job, command)
            return Outcome(case_id=case.id, number=case.number, created_id=job.id)
        # The case went another way since the batch was opened.
        left = {"state": str(JobState.LEFT), "said": state_of(case.kind, case.state).zh}
        # At once: the next one is looked for among those that wait.
        work.connection.execute(
            sa.update(t.line_job).where(J.id == job.id).values(updated_at=work.now, **left)
        )
    return Outcome()


def _go_on(work: UnitOfWork, command: TakeBlank, card: Any) -> Outcome:
    """Go on with a begun card; one that was ordered outside the line, or is in good hands, is left alone."""
    job = job_of_card(work.connection, card.case_id, command.worker, work.office.wall.now())
    if job is None:
        return Outcome()
    _claim(work, job, command)
    return Outcome(case_id=card.case_id, created_id=job.id)


def _claim(work: UnitOfWork, job: Any, command: TakeBlank) -> None:
    values = {
        "state": str(JobState.WORKING),
        "reader": command.reader,
        "worker": command.worker,
        "claimed_until": work.office.wall.now() + LEASE,
        "said": "",
        "updated_at": work.now,
    }
    work.update(sa.update(t.line_job).where(J.id == job.id).values(**values))


def _interrupt(work: UnitOfWork, command: InterruptJob, actor: Actor, _prepared: None) -> Outcome:
    found = work.connection.execute(
        sa.update(t.line_job)
        .where(J.case_id == command.case_id, J.state == str(JobState.WORKING))
        .values(state=str(JobState.INTERRUPTED), said=command.said, claimed_until=None, updated_at=work.now)
    )
    if found.rowcount:
        work.audit("card_interrupted", actor, {"case_asked": command.case_id, "said": command.said})
    return Outcome()


def _release(work: UnitOfWork, command: ReleaseLine, actor: Actor, _prepared: None) -> Outcome:
    found = work.connection.execute(
        sa.update(t.line_job)
        .where(J.worker == command.worker, J.state == str(JobState.WORKING))
        .values(state=str(JobState.INTERRUPTED), claimed_until=None, updated_at=work.now)
    )
    if found.rowcount:
        work.audit("line_released", actor, {"worker": command.worker, "cards": found.rowcount})
    return Outcome(created_id=found.rowcount)


def _record_reader(work: UnitOfWork, command: RecordReader, actor: Actor, _prepared: None) -> Outcome:
    values = {
        "worker": command.worker,
        "state": str(command.state),
        "said": command.said,
        "failures": command.failures,
        "updated_at": work.now,
    }
    found = work.connection.execute(sa.update(t.line_reader).where(R.name == command.reader).values(**values))
    if not found.rowcount:
        work.insert(t.line_reader, name=command.reader, **values)
    if command.state is ReaderState.SET_ASIDE:
        work.audit("reader_set_aside", actor, {"reader": command.reader, "said": command.said})
    return Outcome()


def _return_reader(work: UnitOfWork, command: ReturnReader, actor: Actor, _prepared: None) -> Outcome:
    found = work.connection.execute(
        sa.update(t.line_reader)
        .where(R.name == command.reader, R.state == str(ReaderState.SET_ASIDE))
        .values(state=str(ReaderState.STOPPED), failures=0, said="", updated_at=work.now)
    )
    if not found.rowcount:
        raise NotFound("line.not_set_aside", reader=command.reader)
    work.audit("reader_returned", actor, {"reader": command.reader})
    return Outcome()


def _settle(work: UnitOfWork, command: SettleQuarantined, actor: Actor, _prepared: None) -> Outcome:
    """End a quarantine. What the card holds is known by its record: a key that was recorded is never replaced (CRD-01)."""
    csn = command.csn.strip().lower()
    if not command.reason.strip():
        raise Refused("case.reason_missing")
    card = work.connection.execute(sa.select(t.card).where(K.csn == csn).with_for_update()).first()
    if card is None or card.state != str(CardState.QUARANTINED):
        raise NotFound("card.not_quarantined", csn=csn)
    if command.release and (card.signature_spki is not None or card.encipherment_spki is not None):
        raise Refused("card.holds_keys", csn=csn)
    store = came_from(work, card, actor, release=command.release)
    values: dict[str, Any] = {"state": str(CardState.SPOILED), "reason": command.reason}
    if command.release:
        # The sealed secrets stay: the card may hold them already, and its next case goes on with them.
        values = {"state": str(CardState.BLANK), "case_id": None, "number": None, "step": "", "reason": ""}
        carry(work, K.id == card.id, Step(EntryKind.RELEASED, store, actor))
    else:
        carry_to(work, K.id == card.id, EntryKind.SPOILED, PlaceKind.BIN, actor)
    work.connection.execute(sa.update(t.card).where(K.id == card.id).values(updated_at=work.now, **values))
    kind = "quarantine_released" if command.release else "quarantine_spoiled"
    said = {"csn": csn, "number": card.number, "step": card.step, "reason": command.reason}
    work.audit(kind, actor, {**said, "case_asked": card.case_id})
    return Outcome()


ACTS = (
    Act(OpenLineBatch, _open_batch, CENTRE),
    Act(StopLineBatch, _stop_batch, CENTRE),
    Act(TakeBlank, _take_blank, SYSTEM),
    Act(InterruptJob, _interrupt, SYSTEM),
    Act(ReleaseLine, _release, SYSTEM),
    Act(RecordReader, _record_reader, SYSTEM),
    Act(ReturnReader, _return_reader, CENTRE),
    Act(SettleQuarantined, _settle, CENTRE),
)
