"""Publishing CRLs: the lists are signed in the transaction that reads the statuses, so a later number never knows less.

Each list is checked as a relying party would before it takes the old one's place (CRL-01, pitfall: absurd CRLs).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.crl import LONGEST_LIFE, CrlExpectation, CrlPlan, RevokedEntry, build_crl, check_crl, partition_of
from pki.reasons import RevocationReason as CrlReason
from workflow.acts.act import Act
from workflow.authorities import PARTITIONS, ROOT, Working, crl_path, working
from workflow.commands_of_performers import PublishCrl
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.store.numbers import take
from workflow.vocabulary import CertificateStatus, RevocationReason, Role

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

C = t.certificate.c
ROOT_LIFE = timedelta(days=180)
LISTED = (str(CertificateStatus.SUSPENDED), str(CertificateStatus.REVOKED))

_CODES = {
    RevocationReason.UNSPECIFIED: CrlReason.UNSPECIFIED,
    RevocationReason.KEY_COMPROMISE: CrlReason.KEY_COMPROMISE,
    RevocationReason.AFFILIATION_CHANGED: CrlReason.AFFILIATION_CHANGED,
    RevocationReason.SUPERSEDED: CrlReason.SUPERSEDED,
    RevocationReason.CESSATION_OF_OPERATION: CrlReason.CESSATION_OF_OPERATION,
    RevocationReason.CERTIFICATE_HOLD: CrlReason.CERTIFICATE_HOLD,
    RevocationReason.NOT_ACTIVATED: CrlReason.CESSATION_OF_OPERATION,
}


def crl_reason(reason: str | None) -> CrlReason:
    """Return the code on the wire of a stored reason; OCSP and CRL both say this one (P-16)."""
    return _CODES[RevocationReason(reason)] if reason else CrlReason.UNSPECIFIED


def _prepare(office: Office, command: PublishCrl, _actor: Actor) -> Working:
    return working(office, command.authority)


def _publish(work: UnitOfWork, command: PublishCrl, actor: Actor, authority: Working) -> Outcome:
    number = take(work.connection, f"crl:{command.authority}")
    entries = _entries(work, command.authority)
    partitions = range(PARTITIONS + 1) if command.authority != ROOT else range(1)
    for partition in partitions:
        listed = [e for e in entries if not partition or partition_of(e.serial, PARTITIONS) + 1 == partition]
        _one_list(work, authority, number, partition, listed)
    work.audit(
        "crl_published", actor, {"authority": command.authority, "number": number, "entries": len(entries)}
    )
    return Outcome(created_id=number)


def _one_list(
    work: UnitOfWork, authority: Working, number: int, partition: int, entries: list[RevokedEntry]
) -> None:
    life = ROOT_LIFE if authority.name == ROOT else timedelta(hours=work.office.settings.crl_hours)
    url = work.office.settings.repository_url + crl_path(authority.name, partition) if partition else None
    plan = CrlPlan(number, work.now, work.now + life, url, max(life, LONGEST_LIFE))
    der = build_crl(authority.issuer, authority.signer, plan, entries)
    expected = CrlExpectation(number - 1, len(entries), work.now, url, max(life, LONGEST_LIFE))
    check_crl(der, authority.certificate, expected)
    work.insert(
        t.crl,
        authority=authority.name,
        partition=partition,
        number=number,
        der=der,
        entries=len(entries),
        this_update=work.now,
        next_update=work.now + life,
    )


def _entries(work: UnitOfWork, authority: str) -> list[RevokedEntry]:
    """Return what is suspended or revoked and has not expired (CRL-02, RNW-05)."""
    rows = work.connection.execute(
        sa.select(C.serial, C.status_at, C.reason)
        .where(C.ca == authority, C.status.in_(LISTED), C.not_after > work.now)
        .order_by(C.id)
    )
    return [RevokedEntry(int(row.serial, 16), row.status_at, crl_reason(row.reason)) for row in rows]


ACTS = (Act(PublishCrl, _publish, frozenset({Role.SYSTEM, Role.OPERATOR}), _prepare),)
