"""Clearing away keys that were made for nothing: their process was killed, or refused, before they came on record (ROL-08)."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.errors import KeyRefusedError
from pki.keystores import MARK
from workflow.commands_of_keys import ClearKeyIntent, EndKeyIntent
from workflow.errors import Refused, Unavailable
from workflow.facts import SYSTEM
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.facts import Actor
    from workflow.office import Office

N = t.key_intent.c


def clear(office: Office, number: int, actor: Actor = SYSTEM) -> None:
    """Give up a key that is on no record, destroy it and record that; may be run again after it was killed.

    Refused for an intent that ended, and under another keystore than the one it was to be made in; Unavailable when
    that can't be reached.
    """
    from workflow.handlers import handle  # The door imports the acts, which come here.

    with office.asking() as connection:
        row = connection.execute(sa.select(t.key_intent).where(N.id == number)).first()
    if row is None or row.ended_at is not None:
        raise Refused("keys.intent_ended", number=number)
    try:
        here = office.keystore.place()
        if row.place != here:
            raise Refused("keys.elsewhere", number=number, place=row.place, here=here)
        # First nobody may put it on record any more: a process that is still at work destroys its key itself.
        handle(office, ClearKeyIntent(number=number), actor)
        office.keystore.destroy_others(row.label, frozenset())
    except KeyRefusedError as error:
        raise Unavailable("authority.key_unavailable", authority=row.label, detail=error.message) from error
    handle(office, EndKeyIntent(number=number, place=here), SYSTEM)


def intents_of(connection: sa.Connection, name: str) -> list[sa.Row[Any]]:
    """Return the intents of a name's keys that have not ended, those given up too."""
    query = sa.select(t.key_intent).where(
        N.ended_at.is_(None), N.label.startswith(f"{name}-", autoescape=True)
    )
    mark = re.compile(re.escape(name) + MARK)
    return [row for row in connection.execute(query.order_by(N.id)) if mark.fullmatch(row.label)]


@contextmanager
def cleared_unless_kept(office: Office, number: int) -> Iterator[None]:
    """Destroy the key of an intent unless it came on record meanwhile; what can't be done now is left to people.

    Also the key of one that others had given up and cleared away before the key was made.
    """
    try:
        yield
    finally:
        with office.asking() as connection:
            row = connection.execute(sa.select(t.key_intent).where(N.id == number)).first()
        if row is not None and row.ended_at is None:
            with suppress(Refused, Unavailable):
                clear(office, number)
        elif row is not None and row.cleared_at is not None:
            with suppress(KeyRefusedError):
                office.keystore.destroy_others(row.label, frozenset())
