"""Status changes of certificates, in the transaction of the case's change.

OCSP and CRL are both derived from these rows, so they can't disagree; each change raises `status_version`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.store import schema as t
from workflow.store.crl_entries import STATUS_COLUMNS, follow
from workflow.vocabulary import CardState, CertificateStatus, RevocationReason, StatusChange

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

C = t.certificate.c
_OUT = (str(CardState.QUARANTINED), str(CardState.SPOILED))

# Why the CRL says a certificate is revoked, by the trigger that did it.
_REASONS = {
    "lapse_activation": RevocationReason.CESSATION_OF_OPERATION,
    "lapse_paper": RevocationReason.CESSATION_OF_OPERATION,
    "lapse_acceptance": RevocationReason.CESSATION_OF_OPERATION,
    "decline_certificates": RevocationReason.CESSATION_OF_OPERATION,
    "card_spoiled": RevocationReason.SUPERSEDED,
    "card_lost": RevocationReason.SUPERSEDED,
}


def relied_on(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition of a certificate that somebody may rely on: neither revoked nor over."""
    return sa.and_(C.status != str(CertificateStatus.REVOKED), C.not_after > now)


def change_status(
    connection: sa.Connection, case_ids: Sequence[int], change: StatusChange, now: datetime, cause: str
) -> frozenset[str]:
    """Change the status of the certificates of cases' cards, and their entries on the lists with it (SUS-10).

    Returns the authorities whose lists have to follow. A revoked certificate never changes (SUS-08).
    """
    admitted, values = _what(change, cause)
    changed = connection.execute(
        sa.update(t.certificate)
        .where(C.case_id.in_(case_ids), C.status.in_([str(status) for status in admitted]))
        .values(status_version=C.status_version + 1, status_at=now, **values)
        .returning(*STATUS_COLUMNS)
    ).all()
    listed_anew = follow(connection, changed, now)
    if change is StatusChange.ACTIVATE:
        connection.execute(
            sa.update(t.certificate)
            .where(
                C.case_id.in_(case_ids), C.status == str(CertificateStatus.VALID), C.published_at.is_(None)
            )
            .values(published_at=now)
        )
        connection.execute(
            sa.update(t.card)
            .where(t.card.c.case_id.in_(case_ids), t.card.c.state.not_in(_OUT))
            .values(state=str(CardState.ACTIVE), updated_at=now)
        )
    return listed_anew


def _what(change: StatusChange, cause: str) -> tuple[tuple[CertificateStatus, ...], dict[str, Any]]:
    s = CertificateStatus
    match change:
        case StatusChange.ACTIVATE:
            return (s.ISSUED, s.SUSPENDED), {"status": str(s.VALID), "reason": None}
        case StatusChange.SUSPEND:
            reason = str(RevocationReason.CERTIFICATE_HOLD)
            return (s.ISSUED, s.VALID), {
                "status": str(s.SUSPENDED),
                "status_before": C.status,
                "reason": reason,
            }
        case StatusChange.RESUME:
            return (s.SUSPENDED,), {"status": C.status_before, "reason": None}
        case _:
            reason = str(_REASONS.get(cause, RevocationReason.UNSPECIFIED))
            live = (s.INTENDED, s.ISSUED, s.VALID, s.SUSPENDED)
            return live, {"status": str(s.REVOKED), "reason": reason}
