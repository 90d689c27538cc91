"""What the repository lists: authorities, their lists, documents, and the rules in force (CRL-03)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow import policies
from workflow.days import taipei_day
from workflow.store import schema as t
from workflow.store.roots import IS_ROOT
from workflow.vocabulary import AuthorityState, Ca, PublishedKind

if TYPE_CHECKING:
    from datetime import date, datetime

R, D = t.crl.c, t.published_document.c


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A published document. `ca` is None for one that holds for all CAs; `size` is in bytes."""

    kind: PublishedKind
    ca: Ca | None
    title: str
    version: str
    in_force_from: date
    file_name: str
    media_type: str
    sha256: str
    size: int
    at: datetime
    in_force: bool
    """Whether it is the newest of its kind that is in force."""


@dataclass(frozen=True, slots=True)
class CrlLine:
    """The newest list of one partition (0 is the complete one); `size` is in bytes."""

    authority: str
    partition: int
    number: int
    entries: int
    size: int
    this_update: datetime
    next_update: datetime


@dataclass(frozen=True, slots=True)
class AuthorityLine:
    """An authority with its certificate and its lists."""

    name: str
    ca: Ca | None
    zh: str
    en: str
    state: AuthorityState
    der: bytes
    crls: tuple[CrlLine, ...]

    @property
    def sha256(self) -> str:
        """The fingerprint of its certificate."""
        return hashlib.sha256(self.der).hexdigest()


@dataclass(frozen=True, slots=True)
class RulesLine:
    """The registry's rules of one CA that are in force now (CPS-03)."""

    ca: Ca
    version: str
    in_force_from: date


def authorities(connection: sa.Connection) -> tuple[AuthorityLine, ...]:
    """Return the roots and the CAs, each generation of their keys with its newest lists (CRL-03)."""
    a = t.authority.c
    rows = connection.execute(
        sa.select(a.name, a.ca, a.generation, a.state, a.certificate)
        .where(sa.or_(IS_ROOT, a.ca.is_not(None)))
        .order_by(a.generation, a.id)
    )
    lists, order = crls(connection), [None, *map(str, Ca)]
    found = (_authority(row, tuple(one for one in lists if one.authority == row.name)) for row in rows)
    return tuple(sorted(found, key=lambda one: order.index(str(one.ca) if one.ca else None)))


def _authority(row: Any, lists: tuple[CrlLine, ...]) -> AuthorityLine:
    ca = Ca(row.ca) if row.ca else None
    zh, en = (ca.zh, ca.en) if ca else ("根憑證機構", "Root CA")
    if row.generation > 1:
        zh, en = f"{zh}（第 {row.generation} 代）", f"{en} (generation {row.generation})"
    return AuthorityLine(row.name, ca, zh, en, AuthorityState(row.state), bytes(row.certificate), lists)


def crls(connection: sa.Connection) -> tuple[CrlLine, ...]:
    """Return the newest list of each authority and partition."""
    newest = (
        sa.select(R.authority, R.partition, sa.func.max(R.number).label("number"))
        .group_by(R.authority, R.partition)
        .subquery()
    )
    rows = connection.execute(
        sa.select(
            R.authority,
            R.partition,
            R.number,
            R.entries,
            sa.func.length(R.der),
            R.this_update,
            R.next_update,
        )
        .join(
            newest,
            sa.and_(
                R.authority == newest.c.authority,
                R.partition == newest.c.partition,
                R.number == newest.c.number,
            ),
        )
        .order_by(R.authority, R.partition)
    )
    return tuple(CrlLine(*row) for row in rows)


def documents(connection: sa.Connection, now: datetime) -> tuple[DocumentLine, ...]:
    """Return the published documents by kind, the newest first."""
    query = _documents().order_by(D.in_force_from.desc(), D.id.desc())
    order, today = list(PublishedKind), taipei_day(now)
    seen: set[tuple[str, str]] = set()
    found = []
    for row in connection.execute(query):
        stands = row.in_force_from <= today and (row.kind, row.ca) not in seen
        if stands:
            seen.add((row.kind, row.ca))
        found.append(_document(row, in_force=stands))
    return tuple(sorted(found, key=lambda one: order.index(one.kind)))


def content(connection: sa.Connection, sha256: str) -> tuple[bytes, DocumentLine] | None:
    """Return a published document by its digest, or None."""
    query = _documents().add_columns(D.content).where(D.sha256 == sha256).order_by(D.id).limit(1)
    row = connection.execute(query).first()
    return None if row is None else (bytes(row.content), _document(row, in_force=False))


def _documents() -> sa.Select[Any]:
    return sa.select(
        D.kind, D.ca, D.title, D.version, D.in_force_from, D.file_name, D.media_type, D.sha256, D.size, D.at
    ).where(D.withdrawn_at.is_(None))


def _document(row: Any, *, in_force: bool) -> DocumentLine:
    return DocumentLine(
        kind=PublishedKind(row.kind),
        ca=Ca(row.ca) if row.ca else None,
        title=row.title,
        version=row.version,
        in_force_from=row.in_force_from,
        file_name=row.file_name,
        media_type=row.media_type,
        sha256=row.sha256,
        size=row.size,
        at=row.at,
        in_force=in_force,
    )


def rules_in_force(now: datetime) -> tuple[RulesLine, ...]:
    """Return the version of each CA's rules that is in force now."""
    found = ((ca, policies.in_force(ca, taipei_day(now))) for ca in Ca)
    return tuple(RulesLine(ca, one.version, one.in_force_from) for ca, one in found)
