"""Rows of accounts: whether a new one fits those that are there, and its making with the person behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.errors import Refused
from workflow.staff_accounts import require_compatible
from workflow.store import schema as t
from workflow.vocabulary import ProposalState, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.commands_of_people import AccountCommand
    from workflow.store.unit_of_work import UnitOfWork

A, P = t.account.c, t.account_proposal.c


@dataclass(frozen=True, slots=True)
class Made:
    """What opens the new account: the hash of its password, and the key of those who sign."""

    hashed: str
    signing_key: bytes | None
    signing_spki: bytes | None


def new_row(work: UnitOfWork, command: AccountCommand, made: Made) -> dict[str, Any]:
    """Return an account's columns, with the name of a person who is new; Refused where it does not fit the others."""
    require_free(work.connection, command.login)
    open_one = sa.select(P.id).where(P.login == command.login, P.state == str(ProposalState.OPEN))
    if work.connection.execute(open_one).first() is not None:
        raise Refused("account.proposed_already", login=command.login)
    person = _person(work.connection, command.same_person_as)
    require_fits(work.connection, command.roles, person)
    return {
        "login": command.login,
        "name": command.name.strip(),
        "roles": sorted(str(role) for role in command.roles),
        "person_id": person,
        "window_id": window_number(work.connection, command.window),
        "password_hash": made.hashed,
        "signing_key": made.signing_key,
        "signing_spki": made.signing_spki,
    }


def require_free(connection: sa.Connection, login: str) -> None:
    """Refuse a login that an account has, open or closed: the audit log names people by it."""
    if connection.execute(sa.select(A.id).where(A.login == login)).first() is not None:
        raise Refused("account.login_taken", login=login)


def _person(connection: sa.Connection, login: str | None) -> int | None:
    if login is None:
        return None
    known = connection.execute(sa.select(A.person_id).where(A.login == login)).scalar()
    if known is None:
        raise Refused("account.unknown", login=login)
    return int(known)


def require_fits(connection: sa.Connection, roles: frozenset[Role], person: int | None) -> None:
    """Refuse roles that exclude one which the person holds in another account (ROL-03)."""
    if person is None:
        return
    held = connection.execute(sa.select(A.roles).where(A.person_id == person, A.active)).scalars()
    require_compatible(roles.union(*(map(Role, each) for each in held)))


def window_number(connection: sa.Connection, name: str | None) -> int | None:
    """Return the number of a first-review window; Refused for a name that none has."""
    if name is None:
        return None
    w = t.review_window.c
    found = connection.execute(sa.select(w.id).where(w.name == name)).scalar()
    if found is None:
        raise Refused("account.window_unknown", window=name)
    return int(found)


def made_alone(connection: sa.Connection, logins: Iterable[str]) -> str | None:
    """Return a login among these that one person made alone and no auditor has reviewed yet, or None.

    One person could make as many people as a task wants; until they are reviewed, they are nobody (ROL-02).
    """
    query = sa.select(P.login).where(P.login.in_(tuple(logins)), P.state == str(ProposalState.ALONE))
    return connection.execute(query.order_by(P.login).limit(1)).scalar()


def insert_account(work: UnitOfWork, row: dict[str, Any]) -> int:
    """Make the account of a row, and the person unless it is one who is known; returns its number."""
    values = dict(row)
    name, person = values.pop("name"), values.pop("person_id")
    return work.insert(t.account, person_id=person or work.insert(t.person, name=name), **values)
