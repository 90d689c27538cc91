"""Rows of authorities and of the tasks with their keys, as the acts on keys read and write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.generations import ended
from workflow.deeds import deed
from workflow.errors import NotFound, Refused, Words
from workflow.ocsp.responders import PREFIX
from workflow.store import schema as t
from workflow.vocabulary import AuthorityState

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.presence import Witnessed
    from workflow.store.unit_of_work import UnitOfWork
    from workflow.vocabulary import KeyTask

A = t.authority.c


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
