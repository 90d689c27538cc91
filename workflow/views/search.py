"""One search box over all numbers and names; what is found is limited to what the actor may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.store import schema as s
from workflow.views.scope import sees_letters
from workflow.views.worklist import Line, lines_where
from workflow.vocabulary import CaseKind, LetterDirection

if TYPE_CHECKING:
    from datetime import date, datetime

    from workflow.facts import Actor

LIMIT = 50
SHORTEST = 2
"""Fewer characters than this would find everything and are not searched for."""


@dataclass(frozen=True, slots=True)
class FoundLetter:
    """A letter that the search found."""

    id: int
    direction: LetterDirection
    our_number: str
    sender_name: str
    number: str
    dated: date
    subject: str


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, at most 50 of each; `more` when there would be more."""

    cases: tuple[Line, ...]
    letters: tuple[FoundLetter, ...]
    more: bool

    @property
    def empty(self) -> bool:
        """Whether nothing was found."""
        return not self.cases and not self.letters


def search(connection: sa.Connection, actor: Actor, text: str, now: datetime) -> Found:
    """Find cases by number, name, card number, OID, 統一編號 or mail number, and letters by number or subject."""
    sought = text.strip()
    if len(sought) < SHORTEST:
        return Found((), (), more=False)
    cases = lines_where(connection, actor, now, _matches(sought), limit=LIMIT + 1)
    letters = _letters(connection, actor, sought)
    more = len(cases) > LIMIT or len(letters) > LIMIT
    return Found(cases[:LIMIT], letters[:LIMIT], more=more)


def exact(connection: sa.Connection, actor: Actor, number: str, now: datetime) -> Line | None:
    """Return the one visible case that a scanned case, card or mail number names; None when it names none or several."""
    case, sought = s.case.c, number.strip()
    of_mail = sa.select(s.mail_item.c.case_id).where(s.mail_item.c.mail_number == sought)
    of_card = sa.and_(
        case.kind == CaseKind.CARD_APPLICATION, sa.func.upper(case.card_number) == sought.upper()
    )
    found = lines_where(
        connection, actor, now, sa.or_(case.number == sought, of_card, case.id.in_(of_mail)), limit=2
    )
    return found[0] if len(found) == 1 else None


def _matches(sought: str) -> sa.ColumnElement[bool]:
    case, organisation = s.case.c, s.organisation.c
    of_organisation = sa.select(organisation.id).where(
        sa.or_(organisation.oid == sought, organisation.ubn == sought)
    )
    of_mail = sa.select(s.mail_item.c.case_id).where(s.mail_item.c.mail_number == sought)
    of_letter = (
        sa.select(s.letter_case.c.case_id)
        .join(s.letter, s.letter.c.id == s.letter_case.c.letter_id)
        .where(sa.or_(s.letter.c.number == sought, s.letter.c.our_number == sought))
    )
    return sa.or_(
        case.number == sought,
        case.number.startswith(sought, autoescape=True) if sought.isdigit() else sa.false(),
        sa.func.upper(case.card_number) == sought.upper(),
        case.subject_name.contains(sought, autoescape=True),
        case.organisation_id.in_(of_organisation),
        case.id.in_(of_mail),
        case.id.in_(of_letter),
    )


def _letters(connection: sa.Connection, actor: Actor, sought: str) -> tuple[FoundLetter, ...]:
    letter = s.letter.c
    query = (
        sa.select(
            letter.id,
            letter.direction,
            letter.our_number,
            letter.sender_name,
            letter.number,
            letter.dated,
            letter.subject,
        )
        .where(
            sees_letters(actor),
            sa.or_(
                letter.number.contains(sought, autoescape=True),
                letter.our_number == sought,
                letter.subject.contains(sought, autoescape=True),
                letter.sender_name.contains(sought, autoescape=True),
            ),
        )
        .order_by(letter.id.desc())
        .limit(LIMIT + 1)
    )
    return tuple(FoundLetter(row[0], LetterDirection(row[1]), *row[2:]) for row in connection.execute(query))
