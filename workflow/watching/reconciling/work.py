"""Cases against the work that is done for them: what waits has work under way, and no work waits for what is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.cases import card_application, certificate_request
from workflow.commands_of_watches import Found
from workflow.effects import Effect
from workflow.machine import TABLES
from workflow.store import schema as t
from workflow.vocabulary import OPEN_JOBS, CardState, CaseKind, OutboxState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.cases.table import CaseTable
    from workflow.vocabulary import Word

K, W, J, B = t.case.c, t.outbox.c, t.line_job.c, t.card.c
UNDER_WAY = tuple(map(str, (OutboxState.WAITING, OutboxState.CLAIMED, OutboxState.DEAD)))
"""States of work that was not done; a dead letter stands on the operator's page until somebody requeues it."""
WORK = (Effect.MANUFACTURE, Effect.EXAMINE_REQUEST, Effect.ISSUE_ITEMS, Effect.SEND_NEW_CODE)
"""Effects that carry a case on; the others only tell somebody of what happened."""


WAITS = (
    (CaseKind.CARD_APPLICATION, card_application.States.MANUFACTURING, Effect.MANUFACTURE),
    (CaseKind.CERTIFICATE_REQUEST, certificate_request.States.SUBMITTED, Effect.EXAMINE_REQUEST),
    (CaseKind.CERTIFICATE_REQUEST, certificate_request.States.ISSUING, Effect.ISSUE_ITEMS),
)
"""States that a performer's report ends, and the work that leads to it. A card may be made by a job of the line as well."""


def work_faults(connection: sa.Connection) -> Iterator[Found]:
    """Give cases that wait for nothing, and work that waits for cases that are over."""
    for kind, state, effect in WAITS:
        yield from _idle(connection, kind, state, effect)
    for kind, table in TABLES.items():
        yield from _needless(connection, kind, table)
    yield from _jobs(connection)


def _idle(connection: sa.Connection, kind: CaseKind, state: Word, effect: Effect) -> Iterator[Found]:
    asked = sa.exists().where(W.case_id == K.id, W.effect == str(effect), W.state.in_(UNDER_WAY))
    on_line = sa.exists().where(J.case_id == K.id, J.state.in_([str(one) for one in OPEN_JOBS]))
    # A card that went wrong in the middle waits for a person to look at it.
    set_aside = sa.exists().where(B.case_id == K.id, B.state == str(CardState.QUARANTINED))
    query = sa.select(K.id, K.number).where(
        K.kind == str(kind), K.state == str(state), ~asked, ~on_line, ~set_aside
    )
    for row in connection.execute(query.order_by(K.id)):
        yield Found(
            code="case.waits_for_nothing",
            subject=row.number,
            zh=f"案件 {row.number} 停在「{state.zh}」，卻沒有待辦工作。",
            en=f"Case {row.number} waits in '{state.en}', and no work for it is under way.",
            rows=(f"registry_case:{row.id}",),
        )


def _needless(connection: sa.Connection, kind: CaseKind, table: CaseTable) -> Iterator[Found]:
    query = (
        sa.select(W.id, W.effect, K.number)
        .join(t.case, K.id == W.case_id)
        .where(
            K.kind == str(kind),
            K.state.in_([str(state) for state in table.finals]),
            W.effect.in_([str(one) for one in WORK]),
            W.state.in_(UNDER_WAY),
        )
    )
    for row in connection.execute(query.order_by(W.id)):
        yield Found(
            code="work.on_closed_case",
            subject=f"{row.number} {row.effect}",
            zh=f"案件 {row.number} 已結案，工作「{Effect(row.effect).zh}」卻仍未了結。",
            en=f"Case {row.number} is closed, and its work '{Effect(row.effect).en}' is still open.",
            rows=(f"outbox:{row.id}",),
        )


def _jobs(connection: sa.Connection) -> Iterator[Found]:
    """Give jobs of the line whose case has no card to be made."""
    states = card_application.States
    makes = (str(states.APPROVED), str(states.MANUFACTURING))
    query = (
        sa.select(J.id, K.number, K.state)
        .join(t.case, K.id == J.case_id)
        .where(J.state.in_([str(one) for one in OPEN_JOBS]), K.state.not_in(makes))
    )
    for row in connection.execute(query.order_by(J.id)):
        state = states(row.state)
        yield Found(
            code="line.job_without_case",
            subject=row.number,
            zh=f"製卡線仍有案件 {row.number} 的工作，但該案為「{state.zh}」。",
            en=f"The line still has a job for case {row.number}, which is '{state.en}'.",
            rows=(f"line_job:{row.id}",),
        )
