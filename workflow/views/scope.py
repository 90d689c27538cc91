"""Which cases a member of the staff may see at all; deny by default (RV1-05).

A window sees its own organisations and no other. The card centre sees what it makes and posts, not what is under
review. Administrators and operators run the house and see no case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.cases.card_application import States
from workflow.store import schema as s
from workflow.vocabulary import CaseKind, Role

if TYPE_CHECKING:
    from workflow.facts import Actor

ALL_CASES = frozenset({Role.SECOND_REVIEWER, Role.HELP_DESK, Role.AUDITOR})
UNDER_REVIEW = frozenset(
    {
        States.UPLOADED,
        States.FIRST_REVIEW,
        States.RETURNED_FIRST,
        States.FIRST_PASSED,
        States.SECOND_REVIEW,
        States.RETURNED_SECOND,
        States.REFUSED,
        States.WITHDRAWN,
    }
)
"""States of an application that has no card yet, which are none of the card centre's business."""


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition on `registry_case` that keeps what the actor may see; nothing for an unknown role."""
    if actor.roles & ALL_CASES:
        return sa.true()
    parts: list[sa.ColumnElement[bool]] = []
    if actor.has(Role.LETTER_CLERK) and actor.window_id is None:
        return sa.true()
    if actor.roles & {Role.FIRST_REVIEWER, Role.LETTER_CLERK} and actor.window_id is not None:
        parts.append(s.case.c.window_id == actor.window_id)
    if actor.has(Role.CARD_CENTRE):
        parts.append(
            sa.and_(
                s.case.c.kind == CaseKind.CARD_APPLICATION,
                s.case.c.state.not_in([str(state) for state in sorted(UNDER_REVIEW)]),
            )
        )
    return sa.or_(*parts) if parts else sa.false()


def sees_letters(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition on `letter`: a window sees its own, and what is tied to its cases."""
    if actor.roles & ALL_CASES or (actor.has(Role.LETTER_CLERK) and actor.window_id is None):
        return sa.true()
    if not actor.roles & {Role.FIRST_REVIEWER, Role.LETTER_CLERK} or actor.window_id is None:
        return sa.false()
    tied = sa.exists().where(
        s.letter_case.c.letter_id == s.letter.c.id,
        s.letter_case.c.case_id == s.case.c.id,
        s.case.c.window_id == actor.window_id,
    )
    return sa.or_(s.letter.c.window_id == actor.window_id, tied)


def latest_by(person_id: int | None) -> sa.ColumnElement[bool]:
    """Return the condition that this person was the last member of the staff to act on the case."""
    last = (
        sa.select(s.history.c.person_id)
        .where(s.history.c.case_id == s.case.c.id, s.history.c.person_id.is_not(None))
        .order_by(s.history.c.version.desc())
        .limit(1)
        .correlate(s.case)
        .scalar_subquery()
    )
    return sa.false() if person_id is None else last == person_id
