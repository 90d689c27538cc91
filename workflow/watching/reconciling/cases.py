"""Cases against their history, their deadlines and each other."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.commands_of_watches import Found
from workflow.machine import TABLES
from workflow.store import schema as t
from workflow.vocabulary import CardState, CaseKind, CertificateStatus, DeadlineState, Rank

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

K, H, D, C = t.case.c, t.history.c, t.deadline.c, t.certificate.c
LATE = timedelta(days=1)


def case_faults(connection: sa.Connection, now: datetime) -> Iterator[Found]:
    """Give every case that does not agree with its rows."""
    yield from _history(connection)
    yield from _deadlines(connection, now)
    yield from _primaries(connection, now)


def _history(connection: sa.Connection) -> Iterator[Found]:
    """Give cases of which the newest row of their history says something else."""
    newest = sa.select(H.case_id, sa.func.max(H.version).label("version")).group_by(H.case_id).subquery()
    query = (
        sa.select(K.id, K.number, K.state, K.version, H.dest, newest.c.version)
        .join(newest, newest.c.case_id == K.id)
        .join(t.history, (H.case_id == K.id) & (H.version == newest.c.version))
        .where((H.dest != K.state) | (newest.c.version != K.version))
    )
    for case_id, number, state, version, dest, last in connection.execute(query.order_by(K.id)):
        yield Found(
            code="case.history",
            subject=number,
            zh=f"案件 {number} 狀態為 {state}（第 {version} 版），歷程最後卻是 {dest}（第 {last} 版）。",
            en=f"Case {number} is {state}, version {version}; its history ends at {dest}, version {last}.",
            rows=(f"registry_case:{case_id}",),
        )


def _deadlines(connection: sa.Connection, now: datetime) -> Iterator[Found]:
    """Give deadlines that run on a closed case or are a day late."""
    waiting = D.state == str(DeadlineState.WAITING)
    closed = [
        (K.kind == str(kind)) & K.state.in_([str(state) for state in table.finals])
        for kind, table in TABLES.items()
    ]
    query = sa.select(D.id, D.kind, D.due_at, K.number).join(t.case, K.id == D.case_id).where(waiting)
    for row in connection.execute(query.where(sa.or_(*closed)).order_by(D.id)):
        yield Found(
            code="deadline.on_closed_case",
            subject=f"{row.number} {row.kind}",
            zh=f"案件 {row.number} 已結案，期限 {row.kind} 卻仍在計時。",
            en=f"Case {row.number} is closed, and its deadline {row.kind} still runs.",
            rows=(f"deadline:{row.id}",),
        )
    late = query.where(D.due_at < sa.literal(now - LATE, D.due_at.type), ~sa.or_(*closed))
    for row in connection.execute(late.order_by(D.id)):
        yield Found(
            code="deadline.overdue",
            subject=f"{row.number} {row.kind}",
            zh=f"案件 {row.number} 的期限 {row.kind} 逾期一日以上未處理。",
            en=f"The deadline {row.kind} of case {row.number} is more than a day late.",
            rows=(f"deadline:{row.id}",),
        )


def _primaries(connection: sa.Connection, now: datetime) -> Iterator[Found]:
    """Give organisations with two activated primary cards of a CA, but for the renewal window (APP-05)."""
    from workflow import policies

    live = sa.select(C.case_id, sa.func.min(C.not_after).label("ends")).where(
        C.status == str(CertificateStatus.VALID), C.not_after > sa.literal(now, C.not_after.type)
    )
    held = live.group_by(C.case_id).subquery()
    query = (
        sa.select(K.id, K.number, K.ca, K.organisation_id, K.policy_version, held.c.ends)
        .join(held, held.c.case_id == K.id)
        .join(t.card, (t.card.c.case_id == K.id) & (t.card.c.state == str(CardState.ACTIVE)))
        .where(
            K.kind == str(CaseKind.CARD_APPLICATION),
            K.rank == str(Rank.PRIMARY),
            K.organisation_id.is_not(None),
        )
    )
    groups: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for row in connection.execute(query.distinct().order_by(K.id)):
        days = policies.by_version(row.policy_version).primary_renewal_days.value
        if row.ends > now + timedelta(days=days):
            groups.setdefault((row.ca, row.organisation_id), []).append((row.number, row.id))
    for (ca, organisation), cases in groups.items():
        if len(cases) > 1:
            numbers = "、".join(number for number, _ in cases)
            yield Found(
                code="card.two_primaries",
                subject=f"{ca} organisation {organisation}",
                zh=f"同一單位在 {ca} 有 {len(cases)} 張有效正卡：{numbers}。",
                en=f"Organisation {organisation} has {len(cases)} live primary cards of {ca}: {numbers}.",
                rows=tuple(f"registry_case:{case_id}" for _, case_id in cases),
            )
