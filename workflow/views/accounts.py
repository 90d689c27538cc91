"""Accounts of the staff as the screens see them: who is logged in, and whom the demonstration offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from forms.canonical import sha256_hex
from workflow.facts import Actor
from workflow.store import schema
from workflow.vocabulary import ProposalState, Role

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


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


def person_of(connection: sa.Connection, login: str) -> str | None:
    """Return the name of the person behind an account, open or closed; None for a name that is no login."""
    account, person = schema.account, schema.person
    query = sa.select(person.c.name).join(account, account.c.person_id == person.c.id)
    name: str | None = connection.execute(query.where(account.c.login == login)).scalar()
    return name


def names_of(connection: sa.Connection, logins: Iterable[str]) -> dict[str, str]:
    """Return for each login the name of the person behind it; the login itself where it is nobody's."""
    wanted = {login for login in logins if login}
    account, person = schema.account, schema.person
    query = sa.select(account.c.login, person.c.name).join(person, account.c.person_id == person.c.id)
    known = {row.login: str(row.name) for row in connection.execute(query.where(account.c.login.in_(wanted)))}
    return {login: known.get(login, login) for login in wanted}


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


@dataclass(frozen=True, slots=True)
class ProposalSeen:
    """An account that waits to be confirmed: proposed, or made alone with a reason; the digest is of all it says."""

    login: str
    person: str
    roles: tuple[Role, ...]
    window: str | None
    same_person_as: tuple[str, ...]
    state: ProposalState
    proposed_by: str
    proposed_at: datetime
    reason: str
    sha256: str


def proposals(connection: sa.Connection, login: str | None = None) -> tuple[ProposalSeen, ...]:
    """Return what waits to be confirmed, the oldest first; or what does of one login."""
    proposal, account, window = schema.account_proposal, schema.account, schema.review_window
    p = proposal.c
    waiting = p.state.in_([str(ProposalState.OPEN), str(ProposalState.ALONE)])
    query = (
        sa.select(proposal, account.c.login.label("proposer"), window.c.name.label("window"))
        .outerjoin(account, account.c.id == p.proposed_by)
        .outerjoin(window, window.c.id == p.window_id)
        .where(waiting if login is None else sa.and_(waiting, p.login == login))
        .order_by(p.id)
    )
    return tuple(
        ProposalSeen(
            login=row.login,
            person=row.name,
            roles=tuple(Role(role) for role in row.roles),
            window=row.window,
            same_person_as=_others_of(connection, row.person_id, row.login),
            state=ProposalState(row.state),
            proposed_by=row.proposer or "",
            proposed_at=row.proposed_at,
            reason=row.reason,
            sha256=sha256_hex(row.statement.encode()),
        )
        for row in connection.execute(query).all()
    )


def _others_of(connection: sa.Connection, person_id: int | None, login: str) -> tuple[str, ...]:
    account = schema.account.c
    query = sa.select(account.login).where(account.person_id == person_id, account.login != login)
    return tuple(connection.execute(query.order_by(account.login)).scalars()) if person_id is not None else ()
