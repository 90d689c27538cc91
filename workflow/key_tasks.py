"""Tasks with authorities' keys: begun by several people, carried out once, and undone when they break off (ROL-08).

A task is written down before any key is made. Keys in a token bear the task's mark, so that those of a task that was
killed are found and destroyed; software keys are nowhere until they are recorded. Only one task is open at a time.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.errors import KeyRefusedError
from workflow.commands_of_authorities import AbortKeyTask, BeginKeyTask, RecordKeyGone
from workflow.errors import Refused, RegistryError, Unavailable
from workflow.facts import SYSTEM
from workflow.ocsp.responders import PREFIX
from workflow.store import schema as t
from workflow.vocabulary import KeyTask, KeyTaskState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.facts import Actor
    from workflow.office import Office

K = t.key_task.c
log = logging.getLogger("guanfang.keys")


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task under way."""

    number: int
    mark: str


def label_of(mark: str, name: str) -> str:
    """Return the label under which a task makes the key of an authority in a token."""
    return f"{name}-{mark}"


@contextmanager
def under_way(office: Office, command: BeginKeyTask, actor: Actor) -> Iterator[OpenTask]:
    """Begin a task and hold it open; whatever breaks it off destroys what it made, and goes on as it came."""
    from workflow.handlers import handle

    begun = handle(office, command, actor)
    number = begun.created_id or 0
    try:
        yield OpenTask(number, begun.number or "")
    except BaseException as error:
        # An interrupt from the keyboard breaks it off like any refusal, so nothing narrower will do.
        _undo(office, number, actor, type(error).__name__)
        raise


def _undo(office: Office, number: int, actor: Actor, reason: str) -> None:
    try:
        abort(office, number, reason, actor)
    except RegistryError as error:
        # The reason for breaking off is the one to be told; what is left is found by `guanfang ca tasks`.
        if not isinstance(error, Unavailable | Refused):
            raise
        _destroy_late(office, number)


def _destroy_late(office: Office, number: int) -> None:
    """Destroy what was still made after somebody else had ended the task; of keys that people left nothing is destroyed."""
    row = _row(office, number)
    if row.ended_at is None or row.state != str(KeyTaskState.ABORTED) or row.left_reason:
        return
    try:
        _place(office, row)
        _destroy(office, row)
    except (KeyRefusedError, Refused):
        log.warning("keys of an ended task may be left", extra={"task": number, "mark": row.mark})


def abort(office: Office, number: int, reason: str, actor: Actor) -> None:
    """Break a task off and destroy what it made; of one that ended but for its keys, see to these.

    Raises Refused for a task that has ended, Unavailable when the token can't be reached: then call it again.
    """
    from workflow.handlers import handle

    row = _row(office, number)
    if row is None or row.ended_at is not None:
        raise Refused("authority.task_ended", number=number)
    if row.state == str(KeyTaskState.OPEN):
        handle(office, AbortKeyTask(number=number, reason=reason), actor)
    finish(office, number)


def finish(office: Office, number: int) -> None:
    """Destroy the keys that a task leaves to be destroyed, and record it; Unavailable when that can't be done now.

    Refused("authority.key_elsewhere") where another keystore is at work than the one that had the keys. A key that an
    earlier try destroyed before it was killed is no more found there, and is recorded then.
    """
    from workflow.handlers import handle

    row = _row(office, number)
    if row is None or row.ended_at is not None or row.state == str(KeyTaskState.OPEN):
        return
    try:
        place = _place(office, row)
        _destroy(office, row)
    except KeyRefusedError as error:
        raise Unavailable(
            "authority.key_unavailable", authority=row.authorities, detail=error.message
        ) from error
    handle(office, RecordKeyGone(number=number, place=place), SYSTEM)


def _place(office: Office, row: Any) -> str:
    """Return the place whose keys are to be destroyed, if that is what the keystore is."""
    here = office.keystore.place()
    # A task that an earlier release began has no place on record; its reference tells it, if it has one.
    if row.place not in {None, here}:
        raise Refused("authority.key_elsewhere", number=row.id, place=row.place, here=here)
    return here


def _destroy(office: Office, row: Any) -> None:
    names = row.authorities.split(",")
    if row.state == str(KeyTaskState.ABORTED):
        for name in names:
            office.keystore.destroy_others(label_of(row.mark, name), frozenset())
    if row.task == str(KeyTask.DESTRUCTION) and row.state == str(KeyTaskState.DONE):
        office.keystore.destroy(row.reference)
        for name in names:
            office.keystore.destroy_others(PREFIX + name, frozenset())


def _row(office: Office, number: int) -> Any:
    with office.reading() as connection:
        return connection.execute(sa.select(t.key_task).where(K.id == number)).first()
