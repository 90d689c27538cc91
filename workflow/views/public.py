"""A case as its applicant may see it, and whether an application would be taken at all.

The caller has proven the user code, or has just opened the case; no name of a member of the staff is given out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow import policies
from workflow.cases.table import NEW
from workflow.commands import SubmitApplication
from workflow.deadlines import FINAL, taipei_day
from workflow.errors import NotFound
from workflow.facts import PUBLIC, CaseFacts, Facts
from workflow.guards import has_a_window
from workflow.machine import TABLES, offers, row_for, why_not
from workflow.store import schema
from workflow.store.loading import surroundings
from workflow.vocabulary import Ca, CaseKind, DeadlineState, MailState, Rank, Stage, SubscriberKind, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.errors import RegistryError
    from workflow.policy import Policy
    from workflow.vocabulary import Word


@dataclass(frozen=True, slots=True)
class StepSeen:
    """One step that the case took, with the state it led to."""

    at: datetime
    state: Word


@dataclass(frozen=True, slots=True)
class DueSeen:
    """A deadline that runs: what for, when it ends (UTC), and whether it is paused."""

    zh: str
    en: str
    due_at: datetime
    paused: bool


@dataclass(frozen=True, slots=True)
class AnswerSeen:
    """The newest return or refusal with its reason."""

    stage: Stage
    verdict: Verdict
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseSeen:
    """A case as its applicant sees it; `open_to` lists the triggers that the applicant may try now."""

    case_id: int
    number: str
    ca: Ca
    kind: CaseKind
    state: Word
    plain: tuple[str, str]
    version: int
    subject_name: str
    subscriber_kind: SubscriberKind | None
    rank: Rank | None
    window_id: int | None
    card_number: str | None
    opened_at: datetime
    policy: Policy
    open_to: frozenset[str]
    steps: tuple[StepSeen, ...]
    due: tuple[DueSeen, ...]
    answer: AnswerSeen | None
    mail_number: str | None
    values: dict[str, Any] = field(repr=False)
    """The form's newest values."""


def case(connection: sa.Connection, case_id: int) -> CaseSeen:
    """Return a case for its applicant; NotFound if there is none."""
    table = schema.case
    row = connection.execute(sa.select(table).where(table.c.id == case_id)).one_or_none()
    if row is None:
        raise NotFound("case.not_found")
    kind, policy = CaseKind(row.kind), policies.by_version(row.policy_version)
    machine = TABLES[kind]
    return CaseSeen(
        case_id=case_id,
        number=row.number,
        ca=Ca(row.ca),
        kind=kind,
        state=machine.states(row.state),
        plain=machine.plain[row.state],
        version=row.version,
        subject_name=row.subject_name,
        subscriber_kind=SubscriberKind(row.subscriber_kind) if row.subscriber_kind else None,
        rank=Rank(row.rank) if row.rank else None,
        window_id=row.window_id,
        card_number=row.card_number,
        opened_at=row.opened_at,
        policy=policy,
        open_to=frozenset(way.trigger for way in offers(kind, row.state, policy, PUBLIC.roles)),
        steps=_steps(connection, case_id, kind),
        due=_due(connection, case_id, kind),
        answer=_answer(connection, case_id),
        mail_number=_mail_number(connection, case_id),
        values=_values(connection, case_id, row.revision),
    )


def _steps(connection: sa.Connection, case_id: int, kind: CaseKind) -> tuple[StepSeen, ...]:
    """Return the changes of state; what left the case where it was, such as a reminder, is no step."""
    table, states = schema.history, TABLES[kind].states
    rows = connection.execute(
        sa.select(table.c.at, table.c.dest)
        .where(table.c.case_id == case_id, table.c.source != table.c.dest)
        .order_by(table.c.version)
    )
    return tuple(StepSeen(row.at, states(row.dest)) for row in rows)


def _due(connection: sa.Connection, case_id: int, kind: CaseKind) -> tuple[DueSeen, ...]:
    table, kinds = schema.deadline, TABLES[kind].deadlines
    running = (DeadlineState.WAITING, DeadlineState.PAUSED)
    rows = connection.execute(
        sa.select(table.c.kind, table.c.due_at, table.c.state)
        .where(table.c.case_id == case_id, table.c.rung == FINAL, table.c.state.in_(running))
        .order_by(table.c.due_at)
    )
    return tuple(
        DueSeen(
            kinds[row.kind].zh,
            kinds[row.kind].en,
            row.due_at,
            DeadlineState(row.state) is DeadlineState.PAUSED,
        )
        for row in rows
    )


def _answer(connection: sa.Connection, case_id: int) -> AnswerSeen | None:
    """Return the newest decision's reason when it was against the application."""
    table = schema.review_decision
    row = connection.execute(
        sa.select(table.c.stage, table.c.verdict, table.c.reason, table.c.at)
        .where(table.c.case_id == case_id)
        .order_by(table.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None or Verdict(row.verdict) is Verdict.APPROVE:
        return None
    return AnswerSeen(Stage(row.stage), Verdict(row.verdict), row.reason, row.at)


def _mail_number(connection: sa.Connection, case_id: int) -> str | None:
    table = schema.mail_item
    found: str | None = connection.execute(
        sa.select(table.c.mail_number)
        .where(table.c.case_id == case_id, table.c.state == MailState.POSTED)
        .order_by(table.c.attempt.desc())
        .limit(1)
    ).scalar()
    return found


def _values(connection: sa.Connection, case_id: int, revision: int) -> dict[str, Any]:
    table = schema.form_revision
    found = connection.execute(
        sa.select(table.c["values"]).where(table.c.case_id == case_id, table.c.revision == revision)
    ).scalar()
    return dict(found or {})


def would_be_refused(
    connection: sa.Connection,
    ca: Ca,
    wanted: tuple[SubscriberKind, Rank],
    organisation_id: int | None,
    now: datetime,
) -> tuple[RegistryError, ...]:
    """Return why an application would be refused if it were sent now, so that nobody fills a form in vain (APP-05)."""
    kind, rank = wanted
    policy = policies.in_force(ca, taipei_day(now))
    row = row_for(CaseKind.CARD_APPLICATION, NEW, "submit", policy)
    if row is None:
        return ()
    facts = CaseFacts(
        id=0,
        number="",
        ca=ca,
        kind=CaseKind.CARD_APPLICATION,
        state=NEW,
        version=0,
        policy_version=policy.version,
        organisation_id=organisation_id,
        window_id=_window_of(connection, organisation_id),
        subscriber_kind=kind,
        rank=rank,
    )
    reads = row.reads if organisation_id is not None else frozenset()
    around = surroundings(connection, facts, reads)
    command = SubmitApplication(
        ca=ca,
        subscriber_kind=kind,
        rank=rank,
        organisation_id=organisation_id,
        window_id=None,
        form={},
        agreement_accepted=True,
        user_code="",
    )
    refusals = why_not(Facts(case=facts, actor=PUBLIC, now=now, around=around), policy, command, row)
    # Who reviews an organisation that is not in the register yet follows from the county on the form.
    unknown = {has_a_window.name} if organisation_id is None else set()
    return tuple(refusal for guard, refusal in refusals if guard not in unknown)


def _window_of(connection: sa.Connection, organisation_id: int | None) -> int | None:
    """Return the competent authority's window that the register names for an organisation."""
    o = schema.organisation.c
    found: int | None = connection.execute(sa.select(o.window_id).where(o.id == organisation_id)).scalar()
    return found
