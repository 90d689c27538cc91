"""Keys that were to be made and came to no record: given up, and recorded as gone when they are (ROL-08)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.commands_of_keys import ClearKeyIntent, EndKeyIntent
from workflow.errors import Refused
from workflow.outcome import Outcome
from workflow.policies.key_work import KEY_IS_MADE_WITHIN
from workflow.store import schema as t
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

N = t.key_intent.c
MARK_BYTES = 8


def write_down(work: UnitOfWork, name: str, place: str) -> Outcome:
    """Write an intent of a key down; the outcome has its id and, as its number, the label to make the key under."""
    label = f"{name}-{secrets.token_hex(MARK_BYTES)}"
    number = work.insert(t.key_intent, label=label, place=place, at=work.now)
    return Outcome(created_id=number, number=label)


def open_intent(work: UnitOfWork, number: int) -> Any:
    """Return an intent under its lock; Refused for one that ended or was given up."""
    query = sa.select(t.key_intent).where(N.id == number, N.ended_at.is_(None), N.cleared_at.is_(None))
    row = work.connection.execute(query.with_for_update()).first()
    if row is None:
        raise Refused("keys.intent_ended", number=number)
    return row


def conclude(work: UnitOfWork, number: int) -> None:
    """End an intent whose key is on record, or is left where it may lie."""
    work.connection.execute(sa.update(t.key_intent).where(N.id == number).values(ended_at=work.now))


def _clear(work: UnitOfWork, command: ClearKeyIntent, actor: Actor, _prepared: None) -> Outcome:
    query = sa.select(t.key_intent).where(N.id == command.number, N.ended_at.is_(None))
    row = work.connection.execute(query.with_for_update()).first()
    if row is None:
        raise Refused("keys.intent_ended", number=command.number)
    _require_broken_off(work, row, actor)
    if row.cleared_at is None:
        work.connection.execute(sa.update(t.key_intent).where(N.id == row.id).values(cleared_at=work.now))
        work.audit("key_intent_cleared", actor, {"number": row.id, "label": row.label, "place": row.place})
    if command.left_reason.strip():
        conclude(work, row.id)
        said = {"label": row.label, "place": row.place, "reason": command.left_reason.strip()}
        work.audit("keys_left", actor, said)
    return Outcome()


def _require_broken_off(work: UnitOfWork, row: Any, actor: Actor) -> None:
    """Refuse people who take a key for dead that may be in the making; whoever makes it may give it up at any time."""
    until = row.at + KEY_IS_MADE_WITHIN
    if row.cleared_at is None and work.now < until and not actor.has(Role.SYSTEM):
        since, until = row.at.isoformat(timespec="minutes"), until.isoformat(timespec="minutes")
        raise Refused("keys.intent_young", number=row.id, label=row.label, since=since, until=until)


def _end(work: UnitOfWork, command: EndKeyIntent, actor: Actor, _prepared: None) -> Outcome:
    gone = sa.update(t.key_intent).where(
        N.id == command.number, N.cleared_at.is_not(None), N.ended_at.is_(None), N.place == command.place
    )
    if work.connection.execute(gone.values(ended_at=work.now)).rowcount:
        work.audit("key_intent_ended", actor, {"number": command.number, "place": command.place})
    return Outcome()


ACTS = (
    Act(ClearKeyIntent, _clear, frozenset({Role.ADMINISTRATOR, Role.OPERATOR, Role.SYSTEM})),
    Act(EndKeyIntent, _end, frozenset({Role.SYSTEM})),
)
