"""The tokens of the programming interface, for those who look after them; their digests are never selected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.store import schema as t
from workflow.vocabulary import ApiScope, Word

if TYPE_CHECKING:
    from datetime import datetime

A = t.api_token.c


class TokenState(Word):
    """How a token stands."""

    IN_FORCE = "in_force", "有效", "In force"
    UNCONFIRMED = "unconfirmed", "待確認", "Unconfirmed"
    EXPIRED = "expired", "到期", "Expired"
    REVOKED = "revoked", "已撤銷", "Revoked"


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token without its secret."""

    name: str
    scopes: tuple[ApiScope, ...]
    state: TokenState
    made_by: str
    made_at: datetime
    confirmed_by: str
    expires_at: datetime
    last_used_at: datetime | None


def tokens(connection: sa.Connection, now: datetime) -> tuple[TokenLine, ...]:
    """Return all tokens by name."""
    columns = (A.name, A.scopes, A.made_by, A.made_at, A.confirmed_by, A.confirmed_at, A.expires_at)
    query = sa.select(*columns, A.revoked_at, A.last_used_at).order_by(A.name)
    return tuple(_line(row, now) for row in connection.execute(query))


def _line(row: Any, now: datetime) -> TokenLine:
    return TokenLine(
        name=row.name,
        scopes=tuple(ApiScope(scope) for scope in row.scopes),
        state=_state(row, now),
        made_by=row.made_by,
        made_at=row.made_at,
        confirmed_by=row.confirmed_by,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )


def _state(row: Any, now: datetime) -> TokenState:
    if row.revoked_at is not None:
        return TokenState.REVOKED
    if row.expires_at <= now:
        return TokenState.EXPIRED
    return TokenState.UNCONFIRMED if row.confirmed_at is None else TokenState.IN_FORCE
