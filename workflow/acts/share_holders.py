"""Who may hold a share of the authorities' key copies: officers and administrators, each another person (ROL-07, ROL-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.acts.accounts import actor_of
from workflow.errors import Refused, Words
from workflow.policies.trusted_people import COPY_HOLDERS
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Sequence

A = t.account.c


def require_holders(connection: sa.Connection, logins: Sequence[str]) -> None:
    """Raise Refused for a holder without an open account, without a fitting role, or who is another holder's person."""
    query = sa.select(t.account).where(A.login.in_(logins), A.active.is_(True))
    known = {row.login: row for row in connection.execute(query)}
    seen: dict[int, str] = {}
    for login in logins:
        row = known.get(login)
        if row is None:
            raise Refused("holder.unknown", login=login)
        if not actor_of(row).roles & COPY_HOLDERS:
            roles = sorted(COPY_HOLDERS)
            words = Words("、".join(one.zh for one in roles), " or ".join(one.en for one in roles))
            raise Refused("holder.role", login=login, roles=words)
        if row.person_id in seen:
            raise Refused("holder.twice", login=login, other=seen[row.person_id])
        seen[row.person_id] = login
