"""Accounts that are there: unlocked after wrong passwords, and ended when somebody leaves (ROL-09, WEB-01, AUD-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.acts.staff_cards import end_card
from workflow.commands_of_accounts import EndAccount, UnlockAccount
from workflow.errors import BadInput, FieldProblem, NotFound, Refused
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

A = t.account.c
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
FEWEST_ADMINISTRATORS = 2
"""Two people give a trusted role (ROL-02): fewer would hand the house to one."""


def _unlock(work: UnitOfWork, command: UnlockAccount, actor: Actor, _prepared: None) -> Outcome:
    row = _another(work, command, actor)
    if row.locked_until is None or row.locked_until <= work.now:
        raise Refused("account.not_locked", login=row.login)
    _set(work, row, failed_log_ins=0, locked_until=None)
    work.audit("account_unlocked", actor, {"login": row.login, "reason": command.reason.strip()})
    return Outcome()


def _end(work: UnitOfWork, command: EndAccount, actor: Actor, _prepared: None) -> Outcome:
    row = _another(work, command, actor)
    if str(Role.ADMINISTRATOR) in row.roles:
        _require_others(work, row)
    reason = command.reason.strip()
    _set(work, row, active=False, session_epoch=A.session_epoch + 1)
    card = end_card(work, row.login, reason, compromised=False)
    work.audit("account_ended", actor, {"login": row.login, "reason": reason, "card": card})
    return Outcome()


def _another(work: UnitOfWork, command: UnlockAccount | EndAccount, actor: Actor) -> Any:
    """Return the open account under its lock; its own person neither unlocks nor ends it."""
    if not command.reason.strip():
        raise BadInput(FieldProblem("reason", "required", "請填寫理由。", "Give the reason."))
    query = sa.select(t.account).where(A.active.is_(True)).order_by(A.id).with_for_update()
    # All administrators are locked, so that two who end each other at once can't both succeed.
    rows = {row.login: row for row in work.connection.execute(query.where(_concerned(command.login)))}
    row = rows.get(command.login)
    if row is None:
        raise NotFound("account.not_open", login=command.login)
    if row.person_id == actor.person_id:
        raise Refused("account.own")
    return row


def _concerned(login: str) -> sa.ColumnElement[bool]:
    return (A.login == login) | sa.cast(A.roles, sa.Text).contains(str(Role.ADMINISTRATOR))


def _require_others(work: UnitOfWork, row: Any) -> None:
    query = sa.select(A.person_id, A.roles).where(A.active.is_(True), A.id != row.id)
    left = {
        one.person_id for one in work.connection.execute(query) if str(Role.ADMINISTRATOR) in one.roles
    } - {row.person_id}
    if len(left) < FEWEST_ADMINISTRATORS:
        raise Refused("account.last_administrators", count=FEWEST_ADMINISTRATORS)


def _set(work: UnitOfWork, row: Any, **values: Any) -> None:
    work.connection.execute(sa.update(t.account).where(A.id == row.id).values(**values))


ACTS = (Act(UnlockAccount, _unlock, ADMINISTRATOR), Act(EndAccount, _end, ADMINISTRATOR))
