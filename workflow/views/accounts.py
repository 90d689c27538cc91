"""Accounts of the staff as the screens see them: who is logged in, and whom the demonstration offers."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from workflow.facts import Actor
from workflow.store import schema
from workflow.vocabulary import Role


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """One account: its log-in, the person's name, roles, and the window it works for, if any."""

    login: str
    person: str
    roles: tuple[Role, ...]
    window: str | None


def session_epoch(connection: sa.Connection, account_id: int) -> int:
    """Return the number that an account's sessions carry; a session of a former number has ended."""
    account = schema.account
    query = sa.select(account.c.session_epoch).where(account.c.id == account_id)
    return int(connection.execute(query).scalar_one())


def actor(connection: sa.Connection, account_id: int, epoch: int) -> Actor | None:
    """Return who acts under an account in a session of this epoch.

    None when the account is closed or not there, or the session has ended (deny by default).
    """
    account = schema.account
    row = connection.execute(
        sa.select(account.c.login, account.c.roles, account.c.person_id, account.c.window_id).where(
            account.c.id == account_id, account.c.active.is_(True), account.c.session_epoch == epoch
        )
    ).one_or_none()
    if row is None:
        return None
    return Actor(
        name=row.login,
        roles=frozenset(Role(role) for role in row.roles),
        account_id=account_id,
        person_id=row.person_id,
        window_id=row.window_id,
    )


def everybody(connection: sa.Connection) -> tuple[AccountSeen, ...]:
    """Return all open accounts by log-in; for the demonstration's desk and the administrator."""
    account, person, window = schema.account, schema.person, schema.review_window
    rows = connection.execute(
        sa.select(account.c.login, account.c.roles, person.c.name, window.c.name.label("window"))
        .join(person, person.c.id == account.c.person_id)
        .outerjoin(window, window.c.id == account.c.window_id)
        .where(account.c.active.is_(True))
        .order_by(account.c.login)
    )
    return tuple(
        AccountSeen(row.login, row.name, tuple(Role(role) for role in row.roles), row.window) for row in rows
    )
