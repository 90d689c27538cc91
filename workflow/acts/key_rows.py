"""Rows of authorities and of the tasks with their keys, as the acts on keys read and write them.

Whoever locks several takes them in one order, so that nobody waits for each other: first the counter `key_task` or the
task's row; then authorities by their number, a responder after its authority; then the number of an authority's lists;
then certificates and their entries, by their number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.generations import ended
from workflow.deeds import deed
from workflow.errors import NotFound, Refused, Unavailable, Words
from workflow.ocsp.responders import PREFIX
from workflow.store import schema as t
from workflow.store.among import among
from workflow.store.crl_entries import STATUS_COLUMNS, follow
from workflow.store.roots import root_of
from workflow.vocabulary import AuthorityState, Ca, CertificateStatus, RevocationReason

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.presence import Witnessed
    from workflow.store.unit_of_work import UnitOfWork
    from workflow.vocabulary import KeyTask

A, C = t.authority.c, t.certificate.c


def locked(work: UnitOfWork, name: str) -> Any:
    """Return an authority's row under its lock; NotFound for none of that name, and for responders."""
    query = sa.select(A.id, A.name, A.state, A.key_reference).where(A.name == name)
    row = work.connection.execute(query.with_for_update()).first()
    if row is None or name.startswith(PREFIX):
        raise NotFound("authority.not_found", name=name)
    return row


def locked_with_issuer(work: UnitOfWork, name: str) -> tuple[Any, Any]:
    """Return the rows of an authority and of the root that signed it, both under their locks, in the order of all."""
    # Which root signed it never changes, so that it can be asked before the lock.
    names = (name, root_of(work.connection, name) or name)
    query = sa.select(A.id, A.name, A.state, A.key_reference).where(A.name.in_(names)).order_by(A.id)
    rows = {row.name: row for row in work.connection.execute(query.with_for_update())}
    if name not in rows or name.startswith(PREFIX):
        raise NotFound("authority.not_found", name=name)
    return rows[name], rows[names[1]]


def require_issuing(work: UnitOfWork, names: set[str]) -> None:
    """Refuse for an authority that stopped issuing meanwhile; the next try asks the one that issues then.

    The rows are held, so that none is retired before these intents are stored: none is stored after it was.
    """
    query = sa.select(A.name, A.ca, A.state).where(among(A.name, names)).order_by(A.id)
    for row in work.connection.execute(query.with_for_update(read=True)).all():
        if row.state != str(AuthorityState.ACTIVE):
            ca = Ca(row.ca) if row.ca else None
            raise Unavailable("authority.not_issued", ca=Words(ca.zh, ca.en) if ca else row.name)


def state_refuses(row: Any, command: str) -> Refused:
    """Return the refusal of a command that the state of an authority does not allow."""
    state = AuthorityState(row.state)
    return Refused("authority.state", name=row.name, state=Words(state.zh, state.en), action=deed(command))


def require_reason(reason: str) -> None:
    """Refuse where nobody says why."""
    if not reason.strip():
        raise Refused("case.reason_missing")


@dataclass(frozen=True, slots=True)
class Dropped:
    """Intents that are given up: their serials, and the authorities whose lists have to say so."""

    serials: tuple[str, ...]
    lists: frozenset[str]


def drop_intents(work: UnitOfWork, name: str) -> Dropped:
    """Revoke what was stored and waits for an authority's signature, which it never gets; the authority's row is locked."""
    values = {
        "status": str(CertificateStatus.REVOKED),
        "reason": str(RevocationReason.CESSATION_OF_OPERATION),
        "status_at": work.now,
    }
    waiting = (C.authority == name) & (C.status == str(CertificateStatus.INTENDED))
    work.connection.execute(sa.select(C.id).where(waiting).order_by(C.id).with_for_update())
    changed = work.connection.execute(
        sa.update(t.certificate)
        .where(waiting)
        .values(status_version=C.status_version + 1, **values)
        .returning(*STATUS_COLUMNS)
    ).all()
    serials = tuple(sorted(row.serial for row in changed))
    return Dropped(serials, follow(work.connection, changed, work.now))


def note(
    work: UnitOfWork,
    task: KeyTask,
    name: str,
    decided: Witnessed,
    *,
    ended_at: datetime | None,
    held: tuple[str | None, str | None] = (None, None),
) -> int:
    """Write down a task that was carried out at once; returns its number. `held` are the key's reference and place."""
    return work.insert(
        t.key_task,
        task=str(task),
        authorities=name,
        mark="",
        plan=decided.statement,
        plan_signatures=decided.said(),
        reference=held[0],
        place=held[1],
        at=work.now,
        **ended(decided, ended_at),
    )
