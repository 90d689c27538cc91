"""Adding accounts and filling the registers for the first time: the only rows that are not a command's consequence.

Each account still leaves its entry in the audit log, in the transaction that makes it (AUD-01).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.facts import Actor
from workflow.store import schema as t
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import STAFF_ROLES, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

SETTER = Actor(name="operator", roles=frozenset({Role.SYSTEM}), channel="cli")
REVIEWERS = frozenset({Role.FIRST_REVIEWER, Role.SECOND_REVIEWER})
# Reviewers sign their decisions, and the people of ROL-02 what is done to the authorities' keys.
SIGNERS = REVIEWERS | {Role.ADMINISTRATOR, Role.AUDITOR, Role.CONTROLLER}
SHORTEST_PASSWORD = 12
_APART = (Role.ADMINISTRATOR, Role.SECOND_REVIEWER, Role.AUDITOR)
EXCLUSIVE = (
    # Administrator, officer and auditor are three people, each of whom may operate as well (ROL-03).
    *(frozenset(pair) for pair in combinations(_APART, 2)),
    # Nobody audits himself (ROL-03).
    *(
        frozenset({Role.AUDITOR, role})
        for role in sorted(STAFF_ROLES - {Role.OPERATOR, Role.CONTROLLER, *_APART})
    ),
    # A controller of physical security has no other role (ROL-03).
    *(frozenset({Role.CONTROLLER, role}) for role in sorted(STAFF_ROLES - {Role.CONTROLLER})),
    # The two reviews are two agencies' (RV2-01).
    frozenset({Role.FIRST_REVIEWER, Role.SECOND_REVIEWER}),
)


class AccountError(Exception):
    """An account that can't be made so; the message is for the operator."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be made; `window` is the name of a first reviewer's window."""

    login: str
    name: str
    roles: frozenset[Role]
    password: str = field(repr=False)
    window: str | None = None
    same_person_as: str | None = None
    """The login of another account of the same natural person; what one did binds the other (ROL-03)."""


def add(office: Office, new: NewAccount) -> int:
    """Make an account with its person, and a signing key for those who sign; returns its number."""
    _check(new)
    # Slow by design, so done before the transaction that would hold others up.
    hashed = office.hasher.hash(new.password)
    keys = office.statements.new_key(new.password) if new.roles & SIGNERS else (None, None)
    with transaction(office) as work:
        if work.connection.execute(t.account.select().where(t.account.c.login == new.login)).first():
            raise AccountError(f"there is an account {new.login} already")
        account_id = work.insert(
            t.account,
            login=new.login,
            person_id=_person(work, new),
            roles=sorted(str(role) for role in new.roles),
            window_id=_window(work, new.window),
            password_hash=hashed,
            signing_key=keys[0],
            signing_spki=keys[1],
        )
        said = {"login": new.login, "roles": sorted(str(role) for role in new.roles), "window": new.window}
        work.audit("account_added", SETTER, said)
    return account_id


def _check(new: NewAccount) -> None:
    if not new.login or not new.login.isascii() or new.login != new.login.strip():
        raise AccountError("a login is ASCII text without blanks around it")
    if not new.roles or new.roles - STAFF_ROLES:
        raise AccountError(f"the roles of the staff are {', '.join(sorted(map(str, STAFF_ROLES)))}")
    _check_roles(new.roles)
    if (Role.FIRST_REVIEWER in new.roles) != (new.window is not None):
        raise AccountError("a first reviewer, and nobody else, belongs to a window")
    if len(new.password) < SHORTEST_PASSWORD:
        raise AccountError(f"a password has at least {SHORTEST_PASSWORD} characters")


def _check_roles(roles: frozenset[Role]) -> None:
    for pair in EXCLUSIVE:
        if pair <= roles:
            raise AccountError(f"{' and '.join(sorted(map(str, pair)))} are never the same person")


def _person(work: UnitOfWork, new: NewAccount) -> int:
    """Return the natural person behind the account; one person's accounts together hold no two exclusive roles."""
    if new.same_person_as is None:
        return work.insert(t.person, name=new.name)
    a = t.account.c
    known = work.connection.execute(sa.select(a.person_id).where(a.login == new.same_person_as)).scalar()
    if known is None:
        raise AccountError(f"there is no account {new.same_person_as}")
    held = work.connection.execute(sa.select(a.roles).where(a.person_id == known, a.active)).scalars()
    _check_roles(new.roles.union(*(map(Role, roles) for roles in held)))
    return int(known)


def _window(work: UnitOfWork, name: str | None) -> int | None:
    if name is None:
        return None
    row = work.connection.execute(t.review_window.select().where(t.review_window.c.name == name)).first()
    if row is None:
        raise AccountError(f"there is no window called {name}")
    return int(row.id)


def load_windows(office: Office, windows: Iterable[dict[str, object]]) -> None:
    """Fill the register of first-review windows for the first time."""
    with transaction(office) as work:
        names = [str(work.insert(t.review_window, **values) and values["name"]) for values in windows]
        work.audit("windows_loaded", SETTER, {"names": names})


def load_organisations(office: Office, organisations: Iterable[dict[str, object]]) -> None:
    """Fill the register of organisations for the first time; `window` names the first-review window of each."""
    with transaction(office) as work:
        count = 0
        for given in organisations:
            values = dict(given)
            window = values.pop("window", None)
            work.insert(
                t.organisation, window_id=_window(work, None if window is None else str(window)), **values
            )
            count += 1
        work.audit("organisations_loaded", SETTER, {"count": count})
