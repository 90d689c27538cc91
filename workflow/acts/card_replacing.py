"""Cards that their holders never had: spoiled on the line or later, or lost; the case waits for another (CRD-01).

A card that is at hand goes into quarantine. One that is lost is missing in the books, and comes back through quarantine
if it is found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.commands import RecordCardLost, RecordCardSpoiled
from workflow.errors import BadInput, FieldProblem
from workflow.outcome import Outcome, of_case
from workflow.stock_words import EntryKind, PlaceKind
from workflow.store import schema as t
from workflow.store.line_jobs import job_spoiled, made_card_gone
from workflow.store.stock_books import carry_to
from workflow.store.unit_of_work import Extra
from workflow.vocabulary import CardState, EmergencyState, MailState

if TYPE_CHECKING:
    from workflow.commands import WithReason
    from workflow.facts import Actor, CaseFacts
    from workflow.store.unit_of_work import UnitOfWork

K, M, H, E = t.card.c, t.mail_item.c, t.holder_suspension.c, t.emergency.c

CARD_REVOKED = "該卡未交付持卡人，憑證已廢止，另製新卡。 That card never reached its holder and is revoked; another is made."


def _spoiled(work: UnitOfWork, command: RecordCardSpoiled, actor: Actor, _prepared: None) -> Outcome:
    """Put the card into quarantine: one that was begun, or one that was made and lies in the house."""
    case = work.lock_one(command.case_id)
    which = _cards(case, CardState.PERSONALISING, CardState.MADE)
    _require_at_hand(work, which, command.csn)
    after = work.fire(case, command.trigger, command, actor, _without_card(command.reason))
    carry_to(work, which, EntryKind.QUARANTINED, PlaceKind.QUARANTINE, actor)
    _set_aside(work, which, CardState.QUARANTINED, command.reason)
    job_spoiled(work.connection, case.id, command.reason, work.now)
    _end_what_hung_on_it(work, case, command, actor, MailState.OPENED)
    return of_case(after)


def _lost(work: UnitOfWork, command: RecordCardLost, actor: Actor, _prepared: None) -> Outcome:
    """Enter a made card as missing, from where it was or from the post."""
    case = work.lock_one(command.case_id)
    after = work.fire(case, command.trigger, command, actor, _without_card(command.reason))
    which = _cards(case, CardState.MADE, CardState.POSTED)
    carry_to(work, which, EntryKind.MISSING, PlaceKind.MISSING, actor)
    _set_aside(work, which, CardState.SPOILED, command.reason)
    _end_what_hung_on_it(work, case, command, actor, MailState.LOST)
    return of_case(after)


def _end_what_hung_on_it(
    work: UnitOfWork, case: CaseFacts, command: WithReason, actor: Actor, mail: MailState
) -> None:
    """End what was about that card alone: its place in a batch, its mail, a suspension and an emergency."""
    made_card_gone(work.connection, case.id, command.reason, work.now)
    _end_mail(work, case, mail)
    _end_holders_hold(work, case, actor)
    _end_emergency(work, case, actor)


def _require_at_hand(work: UnitOfWork, which: sa.ColumnElement[bool], csn: str) -> None:
    """Refuse the chip of another card than the case's own: whoever typed it has the wrong card or the wrong case."""
    said = csn.strip().lower()
    if not said or said in work.connection.execute(sa.select(K.csn).where(which)).scalars():
        return
    zh, en = (
        "此晶片序號不是本案件的卡片，請核對卡片與案件；未作任何變更。",
        "This chip is not on the card of this case. Check card and case; nothing was changed.",
    )
    raise BadInput(FieldProblem("csn", "other", zh, en))


def _without_card(reason: str) -> Extra:
    return Extra(columns={"card_number": None}, payload={"reason": reason})


def _cards(case: CaseFacts, *states: CardState) -> sa.ColumnElement[bool]:
    return sa.and_(K.case_id == case.id, K.state.in_([str(state) for state in states]))


def _set_aside(work: UnitOfWork, which: sa.ColumnElement[bool], state: CardState, reason: str) -> None:
    values = {"state": str(state), "reason": reason, "updated_at": work.now}
    work.connection.execute(sa.update(t.card).where(which).values(**values))


def _end_mail(work: UnitOfWork, case: CaseFacts, state: MailState) -> None:
    """End the case's mail item that is packed or under way: no list and no search goes on with it."""
    open_states = [str(MailState.PACKED), str(MailState.POSTED)]
    work.connection.execute(
        sa.update(t.mail_item).where(M.case_id == case.id, M.state.in_(open_states)).values(state=str(state))
    )


def _end_holders_hold(work: UnitOfWork, case: CaseFacts, actor: Actor) -> None:
    """End what the holder suspended of the first card, which is revoked: the second card may be suspended anew (SUS-01)."""
    ended = sa.update(t.holder_suspension).where(H.case_id == case.id, H.lifted_at.is_(None))
    if work.connection.execute(ended.values(lifted_at=work.now)).rowcount:
        work.audit("holder_suspension_ended", actor, {"number": case.number}, (case.id, case.version))


def _end_emergency(work: UnitOfWork, case: CaseFacts, actor: Actor) -> None:
    """Refuse the emergency that waits for a call back: its card is revoked, and it must not suspend the next one (SUS-04)."""
    waiting = sa.update(t.emergency).where(E.case_id == case.id, E.state == str(EmergencyState.WAITING))
    ended = work.connection.execute(
        waiting.values(
            state=str(EmergencyState.REFUSED), said=CARD_REVOKED, decided_by=actor.name, decided_at=work.now
        ).returning(E.id)
    ).scalar()
    if ended is not None:
        said = {"emergency": ended, "number": case.number}
        work.audit("emergency_refused", actor, said, (case.id, case.version))


ACTS = (Act(RecordCardSpoiled, _spoiled), Act(RecordCardLost, _lost))
