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
class Tried:
    """What the try of a password came to; no account for an unknown login."""

    account_id: int | None
    right: bool


@dataclass(frozen=True)
class Trial:
    """What is tried with a password: how a wrong one is written down, and what it is answered."""

    kind: str
    code: str

    def refusal(self, work: UnitOfWork) -> RegistryError:
        """Return the answer to a wrong try."""
        return NotAllowed(self.code, limit=work.office.settings.log_in_tries)


LOG_IN = Trial("log_in_failed", "account.login_failed")
SIGNING = Trial("signing_failed", "decision.password_wrong")


def prepare_log_in(office: Office, command: LogIn | OpenCardLogIn, _actor: Actor) -> Tried:
    """Try account and password before the transaction; an unknown login takes as long as a wrong password."""
    with office.reading() as connection:
        query = sa.select(A.id, A.password_hash).where(A.login == command.login, A.active)
        row = connection.execute(query).first()
    if row is None:
        # An unknown login takes as long as a wrong password.
        office.hasher.verify(office.hasher.hash("-"), command.password)
        return Tried(None, right=False)
    return Tried(row.id, office.hasher.verify(row.password_hash, command.password))


def actor_of(row: Any) -> Actor:
    """Return the actor of an account's row."""
    return Actor(
        name=row.login,
        roles=frozenset(Role(role) for role in row.roles),
        account_id=row.id,
        person_id=row.person_id,
        window_id=row.window_id,
    )


def _log_in(work: UnitOfWork, _command: LogIn, actor: Actor, tried: Tried) -> Outcome:
    row, refusal = count_log_in(work, tried, actor)
    if refusal is not None:
        return Outcome(refusal=refusal)
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


def count_log_in(work: UnitOfWork, tried: Tried, actor: Actor) -> tuple[Any, RegistryError | None]:
    """Lock the account that was tried and count a wrong password; returns its row, and why it is not let in."""
    row = None if tried.account_id is None else _account(work, tried.account_id)
    if row is None:
        # What was typed may be a password in the wrong field, so it is not repeated.
        work.audit("log_in_failed", actor, {"login": ""})
        return None, LOG_IN.refusal(work)
    refusal = count_wrong_try(work, row, actor, right=tried.right)
    if refusal is not None and refusal.code == "account.locked":
        work.audit("log_in_refused", actor, {"login": row.login})
    return row, refusal


def check_password(work: UnitOfWork, actor: Actor, *, right: bool) -> RegistryError | None:
    """Count a wrong signing password like one at the log-in, and let no locked account sign (WEB-01, AUD-01)."""
    return count_wrong_try(work, _account(work, actor.account_id), actor, right=right, trial=SIGNING)


def count_wrong_try(
    work: UnitOfWork, row: Any, actor: Actor, *, right: bool, trial: Trial = LOG_IN
) -> RegistryError | None:
    """Count one wrong try of an account whose row is locked; enough of them lock the account for a while (WEB-01).

    Returns why the account is not admitted, and None when it is.
    """
    if row.locked_until is not None and row.locked_until > work.now:
        return _locked(row)
    if right:
        return None
    failed = row.failed_log_ins + 1
    values: dict[str, Any] = {"failed_log_ins": failed}
    if failed >= work.office.settings.log_in_tries:
        until = work.now + timedelta(minutes=work.office.settings.lock_minutes)
        values = {"failed_log_ins": 0, "locked_until": until}
    work.connection.execute(sa.update(t.account).where(A.id == row.id).values(**values))
    work.audit(trial.kind, actor, {"login": row.login, "failed": failed})
    return trial.refusal(work)


def _account(work: UnitOfWork, account_id: int | None) -> Any:
    """Return an account's row under its lock; None when there is no such account."""
    return work.connection.execute(sa.select(t.account).where(A.id == account_id).with_for_update()).first()


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
