"""Running the house: dead letters, the sweeper's breaker, pauses of deadlines, OIDs and the demonstration's clock."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.card_keys import is_changing, with_next_puk
from workflow.cases import card_application, certificate_request
from workflow.commands import (
    AssignOid,
    CompleteActivation,
    ConfirmSweep,
    MoveClock,
    PauseDeadlines,
    RequeueDeadLetter,
    ResendNotice,
    ResumeDeadlines,
)
from workflow.deeds import deed
from workflow.effects import Effect
from workflow.errors import BadInput, FieldProblem, NotFound, Refused, Words
from workflow.outcome import Outcome, of_case
from workflow.stock_words import EntryKind
from workflow.store import schema as t
from workflow.store.stock_books import carry_to
from workflow.vocabulary import CardState, CaseKind, DeadlineState, OutboxState, Role

if TYPE_CHECKING:
    from workflow.facts import Actor, CaseFacts
    from workflow.store.unit_of_work import UnitOfWork

OPERATOR = frozenset({Role.OPERATOR})
OFFICER = frozenset({Role.SECOND_REVIEWER})
DESK = frozenset({Role.HELP_DESK})
D, W, P = t.deadline.c, t.outbox.c, t.deadline_pause.c
_BATCH = certificate_request.States
_SETTLED: dict[str, frozenset[str]] = {
    CaseKind.CARD_APPLICATION: frozenset(
        {card_application.States.APPROVED, card_application.States.MANUFACTURING}
    ),
    # A batch says its organisation's OID from the beginning.
    CaseKind.CERTIFICATE_REQUEST: frozenset(
        {_BATCH.SUBMITTED, _BATCH.EXAMINED, _BATCH.APPROVED_ONCE, _BATCH.ISSUING}
    ),
}
LONGEST_LEAP = 3660
LONGEST_OID = 64
# Arcs under Taiwan's own, none with a leading zero (X.660).
OID = re.compile(r"2\.16\.886(?:\.(?:0|[1-9][0-9]*))+")


def _requeue(work: UnitOfWork, command: RequeueDeadLetter, actor: Actor, _prepared: None) -> Outcome:
    result = work.connection.execute(
        sa.update(t.outbox)
        .where(W.id == command.outbox_id, W.state == str(OutboxState.DEAD))
        .values(state=str(OutboxState.WAITING), attempts=0, due_at=work.office.wall.now(), claimed_by=None)
    )
    if result.rowcount != 1:
        raise NotFound("case.not_found")
    work.audit("dead_letter_requeued", actor, {"outbox": command.outbox_id})
    return Outcome(created_id=command.outbox_id)


def _confirm_sweep(work: UnitOfWork, command: ConfirmSweep, actor: Actor, _prepared: None) -> Outcome:
    if not command.reason.strip():
        raise Refused("case.reason_missing")
    b = t.breaker.c
    row = work.connection.execute(sa.select(t.breaker).where(b.name == "sweep").with_for_update()).first()
    if row is None or not row.open:
        raise Refused("case.not_now", state=Words("未暫停", "not stopped"), action=deed("ConfirmSweep"))
    work.connection.execute(
        sa.update(t.breaker)
        .where(b.name == "sweep")
        .values(open=False, allowance=row.count, reason=command.reason, at=work.now)
    )
    work.audit("sweep_confirmed", actor, {"count": row.count, "reason": command.reason})
    return Outcome()


def _pause(work: UnitOfWork, command: PauseDeadlines, actor: Actor, _prepared: None) -> Outcome:
    case = _case_with_reason(work, command)
    result = work.connection.execute(
        sa.update(t.deadline)
        .where(D.case_id == case.id, D.state == str(DeadlineState.WAITING))
        .values(state=str(DeadlineState.PAUSED), paused_at=work.now)
    )
    if not result.rowcount:
        raise Refused(
            "case.not_now",
            state=Words("無計時中的期限", "no deadline is running"),
            action=deed("pause_deadlines"),
        )
    work.add("deadline_pause", case_id=case.id, paused_at=work.now, reason=command.reason, by_name=actor.name)
    work.audit(
        "deadlines_paused", actor, {"number": case.number, "reason": command.reason}, (case.id, case.version)
    )
    return of_case(case)


def _resume(work: UnitOfWork, command: ResumeDeadlines, actor: Actor, _prepared: None) -> Outcome:
    case = _case_with_reason(work, command)
    paused = work.connection.execute(
        sa.select(D.id, D.paused_at, D.due_at, D.paused_seconds).where(
            D.case_id == case.id, D.state == str(DeadlineState.PAUSED)
        )
    ).all()
    if not paused:
        raise Refused(
            "case.not_now",
            state=Words("無暫停的期限", "no deadline is paused"),
            action=deed("resume_deadlines"),
        )
    for row in paused:
        stood = work.now - row.paused_at
        work.connection.execute(
            sa.update(t.deadline)
            .where(D.id == row.id)
            .values(
                state=str(DeadlineState.WAITING),
                due_at=row.due_at + stood,
                paused_at=None,
                paused_seconds=row.paused_seconds + int(stood.total_seconds()),
            )
        )
    work.connection.execute(
        sa.update(t.deadline_pause)
        .where(P.case_id == case.id, P.resumed_at.is_(None))
        .values(resumed_at=work.now)
    )
    work.audit(
        "deadlines_resumed", actor, {"number": case.number, "reason": command.reason}, (case.id, case.version)
    )
    return of_case(case)


def _case_with_reason(work: UnitOfWork, command: PauseDeadlines | ResumeDeadlines) -> CaseFacts:
    if not command.reason.strip():
        raise Refused("case.reason_missing")
    return work.lock_one(command.case_id)


def _assign_oid(work: UnitOfWork, command: AssignOid, actor: Actor, _prepared: None) -> Outcome:
    oid = command.oid.strip()
    if len(oid) > LONGEST_OID or not OID.fullmatch(oid):
        raise BadInput(
            FieldProblem(
                "oid",
                "oid",
                "OID 只能有數字與小數點，並以 2.16.886 開頭，例如 2.16.886.111.100000。",
                "An OID has digits and dots only and begins with 2.16.886, such as 2.16.886.111.100000.",
            )
        )
    o = t.organisation.c
    _none_approved(work, command.organisation_id)
    mine = work.connection.execute(
        sa.select(o.ca).where(o.id == command.organisation_id).with_for_update()
    ).scalar()
    if mine is None:
        raise NotFound("case.not_found")
    taken = work.connection.execute(
        sa.select(o.name).where(o.oid == oid, o.ca == mine, o.id != command.organisation_id)
    ).scalar()
    if taken is not None:
        raise Refused("organisation.oid_taken", oid=oid, name=taken)
    work.connection.execute(sa.update(t.organisation).where(o.id == command.organisation_id).values(oid=oid))
    work.audit("oid_assigned", actor, {"organisation": command.organisation_id, "oid": oid})
    return Outcome(created_id=command.organisation_id)


def _none_approved(work: UnitOfWork, organisation_id: int) -> None:
    """Refuse while a card is approved and not made, or a batch not issued: certificates must say what was approved.

    The cases are locked, so that none is approved meanwhile.
    """
    k = t.case.c
    query = sa.select(k.number, k.kind, k.state).where(k.organisation_id == organisation_id).order_by(k.id)
    for case in work.connection.execute(query.with_for_update()).all():
        if case.state in _SETTLED.get(case.kind, ()):
            raise Refused("organisation.oid_approved", number=case.number)


def _move_clock(work: UnitOfWork, command: MoveClock, actor: Actor, _prepared: None) -> Outcome:
    """Only a clock that can be moved reads this row; a real office has none of it."""
    if not 0 < command.days <= LONGEST_LEAP:
        raise BadInput(
            FieldProblem(
                "days", "range", f"請輸入 1 至 {LONGEST_LEAP} 的天數。", f"Give 1 to {LONGEST_LEAP} days."
            )
        )
    c = t.clock_offset.c
    leap = int(timedelta(days=command.days).total_seconds())
    result = work.connection.execute(
        sa.update(t.clock_offset).where(c.id == 1).values(seconds=c.seconds + leap)
    )
    if result.rowcount != 1:
        raise Refused("case.not_now", state=Words("正式環境", "a real office"), action=deed("MoveClock"))
    work.audit("clock_moved", actor, {"days": command.days})
    return Outcome()


def complete_activation(
    work: UnitOfWork, command: CompleteActivation, actor: Actor, _prepared: None
) -> Outcome:
    """Put the card in force; the PUK it was told of last becomes the one that holds."""
    case = work.lock_one(command.case_id)
    after = work.fire(case, command.trigger, command, actor)
    k = t.card.c
    result = work.connection.execute(
        sa.update(t.card)
        .where(k.csn == command.csn, k.case_id == case.id, is_changing(t.card))
        .values(**with_next_puk(t.card), state=str(CardState.ACTIVE), updated_at=work.now)
    )
    if result.rowcount != 1:
        # Only the card whose activation was begun with the user code comes into force (ACT-02).
        raise Refused("card.wrong_card", number=case.card_number)
    # One that was fetched instead of posted again is still on our shelf.
    carry_to(work, k.csn == command.csn, EntryKind.HANDED_OVER, None, actor)
    return of_case(after)


def _resend(work: UnitOfWork, command: ResendNotice, actor: Actor, _prepared: None) -> Outcome:
    """Send a case's last notice again (CRD-08)."""
    case = work.lock([command.case_id]).get(command.case_id)
    last = work.connection.execute(
        sa.select(W.lane, W.effect, W.template, W.payload)
        .where(W.case_id == command.case_id, W.effect.in_([str(Effect.NOTICE), str(Effect.MAIL_FORM)]))
        .order_by(W.id.desc())
    ).first()
    if case is None:
        raise NotFound("case.not_found")
    if last is None:
        raise Refused("case.no_notice", number=case.number)
    work.ask(
        [
            {
                "case_id": case.id,
                "lane": last.lane,
                "effect": last.effect,
                "template": last.template,
                "payload": last.payload,
                "merge_key": None,
                "state": str(OutboxState.WAITING),
                "attempts": 0,
                "due_at": work.office.wall.now(),
                "created_at": work.now,
            }
        ]
    )
    work.audit(
        "notice_resent", actor, {"number": case.number, "template": last.template}, (case.id, case.version)
    )
    return of_case(case)


ACTS = (
    Act(RequeueDeadLetter, _requeue, OPERATOR),
    Act(ConfirmSweep, _confirm_sweep, OPERATOR),
    Act(PauseDeadlines, _pause, OFFICER),
    Act(ResumeDeadlines, _resume, OFFICER),
    Act(AssignOid, _assign_oid, OFFICER),
    Act(MoveClock, _move_clock, OPERATOR),
    Act(CompleteActivation, complete_activation),
    Act(ResendNotice, _resend, DESK),
)
