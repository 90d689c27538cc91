"""The audit log for the auditor: entries, whether each is sealed, and the latest checkpoint (AUD-01, AUD-04)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.store import schema as s

if TYPE_CHECKING:
    from datetime import datetime

PAGE = 100


@dataclass(frozen=True, slots=True)
class AuditWanted:
    """What part of the log is wanted; empty fields do not filter. `before` is the last id of the page before.

    `actor` is part of a login or of the name of the person behind it.
    """

    kind: str = ""
    actor: str = ""
    case_number: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry of the log; `sealed` when a signed checkpoint covers it."""

    id: int
    at: datetime
    kind: str
    actor: str
    case_id: int | None
    case_number: str
    case_version: int | None
    body: str
    leaf_index: int | None
    sealed: bool


@dataclass(frozen=True, slots=True)
class Sealing:
    """How the sealing stands: the latest checkpoint, and what it does not cover yet."""

    size: int
    root: str
    at: datetime | None
    unsealed: int
    oldest_unsealed_at: datetime | None


def sealing(connection: sa.Connection) -> Sealing:
    """Return the latest checkpoint and how many entries wait to be sealed."""
    point = s.audit_checkpoint.c
    newest = connection.execute(
        sa.select(point.size, point.root, point.at).order_by(point.size.desc()).limit(1)
    ).one_or_none()
    entry, leaf = s.audit_entry.c, s.audit_leaf.c
    size = newest.size if newest else 0
    covered = (
        sa.select(leaf.entry_id)
        .where(leaf.entry_id == entry.id, leaf.leaf_index < size)
        .correlate(s.audit_entry)
    )
    waiting = connection.execute(
        sa.select(sa.func.count(), sa.func.min(entry.at, type_=entry.at.type)).where(~covered.exists())
    ).one()
    if newest is None:
        return Sealing(0, "", None, *waiting)
    return Sealing(newest.size, bytes(newest.root).hex(), newest.at, *waiting)


def kinds(connection: sa.Connection) -> tuple[str, ...]:
    """Return the kinds of entries there are, for the filter."""
    query = sa.select(s.audit_entry.c.kind).distinct().order_by(s.audit_entry.c.kind)
    return tuple(connection.execute(query).scalars())


def entries(connection: sa.Connection, wanted: AuditWanted) -> tuple[tuple[AuditLine, ...], int | None]:
    """Return entries, newest first, and the id before which the next page begins."""
    entry, leaf = s.audit_entry.c, s.audit_leaf.c
    size = sa.select(sa.func.coalesce(sa.func.max(s.audit_checkpoint.c.size), 0)).scalar_subquery()
    query = (
        sa.select(
            s.audit_entry, s.case.c.number, leaf.leaf_index,
            sa.case((leaf.leaf_index < size, 1), else_=0).label("sealed"),
        )
        .select_from(
            s.audit_entry.outerjoin(s.audit_leaf, leaf.entry_id == entry.id).outerjoin(
                s.case, s.case.c.id == entry.case_id
            )
        )
        .where(*_conditions(wanted))
        .order_by(entry.id.desc())
        .limit(PAGE + 1)
    )  # fmt: skip
    lines = [_line(row) for row in connection.execute(query)]
    return tuple(lines[:PAGE]), lines[PAGE - 1].id if len(lines) > PAGE else None


def _conditions(wanted: AuditWanted) -> list[sa.ColumnElement[bool]]:
    entry = s.audit_entry.c
    found: list[sa.ColumnElement[bool]] = []
    if wanted.kind:
        found.append(entry.kind == wanted.kind)
    if wanted.actor:
        account, person = s.account.c, s.person.c
        named = sa.select(account.login).join(s.person, person.id == account.person_id)
        found.append(
            entry.actor.contains(wanted.actor, autoescape=True)
            | entry.actor.in_(named.where(person.name.contains(wanted.actor, autoescape=True)))
        )
    if wanted.case_number:
        found.append(entry.case_id.in_(sa.select(s.case.c.id).where(s.case.c.number == wanted.case_number)))
    if wanted.since:
        found.append(entry.at >= wanted.since)
    if wanted.until:
        found.append(entry.at < wanted.until)
    if wanted.before is not None:
        found.append(entry.id < wanted.before)
    return found


def _line(row: sa.Row[Any]) -> AuditLine:
    return AuditLine(
        id=row.id,
        at=row.at,
        kind=row.kind,
        actor=row.actor,
        case_id=row.case_id,
        case_number=row.number or "",
        case_version=row.case_version,
        body=row.body,
        leaf_index=row.leaf_index,
        sealed=bool(row.sealed),
    )
