"""The outbox: work that was asked for in a commit, claimed by lane, retried with back-off, dead at the end.

A claim is a lease that is renewed while its work is being done. Whoever has lost it commits nothing more under it.
Leases and back-off run on real time, since the demonstration's clock may leap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from workflow.effects import Do, Effect
from workflow.errors import Unavailable
from workflow.store import schema as t
from workflow.vocabulary import Lane, OutboxState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.office import Office

W = t.outbox.c
LEASE = timedelta(minutes=3)
"""How long a claim lasts that is not renewed: so long after its worker's end another takes the work up."""
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=30)


@dataclass(frozen=True)
class Work:
    """A claimed piece of work."""

    id: int
    case_id: int | None
    effect: Effect
    template: str
    payload: Mapping[str, Any]
    attempts: int
    created_at: datetime


class Asking(Protocol):
    """The case for which work is asked: its number in the database, and its CA."""

    @property
    def id(self) -> int:
        """The case's row."""

    @property
    def ca(self) -> str:
        """Its CA."""


def outbox_row(
    case: Asking, do: Do, payload: Mapping[str, Any], now: datetime, wall: datetime
) -> dict[str, Any]:
    """Return a row for a case's effect; a CRL is one piece of work a CA, however many cases ask for it."""
    merge = f"{do.effect}:{case.ca}" if do.effect is Effect.PUBLISH_CRL else None
    return {
        "case_id": case.id,
        "lane": str(do.lane),
        "effect": str(do.effect),
        "template": do.template,
        "payload": {"ca": str(case.ca), **payload},
        "merge_key": merge,
        "state": str(OutboxState.WAITING),
        "attempts": 0,
        "due_at": wall,
        "created_at": now,
    }


def crl_row(ca: str, now: datetime, due: datetime, *, whole: bool = True) -> dict[str, Any]:
    """Return a row that asks for an authority's lists: the whole set, or those that a change touched (CRL-01)."""
    return {
        "case_id": None,
        "lane": str(Lane.CERTIFICATE),
        "effect": str(Effect.PUBLISH_CRL),
        "template": "",
        "payload": {"ca": ca, "whole": whole},
        "merge_key": f"{Effect.PUBLISH_CRL}:{ca}",
        "state": str(OutboxState.WAITING),
        "attempts": 0,
        "due_at": due,
        "created_at": now,
    }


def alarm_row(payload: Mapping[str, Any], now: datetime, due: datetime) -> dict[str, Any]:
    """Return a row that asks for a mail to the operators about what a watch found."""
    return {
        "case_id": None,
        "lane": str(Lane.NOTICE),
        "effect": str(Effect.ALARM),
        "template": "",
        "payload": dict(payload),
        "merge_key": None,
        "state": str(OutboxState.WAITING),
        "attempts": 0,
        "due_at": due,
        "created_at": now,
    }


def crls_under_way(connection: sa.Connection) -> frozenset[str]:
    """Return the authorities whose lists somebody has asked for and nobody has finished."""
    open_states = [str(OutboxState.WAITING), str(OutboxState.CLAIMED)]
    payloads = connection.execute(
        sa.select(W.payload).where(
            W.lane == str(Lane.CERTIFICATE),
            W.effect == str(Effect.PUBLISH_CRL),
            W.state.in_(open_states),
        )
    ).scalars()
    return frozenset(str(payload["ca"]) for payload in payloads)


