"""Cards that were missing and turn up again: who finds one puts it into quarantine, and somebody else settles it.

Nobody knows where such a card was. Only one that was a blank when it went, and never held keys, may be a blank again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.acts.stock_people import require_person
from workflow.commands_of_stock import ReportFound
from workflow.errors import NotFound, Refused
from workflow.outcome import Outcome
from workflow.stock_words import KEEPERS, STORES, EntryKind, PlaceKind
from workflow.store import schema as t
from workflow.store.stock_books import carry_to, standard_place
from workflow.vocabulary import CardState

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

K, E, P, A = t.card.c, t.stock_entry.c, t.stock_place.c, t.account.c
_AS_BLANK = (*STORES, PlaceKind.ARRIVAL, PlaceKind.TRANSIT)
"""Places from which only blanks get lost."""


def _found(work: UnitOfWork, command: ReportFound, actor: Actor, _prepared: None) -> Outcome:
    csn = command.csn.strip().lower()
    if not command.reason.strip():
        raise Refused("case.reason_missing")
    require_person(actor)
    gone = standard_place(work.connection, PlaceKind.MISSING, work.now)
    which = sa.and_(K.csn == csn, K.place_id == gone)
    if not carry_to(work, which, EntryKind.FOUND, PlaceKind.QUARANTINE, actor):
        raise NotFound("stock.not_missing", csn=csn)
    work.connection.execute(
        sa.update(t.card)
        .where(K.csn == csn)
        .values(state=str(CardState.QUARANTINED), reason=command.reason, updated_at=work.now)
    )
    work.audit("card_found", actor, {"csn": csn, "reason": command.reason})
    return Outcome()


def came_from(work: UnitOfWork, card: Any, actor: Actor, *, release: bool) -> int:
    """Return where a quarantined card was before: the store to which it returns when it is released.

    A card that was found again is settled by another person than found it, and is released as a blank only if it went
    as one; Refused otherwise.
    """
    query = sa.select(E.from_id, E.kind, E.by_name).where(E.csn == card.csn).order_by(E.id.desc())
    last = work.connection.execute(query.limit(1)).first()
    if last is None or last.kind != str(EntryKind.FOUND):
        put_aside = work.connection.execute(
            query.where(E.kind == str(EntryKind.QUARANTINED)).limit(1)
        ).first()
        return int(put_aside.from_id) if put_aside else _line(work)
    finder = sa.select(A.person_id).where(A.login == last.by_name)
    require_person(actor, work.connection.execute(finder).scalar())
    lost = work.connection.execute(
        sa.select(P.id, P.kind)
        .select_from(t.stock_entry.outerjoin(t.stock_place, E.from_id == P.id))
        .where(E.csn == card.csn, E.kind == str(EntryKind.MISSING))
        .order_by(E.id.desc())
        .limit(1)
    ).one()
    # One that got lost in the post was at no place.
    if release and lost.kind not in {str(kind) for kind in _AS_BLANK}:
        raise Refused("stock.was_spoiled", csn=card.csn)
    if lost.kind in {str(kind) for kind in STORES}:
        return int(lost.id)
    return standard_place(work.connection, PlaceKind.VAULT, work.now)


def _line(work: UnitOfWork) -> int:
    return standard_place(work.connection, PlaceKind.LINE, work.now)


ACTS = (Act(ReportFound, _found, KEEPERS),)
