"""Official letters: the tray of those that match nothing yet, one letter with its cases, and letters that are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.errors import NotFound
from workflow.machine import TABLES
from workflow.store import schema as s
from workflow.views.case_page import documents_where
from workflow.views.scope import sees_letters
from workflow.views.worklist import Line, lines_where
from workflow.vocabulary import CaseKind, LetterDirection, Rank

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from workflow.facts import Actor
    from workflow.views.case_parts import DocumentLine

PAGE = 50


@dataclass(frozen=True, slots=True)
class LetterLine:
    """One letter in a list; `cases` counts those it is tied to."""

    id: int
    direction: LetterDirection
    our_number: str
    sender_name: str
    number: str
    dated: date
    subject: str
    at: datetime
    cases: int
    proposed: int


@dataclass(frozen=True, slots=True)
class LetterView:
    """A letter with all that belongs to it."""

    id: int
    direction: LetterDirection
    our_number: str
    sender_name: str
    sender_code: str
    number: str
    dated: date
    subject: str
    explanation: str
    said_primary: int | None
    said_secondary: int | None
    difference_reason: str
    proposed: tuple[str, ...]
    logged_by: str
    at: datetime
    tied_at: datetime | None
    cases: tuple[Line, ...]
    documents: tuple[DocumentLine, ...]


@dataclass(frozen=True, slots=True)
class MissingLetter:
    """A case whose letter has not come, and how often it was chased."""

    case: Line
    opened_at: datetime
    contact_name: str
    chased: int
    last_chased_at: datetime | None


@dataclass(frozen=True, slots=True)
class RankCounts:
    """How many cases are for primary and for secondary cards (APP-03, APP-04)."""

    primary: int
    secondary: int

    def differ(self, said_primary: int | None, said_secondary: int | None) -> bool:
        """Tell whether the letter says other counts than these; what it does not say cannot differ."""
        return (said_primary is not None and said_primary != self.primary) or (
            said_secondary is not None and said_secondary != self.secondary
        )


def tray(connection: sa.Connection, actor: Actor) -> tuple[LetterLine, ...]:
    """Return the incoming letters that are tied to no case yet, oldest first."""
    letter = s.letter.c
    query = (
        _lines(actor)
        .where(letter.direction == LetterDirection.INCOMING, letter.tied_at.is_(None))
        .order_by(letter.at, letter.id)
        .limit(4 * PAGE)
    )
    return tuple(_line(row) for row in connection.execute(query))


def recent(
    connection: sa.Connection, actor: Actor, before: int | None = None
) -> tuple[tuple[LetterLine, ...], int | None]:
    """Return the newest letters before the letter `before`, and the id from which the next page goes on."""
    query = _lines(actor).order_by(s.letter.c.id.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(s.letter.c.id < before)
    lines = [_line(row) for row in connection.execute(query)]
    return tuple(lines[:PAGE]), lines[PAGE - 1].id if len(lines) > PAGE else None


def letter(connection: sa.Connection, actor: Actor, letter_id: int, now: datetime) -> LetterView:
    """Return a letter with its cases and documents; NotFound when the actor may not see it."""
    query = (
        sa.select(s.letter, s.person.c.name.label("logged_by_name"))
        .select_from(s.letter.outerjoin(s.person, s.person.c.id == s.letter.c.logged_by))
        .where(s.letter.c.id == letter_id, sees_letters(actor))
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("letter.not_found")
    tied = sa.select(s.letter_case.c.case_id).where(s.letter_case.c.letter_id == letter_id)
    return LetterView(
        id=row.id,
        direction=LetterDirection(row.direction),
        our_number=row.our_number,
        sender_name=row.sender_name,
        sender_code=row.sender_code,
        number=row.number,
        dated=row.dated,
        subject=row.subject,
        explanation=row.explanation,
        said_primary=row.said_primary,
        said_secondary=row.said_secondary,
        difference_reason=row.difference_reason,
        proposed=tuple(row.proposed),
        logged_by=row.logged_by_name or "",
        at=row.at,
        tied_at=row.tied_at,
        cases=lines_where(connection, actor, now, s.case.c.id.in_(tied)),
        documents=documents_where(connection, s.document.c.letter_id == letter_id),
    )


def cases_by_number(
    connection: sa.Connection, actor: Actor, numbers: Sequence[str], now: datetime
) -> tuple[Line, ...]:
    """Return the visible cases with these numbers; a number that is nobody's is simply not among them."""
    return lines_where(connection, actor, now, s.case.c.number.in_(list(numbers))) if numbers else ()


def cases_by_id(
    connection: sa.Connection, actor: Actor, ids: Sequence[int], now: datetime
) -> tuple[Line, ...]:
    """Return the visible cases with these ids."""
    return lines_where(connection, actor, now, s.case.c.id.in_(list(ids))) if ids else ()


def rank_counts(cases: Sequence[Line]) -> RankCounts:
    """Count the cards that the cases ask for, by rank."""
    ranks = [case.rank for case in cases]
    return RankCounts(ranks.count(Rank.PRIMARY), ranks.count(Rank.SECONDARY))


def awaiting(connection: sa.Connection, actor: Actor, now: datetime) -> tuple[MissingLetter, ...]:
    """Return the cases that still wait for their letter, oldest first, with how often they were chased (LTR-01)."""
    lines = lines_where(connection, actor, now, _awaits_letter())
    ids = [line.case_id for line in lines]
    step = s.history.c
    chases = sa.select(step.case_id, sa.func.count(), sa.func.max(step.at, type_=step.at.type))
    chases = chases.where(step.case_id.in_(ids), step.trigger == "chase_letter").group_by(step.case_id)
    chased = {row[0]: (row[1], row[2]) for row in connection.execute(chases)} if ids else {}
    case = s.case.c
    heads = sa.select(case.id, case.opened_at, case.contact_name).where(case.id.in_(ids))
    opened = {row.id: (row.opened_at, row.contact_name) for row in connection.execute(heads)} if ids else {}
    return tuple(
        MissingLetter(line, *opened[line.case_id], *chased.get(line.case_id, (0, None))) for line in lines
    )


def _awaits_letter() -> sa.ColumnElement[bool]:
    parts = [
        sa.and_(
            s.case.c.kind == kind,
            s.case.c.state.in_(
                sorted({str(row.source) for row in table.rows if row.trigger == "receive_letter"})
            ),
        )
        for kind, table in TABLES.items()
        if "receive_letter" in table.commands
    ]
    return sa.or_(*parts)


def awaits_letter(line: Line) -> bool:
    """Tell whether a case still waits for its letter, so that a letter can be tied to it."""
    rows = TABLES[CaseKind(line.kind)].rows
    return any(row.trigger == "receive_letter" and row.source == line.state for row in rows)


def _lines(actor: Actor) -> sa.Select[Any]:
    letter = s.letter.c
    tied = (
        sa.select(sa.func.count())
        .select_from(s.letter_case)
        .where(s.letter_case.c.letter_id == letter.id)
        .correlate(s.letter)
        .scalar_subquery()
    )
    return sa.select(
        letter.id, letter.direction, letter.our_number, letter.sender_name, letter.number, letter.dated,
        letter.subject, letter.at, tied.label("cases"), letter.proposed,
    ).where(sees_letters(actor))  # fmt: skip


def _line(row: sa.Row[Any]) -> LetterLine:
    return LetterLine(
        id=row.id,
        direction=LetterDirection(row.direction),
        our_number=row.our_number,
        sender_name=row.sender_name,
        number=row.number,
        dated=row.dated,
        subject=row.subject,
        at=row.at,
        cases=row.cases,
        proposed=len(row.proposed),
    )
