"""Sets of shares, and who holds which."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.store import schema as t
from workflow.vocabulary import ShareSetState

REGISTRATION = "ra#"
"""What the names of the registration authorities' keys begin with."""

if TYPE_CHECKING:
    from datetime import datetime

S, K, A = t.share_set.c, t.key_share.c, t.account.c


@dataclass(frozen=True, slots=True)
class ShareLine:
    """One share; `sealed` is empty when it is on a medium or its set was replaced."""

    number: int
    account_id: int
    holder: str
    sealed: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShareSetLine:
    """One set with its shares in the order of their numbers."""

    set_id: str
    purpose: str
    threshold: int
    state: ShareSetState
    made_at: datetime
    ended_at: datetime | None
    shares: tuple[ShareLine, ...]


def share_sets(connection: sa.Connection) -> tuple[ShareSetLine, ...]:
    """Return all sets, the newest first."""
    query = (
        sa.select(K.share_set_id, K.number, K.holder_id, A.login, K.sealed)
        .join(t.account, A.id == K.holder_id)
        .order_by(K.number)
    )
    shares: dict[int, list[ShareLine]] = {}
    for row in connection.execute(query):
        line = ShareLine(row.number, row.holder_id, row.login, row.sealed)
        shares.setdefault(row.share_set_id, []).append(line)
    return tuple(
        ShareSetLine(
            row.set_id,
            row.purpose,
            row.threshold,
            ShareSetState(row.state),
            row.made_at,
            row.ended_at,
            tuple(shares.get(row.id, ())),
        )
        for row in connection.execute(sa.select(t.share_set).order_by(S.id.desc()))
    )


def set_in_force(connection: sa.Connection, purpose: str) -> ShareSetLine | None:
    """Return the set that opens the keys, if the secret was split."""
    return _set_of(connection, purpose, ShareSetState.IN_FORCE)


def pending_set(connection: sa.Connection, purpose: str, set_id: str = "") -> ShareSetLine | None:
    """Return the newest set that waits for its token to have the PIN that it makes, or the one of an id."""
    return _set_of(connection, purpose, ShareSetState.PENDING, set_id)


def _set_of(
    connection: sa.Connection, purpose: str, state: ShareSetState, set_id: str = ""
) -> ShareSetLine | None:
    sets = share_sets(connection)
    fits = (one for one in sets if (one.state, one.purpose) == (state, purpose))
    return next((one for one in fits if set_id in {"", one.set_id}), None)


def keys_in_token(connection: sa.Connection) -> bool:
    """Tell whether an authority, a responder or a registration authority has its key in a token."""
    kept = (
        sa.select(table.c.id).where(table.c.key_reference.is_not(None)).limit(1)
        for table in (t.authority, t.registration_key)
    )
    return any(connection.execute(query).first() is not None for query in kept)


def sealed_keys(connection: sa.Connection) -> tuple[tuple[str, bytes], ...]:
    """Return the encrypted keys of authorities, responders and registration authorities by name."""
    a, g = t.authority.c, t.registration_key.c
    rows = connection.execute(sa.select(a.name, a.sealed_key).where(a.sealed_key.is_not(None)).order_by(a.id))
    of_registration = connection.execute(
        sa.select(g.id, g.sealed_key).where(g.sealed_key.is_not(None)).order_by(g.id)
    )
    return (
        *((row.name, bytes(row.sealed_key)) for row in rows),
        *((f"{REGISTRATION}{row.id}", bytes(row.sealed_key)) for row in of_registration),
    )
