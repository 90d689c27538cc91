"""A document's bytes, for those who may see the case, the letter or the mailing list it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.errors import NotFound
from workflow.store import schema as s
from workflow.views.scope import sees_letters, visible
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from workflow.facts import Actor


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A document with its bytes."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    case_id: int | None = None


def document(connection: sa.Connection, actor: Actor, document_id: int) -> DocumentFile:
    """Return a document; NotFound, which tells nothing, when the actor may see none of what it belongs to."""
    doc = s.document.c
    case = sa.select(s.case.c.id).where(visible(actor))
    letters = sa.select(s.letter.c.id).where(sees_letters(actor))
    tied = (
        sa.select(s.letter_case.c.letter_id)
        .join(s.case, s.case.c.id == s.letter_case.c.case_id)
        .where(visible(actor))
    )
    lists = sa.and_(
        doc.mailing_list_id.is_not(None), sa.literal(bool(actor.roles & {Role.CARD_CENTRE, Role.AUDITOR}))
    )
    query = sa.select(doc.name, doc.media_type, doc.content, doc.case_id).where(
        doc.id == document_id,
        sa.or_(doc.case_id.in_(case), doc.letter_id.in_(letters), doc.letter_id.in_(tied), lists),
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("letter.not_found")
    return DocumentFile(row.name, row.media_type, bytes(row.content), row.case_id)
