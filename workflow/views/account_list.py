"""All accounts of the staff for the administrator: who may do what, whether they can log in, and with which card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.errors import NotFound
from workflow.store import schema as s
from workflow.vocabulary import Role, StaffCardState

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account. `locked_until` is None when wrong passwords do not keep it out now; a card counts until it is ended."""

    id: int
    login: str
    person: str
    person_id: int
    roles: tuple[Role, ...]
    window: str | None
    active: bool
    failed_log_ins: int
    locked_until: datetime | None
    card_number: str | None
    card_state: StaffCardState | None


def all_accounts(connection: sa.Connection, now: datetime) -> tuple[AccountLine, ...]:
    """Return every account, open ones first, each group by login."""
    a = s.account.c
    return tuple(
        _line(row, now) for row in connection.execute(_accounts().order_by(a.active.desc(), a.login))
    )


def one_account(connection: sa.Connection, account_id: int, now: datetime) -> AccountLine:
    """Return one account; NotFound when there is none."""
    row = connection.execute(_accounts().where(s.account.c.id == account_id)).first()
    if row is None:
        raise NotFound("account.not_there")
    return _line(row, now)


def _accounts() -> sa.Select[Any]:
    account, person, window, card = s.account, s.person, s.review_window, s.staff_card
    in_use = (card.c.account_id == account.c.id) & (card.c.state != str(StaffCardState.ENDED))
    return (
        sa.select(
            account,
            person.c.name.label("person"),
            window.c.name.label("window"),
            card.c.number.label("card_number"),
            card.c.state.label("card_state"),
        )
        .join(person, person.c.id == account.c.person_id)
        .outerjoin(window, window.c.id == account.c.window_id)
        .outerjoin(card, in_use)
    )


def _line(row: Any, now: datetime) -> AccountLine:
    return AccountLine(
        id=row.id,
        login=row.login,
        person=row.person,
        person_id=row.person_id,
        roles=tuple(Role(role) for role in row.roles),
        window=row.window,
        active=row.active,
        failed_log_ins=row.failed_log_ins,
        locked_until=row.locked_until if row.locked_until is not None and row.locked_until > now else None,
        card_number=row.card_number,
        card_state=StaffCardState(row.card_state) if row.card_state else None,
    )
