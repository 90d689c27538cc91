"""Logging in and out: wrong passwords are counted and lock the account for a while (WEB-01, AUD-01)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.act import ANYONE, STAFF, Act
from workflow.commands import LogIn, RecordLogOut
from workflow.errors import NotAllowed, RegistryError
from workflow.facts import Actor
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.vocabulary import Role, StaffCards

if TYPE_CHECKING:
    from workflow.commands_of_staff_cards import OpenCardLogIn
    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

A = t.account.c


@dataclass(frozen=True)
class _Tried:
    account_id: int | None
    right: bool


def prepare_log_in(office: Office, command: LogIn | OpenCardLogIn, _actor: Actor) -> _Tried:
    """Try account and password before the transaction; an unknown login takes as long as a wrong password."""
    with office.reading() as connection:
        query = sa.select(A.id, A.password_hash).where(A.login == command.login, A.active)
        row = connection.execute(query).first()
    if row is None:
        # An unknown login takes as long as a wrong password.
        office.hasher.verify(office.hasher.hash("-"), command.password)
        return _Tried(None, right=False)
    return _Tried(row.id, office.hasher.verify(row.password_hash, command.password))


def actor_of(row: Any) -> Actor:
    """Return the actor of an account's row."""
    return Actor(
        name=row.login,
        roles=frozenset(Role(role) for role in row.roles),
        account_id=row.id,
        person_id=row.person_id,
        window_id=row.window_id,
    )


def _log_in(work: UnitOfWork, _command: LogIn, actor: Actor, tried: _Tried) -> Outcome:
    limit = work.office.settings.log_in_tries
    row = None
    if tried.account_id is not None:
        row = work.connection.execute(
            sa.select(t.account).where(A.id == tried.account_id).with_for_update()
        ).first()
    if row is None:
        # What was typed may be a password in the wrong field, so it is not repeated.
        work.audit("log_in_failed", actor, {"login": ""})
        return Outcome(refusal=NotAllowed("account.login_failed", limit=limit))
    if row.locked_until is not None and row.locked_until > work.now:
        work.audit("log_in_refused", actor, {"login": row.login})
        return Outcome(refusal=_locked(row))
    if not tried.right:
        _count(work, row, actor, "log_in_failed")
        return Outcome(refusal=NotAllowed("account.login_failed", limit=limit))
    work.connection.execute(
        sa.update(t.account).where(A.id == row.id).values(failed_log_ins=0, locked_until=None)
    )
    found = actor_of(row)
    # The command line opens no session of screens; whoever acts there signs with their password as well.
    if work.office.settings.staff_cards == str(StaffCards.REQUIRED) and actor.channel == "web":
        work.audit("log_in_refused", actor, {"login": row.login})
        return Outcome(refusal=NotAllowed("account.card_required"))
    work.audit("logged_in", found, {})
    return Outcome(actor=found)


def _count(work: UnitOfWork, row: Any, actor: Actor, kind: str) -> None:
    """Count one wrong password under the account's lock; enough of them lock it for a while."""
    failed = row.failed_log_ins + 1
    values: dict[str, Any] = {"failed_log_ins": failed}
    if failed >= work.office.settings.log_in_tries:
        until = work.now + timedelta(minutes=work.office.settings.lock_minutes)
        values = {"failed_log_ins": 0, "locked_until": until}
    work.connection.execute(sa.update(t.account).where(A.id == row.id).values(**values))
    work.audit(kind, actor, {"login": row.login, "failed": failed})


def count_wrong_try(work: UnitOfWork, row: Any, actor: Actor, *, right: bool) -> RegistryError | None:
    """Count a wrong password of an account whose row is locked, or of a log-in with a card (WEB-01); see `LogIn`."""
    if row.locked_until is not None and row.locked_until > work.now:
        return _locked(row)
    if right:
        return None
    _count(work, row, actor, "log_in_failed")
    return NotAllowed("account.login_failed", limit=work.office.settings.log_in_tries)


def check_password(work: UnitOfWork, actor: Actor, *, right: bool) -> RegistryError | None:
    """Count a wrong signing password like one at the log-in, and let no locked account sign (WEB-01, AUD-01)."""
    row = work.connection.execute(
        sa.select(t.account).where(A.id == actor.account_id).with_for_update()
    ).one()
    if row.locked_until is not None and row.locked_until > work.now:
        return _locked(row)
    if right:
        return None
    _count(work, row, actor, "signing_failed")
    return NotAllowed("decision.password_wrong")


def _locked(row: Any) -> RegistryError:
    return NotAllowed("account.locked", until=row.locked_until.isoformat(timespec="minutes"))


def _log_out(work: UnitOfWork, _command: RecordLogOut, actor: Actor, _prepared: None) -> Outcome:
    """End every session of the account, wherever its cookie has got to."""
    work.connection.execute(
        sa.update(t.account).where(A.id == actor.account_id).values(session_epoch=A.session_epoch + 1)
    )
    work.audit("logged_out", actor, {})
    return Outcome()


ACTS = (Act(LogIn, _log_in, ANYONE, prepare_log_in), Act(RecordLogOut, _log_out, STAFF))
