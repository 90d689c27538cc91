"""Rows of authorities and of the tasks with their keys, as the acts on keys read and write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.generations import ended
from workflow.deeds import deed
from workflow.errors import NotFound, Refused, Words
from workflow.ocsp.responders import PREFIX
from workflow.store import schema as t
from workflow.store.crl_entries import STATUS_COLUMNS, follow
from workflow.vocabulary import AuthorityState, CertificateStatus, RevocationReason

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
    changed = work.connection.execute(
        sa.update(t.certificate)
        .where(C.authority == name, C.status == str(CertificateStatus.INTENDED))
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