def claim(office: Office, lane: Lane, worker: str, leaving: frozenset[Effect] = frozenset()) -> Work | None:
    """Claim the next piece of work of a lane, or one whose worker has vanished; None when there is none.

    Work of the effects in `leaving` is left to wait.
    """
    wall = office.wall.now()
    ready = (W.state == str(OutboxState.WAITING)) & (W.due_at <= wall)
    orphaned = (W.state == str(OutboxState.CLAIMED)) & (W.claimed_until < wall)
    with office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        row = connection.execute(
            sa.select(t.outbox)
            .where(W.lane == str(lane), ready | orphaned, W.effect.not_in(sorted(map(str, leaving))))
            .order_by(W.due_at, W.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if row is None:
            return None
        connection.execute(
            sa.update(t.outbox)
            .where(W.id == row.id)
            # From here on the same request is new work: what is being done may have begun before it.
            .values(
                state=str(OutboxState.CLAIMED),
                claimed_by=worker,
                claimed_until=wall + LEASE,
                attempts=W.attempts + 1,
                merge_key=None,
            )
        )
    return Work(
        row.id, row.case_id, Effect(row.effect), row.template, row.payload, row.attempts + 1, row.created_at
    )


def renew(office: Office, work: Work) -> bool:
    """Let a claim last for another lease; False when it is lost, to another or because the work is settled."""
    return _set(office, work, claimed_until=office.wall.now() + LEASE)


def require_claim(connection: sa.Connection, work: Work) -> None:
    """Keep a claim from being taken away until the commit; Unavailable when it has been.

    The lock is the one that only a claim waits for, so that the work's own renewals go on meanwhile.
    """
    mine = sa.select(W.id).where(_held(work)).with_for_update(read=True, key_share=True)
    if connection.execute(mine).first() is None:
        raise Unavailable("registry.claim_lost")


def settle(office: Office, work: Work) -> None:
    """Mark work as done."""
    _set(
        office,
        work,
        state=str(OutboxState.DONE),
        done_at=office.clock.now(),
        claimed_by=None,
        last_error=None,
    )


def put_back(office: Office, work: Work, error: str, *, dead: bool = False) -> None:
    """Put failed work back with a longer pause each time; after the last try it is a dead letter for people."""
    if dead or work.attempts >= office.settings.attempts:
        _set(office, work, state=str(OutboxState.DEAD), claimed_by=None, last_error=error)
        return
    pause = min(FIRST_PAUSE * 2 ** (work.attempts - 1), LONGEST_PAUSE)
    due = office.wall.now() + pause
    _set(office, work, state=str(OutboxState.WAITING), claimed_by=None, last_error=error, due_at=due)


def explain(office: Office, lane: Lane, effects: frozenset[Effect], reason: str) -> None:
    """Write at a lane's waiting work of some effects why nobody claims it; what has the reason is left alone."""
    waiting = (W.lane == str(lane)) & (W.state == str(OutboxState.WAITING))
    untold = waiting & W.effect.in_(sorted(map(str, effects))) & W.last_error.is_distinct_from(reason)
    with office.reading() as connection:
        if connection.execute(sa.select(W.id).where(untold).limit(1)).first() is None:
            return
    with office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(sa.update(t.outbox).where(untold).values(last_error=reason))


def let_wait(office: Office, work: Work, reason: str) -> None:
    """Put work back that met a closed door: the try is not counted, and the next comes after the shortest pause."""
    due = office.wall.now() + FIRST_PAUSE
    values = {"attempts": work.attempts - 1, "last_error": reason, "due_at": due}
    _set(office, work, state=str(OutboxState.WAITING), claimed_by=None, **values)


def release(office: Office, worker: str) -> None:
    """Give back what a worker of this name had claimed before it died."""
    with office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(
            sa.update(t.outbox)
            .where(W.state == str(OutboxState.CLAIMED), W.claimed_by == worker)
            .values(state=str(OutboxState.WAITING), claimed_by=None, due_at=office.wall.now())
        )


def _set(office: Office, work: Work, **values: Any) -> bool:
    with office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        return bool(connection.execute(sa.update(t.outbox).where(_held(work)).values(**values)).rowcount)


def _held(work: Work) -> sa.ColumnElement[bool]:
    # A worker whose lease ran out may still report; by then the work is another's, who counted a try of its own.
    return (W.id == work.id) & (W.state == str(OutboxState.CLAIMED)) & (W.attempts == work.attempts)
