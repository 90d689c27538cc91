"""Putting an authority's key back from a copy: a task like others, so that a run that was killed leaves no key (ROL-08)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa

from forms.canonical import canonical_json
from workflow.authorities import certificate_of, working
from workflow.commands_of_authorities import BeginKeyTask, RestoreAuthority
from workflow.deeds import deed
from workflow.errors import NotFound, Refused, Unavailable, Words
from workflow.key_tasks import label_of, under_way
from workflow.store import schema as t
from workflow.vocabulary import AuthorityState, KeyTask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workflow.commands_of_authorities import Hand
    from workflow.facts import Actor
    from workflow.office import Office

A, B = t.authority.c, t.key_backup.c
PutBack: TypeAlias = "Callable[[str], tuple[bytes | None, str | None]]"
"""Takes the key of a copy back under a label; returns its encrypted form or its reference."""


@dataclass(frozen=True, slots=True)
class Restoration:
    """Which key is to be put back and why, the SHA-256 of the copy, and the sets of the shares that were brought."""

    name: str
    reason: str
    copy_sha256: str
    share_sets: frozenset[str]

    def said(self) -> dict[str, str]:
        """Return it for a plan that people sign."""
        return {"authority": self.name, "reason": self.reason.strip(), "copy": self.copy_sha256}


def restore(
    office: Office, order: Restoration, put_back: PutBack, hands: Sequence[Hand], actor: Actor
) -> int:
    """Put a key back and return the number of the task; a RegistryError says why not, and nothing is left behind then."""
    from workflow.handlers import handle  # The door imports the acts, which come here.

    require_restorable(office, order)
    plan = canonical_json(order.said()).decode()
    begin = BeginKeyTask(task=KeyTask.RESTORATION, authorities=(order.name,), plan=plan, hands=tuple(hands))
    with under_way(office, begin, actor) as task:
        sealed, reference = put_back(label_of(task.mark, order.name))
        command = RestoreAuthority(
            number=task.number,
            name=order.name,
            reason=order.reason,
            copy_sha256=order.copy_sha256,
            sealed_key=sealed,
            key_reference=reference,
            hands=tuple(hands),
        )
        handle(office, command, actor)
    return task.number


def require_restorable(office: Office, order: Restoration) -> None:
    """Refuse where the key works, was destroyed, or has no such copy or no such shares, before anything is done."""
    if not order.reason.strip():
        raise Refused("case.reason_missing")
    with office.reading() as connection:
        state = connection.execute(sa.select(A.state).where(A.name == order.name)).scalar()
        share_set = listed_copy(connection, order.name, order.copy_sha256)
    if state == str(AuthorityState.DESTROYED):
        said = Words(AuthorityState.DESTROYED.zh, AuthorityState.DESTROYED.en)
        raise Refused("authority.state", name=order.name, state=said, action=deed("RestoreAuthority"))
    require_lost(office, order.name)
    if share_set is None:
        raise Refused("authority.unknown_copy", name=order.name)
    if order.share_sets != {share_set}:
        raise Refused("authority.copy_shares", name=order.name, set=share_set)


def listed_copy(connection: sa.Connection, name: str, digest: str) -> str | None:
    """Return the set of shares of a copy on record that was not destroyed."""
    query = sa.select(B.share_set).where(B.authority == name, B.sha256 == digest, B.destroyed_at.is_(None))
    return connection.execute(query).scalar()


def require_lost(office: Office, name: str) -> None:
    """Refuse where the key is at work: a copy is for recovery alone."""
    try:
        certificate_of(office, name)
    except LookupError as error:
        raise NotFound("authority.not_found", name=name) from error
    try:
        working(office, name)
    except (Unavailable, LookupError):
        return
    raise Refused("authority.key_works", name=name)
