"""Lint a sample of issued certificates again: at least 3 % of each quarter's, and at least one (AUD-07).

The lints are those of today over the profiles of today, so a sample also finds what issuing did not know yet. The
sample is drawn with the system's randomness and grows through the quarter; the quarter before is made up to its
measure first, so that the last days' certificates have their chance.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.errors import PkiError
from pki.lint.run import run_lints
from workflow.certificate_profiles import office_profiles
from workflow.commands_of_watches import Found, Sampled
from workflow.days import TAIPEI, taipei_day
from workflow.store import schema as t
from workflow.vocabulary import CertificateStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from pki.profiles import Profile
    from workflow.office import Office

C, S = t.certificate.c, t.certificate_sample.c
ONE_IN = 100
OUT_OF = 3
"""Three of a hundred."""
_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of a year in Taipei, such as 2026Q4."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Quarter:
        """Return the quarter of a day."""
        return cls(day.year, (day.month - 1) // _MONTHS + 1)

    @property
    def name(self) -> str:
        """How the sample is filed."""
        return f"{self.year}Q{self.number}"

    @property
    def before(self) -> Quarter:
        """The quarter before."""
        return Quarter(self.year, self.number - 1) if self.number > 1 else Quarter(self.year - 1, 4)

    @property
    def after(self) -> Quarter:
        """The quarter after."""
        return Quarter(self.year, self.number + 1) if self.number < len("1234") else Quarter(self.year + 1, 1)

    @property
    def begins(self) -> datetime:
        """Its first moment."""
        return datetime(self.year, (self.number - 1) * _MONTHS + 1, 1, tzinfo=TAIPEI).astimezone(UTC)


def wanted(issued: int) -> int:
    """Return how many of a quarter's certificates the sample has at least."""
    return max(1, -(-issued * OUT_OF // ONE_IN)) if issued else 0


def relint(
    office: Office, connection: sa.Connection, now: datetime
) -> tuple[tuple[Sampled, ...], tuple[Found, ...]]:
    """Return what was sampled and linted now, and a finding for each certificate that a lint objects to."""
    profiles = office_profiles(office.settings)
    quarter = Quarter.of(taipei_day(now))
    found = [*_known(connection)]
    drawn = [(one, row) for one in (quarter.before, quarter) for row in _drawn(connection, one)]
    samples = []
    for one, row in drawn:
        said = _lint(bytes(row.der), row.profile, profiles)
        samples.append(Sampled(certificate_id=row.id, quarter=one.name, findings=said))
        if said:
            found.append(_finding(row, said))
    return tuple(samples), tuple(found)


def _known(connection: sa.Connection) -> Iterator[Found]:
    """Give what earlier samples found in certificates that still stand."""
    query = (
        sa.select(C.id, C.authority, C.serial, S.findings)
        .join_from(t.certificate_sample, t.certificate, S.certificate_id == C.id)
        .where(C.status != str(CertificateStatus.REVOKED))
        .order_by(C.id)
    )
    for row in connection.execute(query):
        if row.findings:
            yield _finding(row, tuple(row.findings))


def _drawn(
    connection: sa.Connection, quarter: Quarter
) -> list[sa.Row[tuple[int, str, str, bytes, str | None]]]:
    """Draw as many as the quarter's sample still lacks."""
    issued = sa.select(C.id).where(
        C.der.is_not(None), C.created_at >= quarter.begins, C.created_at < quarter.after.begins
    )
    ids = set(connection.execute(issued).scalars())
    done = set(connection.execute(sa.select(S.certificate_id).where(S.quarter == quarter.name)).scalars())
    lacking = wanted(len(ids)) - len(done)
    if lacking <= 0:
        return []
    chosen = secrets.SystemRandom().sample(sorted(ids - done), lacking)
    query = sa.select(C.id, C.authority, C.serial, C.der, C.profile).where(C.id.in_(chosen)).order_by(C.id)
    return list(connection.execute(query))


def _lint(der: bytes, profile: str | None, profiles: Mapping[str, Profile]) -> tuple[str, ...]:
    known = profiles.get(profile or "")
    if known is None:
        return (f"profile: there is no profile {profile!r}",)
    try:
        return tuple(one.sentence for one in run_lints(der, known).findings)
    except PkiError as error:
        return (f"unreadable: {error.code}",)


def _finding(row: Any, said: tuple[str, ...]) -> Found:
    name = f"{row.authority} {row.serial}"
    return Found(
        code="certificate.lint",
        subject=name,
        zh=f"抽查憑證 {name} 不符規範：{'；'.join(said)}",
        en=f"The sampled certificate {name} has lint findings: {'; '.join(said)}",
        rows=(f"certificate:{row.id}",),
    )
