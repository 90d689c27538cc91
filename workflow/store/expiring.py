"""Which cases have certificates that expire soon and whose contacts were not told yet (NTC-01, RNW-02, RNW-06)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from workflow import policies
from workflow.store import schema as t
from workflow.vocabulary import CertificateStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workflow.policy import Policy

C, K, W = t.certificate.c, t.case.c, t.outbox.c
TEMPLATE: Final = "expiry"
LIVING: Final = (str(CertificateStatus.VALID), str(CertificateStatus.SUSPENDED))
BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Expiring:
    """A case and the moment at which the first of its living certificates ends."""

    case_id: int
    ends_at: datetime


def expiring(
    connection: sa.Connection, now: datetime, among: Sequence[int] | None = None
) -> tuple[Expiring, ...]:
    """Return the next cases whose contacts have to be told by `now`, those first that end first; at most `BATCH`.

    A case's own policy says from when on a new card may be applied for, and from then on its contact is told: once,
    for the work that told it stays in the outbox.
    """
    ends_at = sa.func.min(C.not_after)
    query = (
        sa.select(C.case_id, ends_at.label("ends_at"))
        .join(t.case, K.id == C.case_id)
        .where(C.status.in_(LIVING), C.not_after > now, _in_the_window(now), ~_was_told(now))
        .group_by(C.case_id)
        .order_by(ends_at, C.case_id)
        .limit(BATCH)
    )
    if among is not None:
        query = query.where(C.case_id.in_(among))
    return tuple(Expiring(row.case_id, row.ends_at) for row in connection.execute(query))


def _in_the_window(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(
        *(
            sa.and_(K.policy_version == policy.version, C.not_after <= now + _days(policy))
            for policy in policies.ALL
        )
    )


def _days(policy: Policy) -> timedelta:
    return timedelta(days=policy.primary_renewal_days.value)


def _was_told(now: datetime) -> sa.ColumnElement[bool]:
    # A card that took another's place in the same case ends at another time, and is told of anew.
    since = now - max(map(_days, policies.ALL))
    told = sa.select(W.id).where(W.case_id == C.case_id, W.template == TEMPLATE, W.created_at >= since)
    return told.exists()
