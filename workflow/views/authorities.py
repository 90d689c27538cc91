"""The authorities and responders, as people and operators see them: no key, only where it is."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.names import describe_name
from workflow.store import schema as t
from workflow.store.roots import is_root, signed_by
from workflow.vocabulary import AuthorityRevocationReason, AuthorityState, KeyTask, KeyTaskState

if TYPE_CHECKING:
    from datetime import datetime

A, C, R = t.authority.c, t.certificate.c, t.authority_revocation.c


@dataclass(frozen=True, slots=True)
class AuthorityLine:
    """One authority or responder. `place` is software, token or gone; the fingerprint is of the certificate."""

    name: str
    generation: int
    state: AuthorityState
    subject: str
    not_before: datetime
    not_after: datetime
    place: str
    reference: str | None
    fingerprint: str
    revocation: tuple[datetime, AuthorityRevocationReason] | None = None
    """When and why the root revoked its certificate."""


def authorities(connection: sa.Connection) -> tuple[AuthorityLine, ...]:
    """Return all of them in the order in which they were made."""
    rows = connection.execute(
        sa.select(
            A.name,
            A.generation,
            A.state,
            A.certificate,
            A.key_reference,
            A.sealed_key.is_(None).label("bare"),
            R.at.label("revoked_at"),
            R.reason,
        )
        .join_from(t.authority, t.authority_revocation, R.authority == A.name, isouter=True)
        .order_by(A.id)
    )
    return tuple(_line(row) for row in rows)


def _line(row: Any) -> AuthorityLine:
    certificate = bytes(row.certificate)
    fields = read_certificate(certificate)
    digest = sha256(certificate).hexdigest()
    place = "token" if row.key_reference else "gone" if row.bare else "software"
    return AuthorityLine(
        name=row.name,
        generation=row.generation,
        state=AuthorityState(row.state),
        subject=describe_name(fields.subject_name),
        not_before=fields.not_before,
        not_after=fields.not_after,
        place=place,
        reference=row.key_reference,
        fingerprint=":".join(digest[at : at + 4] for at in range(0, len(digest), 4)),
        revocation=(row.revoked_at, AuthorityRevocationReason(row.reason)) if row.reason else None,
    )


@dataclass(frozen=True, slots=True)
class KeyTaskLine:
    """One task with authorities' keys, and the logins of those who signed it; `ended_at` is empty while work is left.

    `place` is where its keys were made or destroyed, empty for a task without any; `left_reason` says why they were left
    there, where they were not destroyed.
    """

    number: int
    task: KeyTask
    state: KeyTaskState
    authorities: str
    at: datetime
    ended_at: datetime | None
    people: tuple[str, ...]
    place: str
    left_reason: str


def key_tasks(connection: sa.Connection) -> tuple[KeyTaskLine, ...]:
    """Return the tasks, the newest first."""
    rows = connection.execute(sa.select(t.key_task).order_by(t.key_task.c.id.desc()))
    return tuple(
        KeyTaskLine(
            number=row.id,
            task=KeyTask(row.task),
            state=KeyTaskState(row.state),
            authorities=row.authorities,
            at=row.at,
            ended_at=row.ended_at,
            people=tuple(one["login"] for one in row.record_signatures or row.plan_signatures),
            place=row.place or "",
            left_reason=row.left_reason or "",
        )
        for row in rows
    )


def living(connection: sa.Connection, name: str, now: datetime) -> tuple[int, datetime | None]:
    """Return how many certificates of an authority have not ended, revoked ones too, and when the last one does.

    What a root has signed are the authorities whose keys are there.
    """
    if is_root(name):
        gone = sa.select(A.name).where(A.state == str(AuthorityState.DESTROYED))
        without_key = frozenset(connection.execute(gone).scalars())
        ends = [
            read_certificate(der).not_after
            for below, der in signed_by(connection, name).items()
            if below not in without_key
        ]
        current = [end for end in ends if end > now]
        return len(current), max(current, default=None)
    row = connection.execute(
        sa.select(sa.func.count().label("lives"), sa.func.max(C.not_after).label("last")).where(
            C.authority == name, C.not_after > now
        )
    ).one()
    return int(row.lives), row.last
