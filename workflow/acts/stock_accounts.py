"""The account of a place at the end of a day: counted blind by one person, confirmed by another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.acts.stock_people import differs, require_number, require_person
from workflow.commands_of_stock import ConfirmAccount, CountPlace
from workflow.days import taipei_day
from workflow.errors import Refused
from workflow.outcome import Outcome
from workflow.stock_words import COUNTABLE, KEEPERS, AccountState
from workflow.store import schema as t
from workflow.store.stock_books import lock_place, opening_of, take_entries

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

A = t.stock_account.c


def _count(work: UnitOfWork, command: CountPlace, actor: Actor, _prepared: None) -> Outcome:
    """Compare a count with the books; what moves from here on belongs to the next account."""
    require_number("counted", command.counted)
    person = require_person(actor)
    place = lock_place(work.connection, command.place_id)
    if place is None or place.kind not in {str(kind) for kind in COUNTABLE}:
        raise Refused("stock.no_place", place=command.place_id)
    still_open = sa.select(A.id).where(A.place_id == place.id, A.state != str(AccountState.CLOSED))
    if work.connection.execute(still_open).first() is not None:
        raise Refused("stock.account_open", place=place.name)
    opening = opening_of(work.connection, place.id)
    values = {
        "place_id": place.id,
        "day": taipei_day(work.now),
        "opening": opening,
        "counted": command.counted,
    }
    by = {"counted_by": actor.name, "counter_id": person, "counted_at": work.now}
    account_id = work.insert(
        t.stock_account, expected=opening, state=str(AccountState.DIFFERS), **values, **by
    )
    expected = opening + take_entries(work.connection, place.id, account_id)
    agrees = expected == command.counted
    state = AccountState.COUNTED if agrees else AccountState.DIFFERS
    found = {"expected": expected, "state": str(state), "closing": expected if agrees else None}
    work.connection.execute(sa.update(t.stock_account).where(A.id == account_id).values(**found))
    if not agrees:
        differs(work, f"account:{account_id}", place.id, (expected, command.counted), (person,))
    said = {"place": place.name, "counted": command.counted, "expected": expected, "account": account_id}
    work.audit("place_counted", actor, said)
    return Outcome(created_id=account_id, number=str(state))


def _confirm(work: UnitOfWork, command: ConfirmAccount, actor: Actor, _prepared: None) -> Outcome:
    query = sa.select(t.stock_account).where(A.id == command.account_id)
    account = work.connection.execute(query.with_for_update()).first()
    if account is None or account.state == str(AccountState.CLOSED):
        raise Refused("stock.not_waiting")
    if account.state != str(AccountState.COUNTED):
        raise Refused("stock.not_confirmable")
    person = require_person(actor, account.counter_id)
    values = {"confirmed_by": actor.name, "confirmer_id": person, "confirmed_at": work.now}
    work.connection.execute(
        sa.update(t.stock_account).where(A.id == account.id).values(state=str(AccountState.CLOSED), **values)
    )
    work.audit("stock_account_closed", actor, {"account": account.id, "closing": account.closing})
    return Outcome(created_id=account.id)


ACTS = (Act(CountPlace, _count, KEEPERS), Act(ConfirmAccount, _confirm, KEEPERS))
