"""Registered mail: what is packed and waits for the post, and the mailing lists (CRD-05, CRD-06)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.errors import NotFound
from workflow.store import schema as s
from workflow.views.case_page import documents_where
from workflow.vocabulary import MailState

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.views.case_parts import DocumentLine

PAGE = 50


@dataclass(frozen=True, slots=True)
class ListLine:
    """A mailing list in the list of lists."""

    id: int
    number: str
    post_kind: str
    by_name: str
    at: datetime
    items: int


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One mail item of a mailing list, in the order of the paper."""

    position: int
    case_id: int
    case_number: str
    subject_name: str
    card_number: str
    mail_number: str
    state: MailState
    returned_at: datetime | None
    return_reason: str


@dataclass(frozen=True, slots=True)
class MailingList:
    """A mailing list with its items."""

    id: int
    number: str
    post_kind: str
    by_name: str
    at: datetime
    items: tuple[ItemLine, ...]
    documents: tuple[DocumentLine, ...]


def mailing_lists(
    connection: sa.Connection, before: int | None = None
) -> tuple[tuple[ListLine, ...], int | None]:
    """Return the newest mailing lists before the list `before`, and where the next page begins."""
    lists = s.mailing_list.c
    items = sa.func.count(s.mail_item.c.id)
    query = (
        sa.select(lists.id, lists.number, lists.post_kind, lists.by_name, lists.at, items)
        .select_from(s.mailing_list.outerjoin(s.mail_item, s.mail_item.c.list_id == lists.id))
        .group_by(lists.id)
        .order_by(lists.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(lists.id < before)
    found = [ListLine(*row) for row in connection.execute(query)]
    return tuple(found[:PAGE]), found[PAGE - 1].id if len(found) > PAGE else None


def mailing_list(connection: sa.Connection, list_id: int) -> MailingList:
    """Return a mailing list with its items; NotFound when there is none."""
    row = connection.execute(sa.select(s.mailing_list).where(s.mailing_list.c.id == list_id)).one_or_none()
    if row is None:
        raise NotFound("letter.not_found")
    return MailingList(
        id=row.id,
        number=row.number,
        post_kind=row.post_kind,
        by_name=row.by_name,
        at=row.at,
        items=_items(connection, list_id),
        documents=documents_where(connection, s.document.c.mailing_list_id == list_id),
    )


def _items(connection: sa.Connection, list_id: int) -> tuple[ItemLine, ...]:
    item = s.mail_item.c
    query = (
        sa.select(s.mail_item, s.case.c.number.label("case_number"), s.case.c.subject_name)
        .join(s.case, s.case.c.id == item.case_id)
        .where(item.list_id == list_id)
        .order_by(item.position, item.id)
    )
    return tuple(
        ItemLine(
            position=row.position or place,
            case_id=row.case_id,
            case_number=row.case_number,
            subject_name=row.subject_name,
            card_number=row.card_number,
            mail_number=row.mail_number or "",
            state=MailState(row.state),
            returned_at=row.returned_at,
            return_reason=row.return_reason or "",
        )
        for place, row in enumerate(connection.execute(query), 1)
    )
