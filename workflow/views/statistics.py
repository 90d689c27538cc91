"""What was issued and how it stands, per CA, kind of subscriber and month (PUB-01); no name is given out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from workflow.store import schema as t
from workflow.vocabulary import Ca, CertificateStatus, SubscriberKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

C, K = t.certificate.c, t.case.c


@dataclass(frozen=True, slots=True)
class Counts:
    """How many certificates were issued, and how they stand now; the others add up to `issued`."""

    issued: int = 0
    waiting: int = 0
    """Issued on cards that are not activated yet."""
    valid: int = 0
    suspended: int = 0
    revoked: int = 0
    expired: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in COLUMNS))


COLUMNS = ("issued", "waiting", "valid", "suspended", "revoked", "expired")
COLUMN_WORDS: dict[str, tuple[str, str]] = {
    "issued": ("簽發", "Issued"),
    "waiting": ("待開卡", "Not activated yet"),
    "valid": ("有效", "Valid"),
    "suspended": ("停用", "Suspended"),
    "revoked": ("廢止", "Revoked"),
    "expired": ("到期", "Expired"),
}


@dataclass(frozen=True, slots=True)
class StatisticsLine:
    """The counts of one CA, kind of subscriber and month of issue in Taipei (`2026-11`); kind None for servers and the like."""

    ca: Ca
    kind: SubscriberKind | None
    month: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Statistics:
    """All lines, oldest month first, as they were at a moment."""

    at: datetime
    lines: tuple[StatisticsLine, ...] = field(default=())

    def of(self, ca: Ca | None) -> Statistics:
        """Return the lines of one CA; all of them for None."""
        return Statistics(self.at, tuple(line for line in self.lines if ca is None or line.ca is ca))

    @property
    def total(self) -> Counts:
        """All lines together."""
        return _sum(line.counts for line in self.lines)

    def by_ca(self) -> tuple[tuple[Ca, Counts], ...]:
        """Return the counts of each CA that has issued anything."""
        found = ((ca, _sum(line.counts for line in self.lines if line.ca is ca)) for ca in Ca)
        return tuple((ca, counts) for ca, counts in found if counts.issued)

    def issued_by_month(self, months: int) -> tuple[tuple[str, tuple[tuple[Ca, int], ...]], ...]:
        """Return how many each CA issued in each of the newest months, those without any among them."""
        issued: dict[tuple[str, Ca], int] = defaultdict(int)
        for line in self.lines:
            issued[line.month, line.ca] += line.counts.issued
        kept = _months(self.lines[0].month, self.lines[-1].month)[-months:] if self.lines else ()
        cas = [ca for ca, _counts in self.by_ca()]
        return tuple((month, tuple((ca, issued[month, ca]) for ca in cas)) for month in kept)


def _sum(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())


def _months(first: str, last: str) -> tuple[str, ...]:
    """Return all months from the first to the last."""
    year, month = map(int, first.split("-"))
    found = []
    while (now := f"{year:04d}-{month:02d}") <= last:
        found.append(now)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)  # noqa: PLR2004 - months of a year.
    return tuple(found)


class _MonthInTaipei(sa.sql.functions.GenericFunction[str]):
    """The month of a moment in Taipei, as `2026-11`; Taiwan keeps no summer time."""

    inherit_cache = True
    type = sa.Text()
    name = "month_in_taipei"


@compiles(_MonthInTaipei, "sqlite")
def _on_sqlite(element: _MonthInTaipei, compiler: Any, **more: Any) -> str:
    return f"strftime('%Y-%m', {compiler.process(element.clauses, **more)}, '+8 hours')"


@compiles(_MonthInTaipei, "postgresql")
def _on_postgresql(element: _MonthInTaipei, compiler: Any, **more: Any) -> str:
    moment = compiler.process(element.clauses, **more)
    return f"to_char(timezone('Asia/Taipei', {moment}), 'YYYY-MM')"


def statistics(connection: sa.Connection, now: datetime) -> Statistics:
    """Count the subscribers' certificates whose signature was recorded, as they stand now; the house's own are left out."""
    month = _MonthInTaipei(C.created_at).label("month")
    over = (C.not_after <= now).label("over")
    grouped = (C.ca, K.subscriber_kind, month, C.status, over)
    rows = connection.execute(
        sa.select(*grouped, sa.func.count().label("number"))
        .join(t.case, K.id == C.case_id)
        .where(C.der.is_not(None))
        .group_by(*(column.element if isinstance(column, sa.Label) else column for column in grouped))
    )
    found: dict[tuple[str, str, str], Counts] = defaultdict(Counts)
    for row in rows:
        column = _column(row.status, over=row.over)
        key = (row.month, row.ca, row.subscriber_kind or "")
        found[key] += Counts(issued=row.number, **{column: row.number})
    return Statistics(
        now,
        tuple(
            StatisticsLine(Ca(ca), SubscriberKind(kind) if kind else None, month, counts)
            for (month, ca, kind), counts in sorted(found.items())
        ),
    )


def _column(status: str, *, over: bool) -> str:
    if status == CertificateStatus.REVOKED:
        return "revoked"
    if over:
        return "expired"
    return {"suspended": "suspended", "valid": "valid"}.get(status, "waiting")
