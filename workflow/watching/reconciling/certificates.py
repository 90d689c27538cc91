"""Certificates against what was stored before they were signed, their issuers, their cases and their approvals."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.certificates import read_certificate, split_certificate, verify_issued_by
from pki.errors import ChainRefusedError, PkiError
from workflow.commands_of_watches import Found
from workflow.store import schema as t
from workflow.vocabulary import CertificateStatus, Verdict
from workflow.watching.reconciling.house import of_the_house

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pki.certificates import CertificateFields

C, R, F = t.certificate.c, t.review_decision.c, t.status_change.c
_AT_A_TIME = 1000


def certificate_faults(connection: sa.Connection) -> Iterator[Found]:
    """Give every certificate that does not agree with the books."""
    yield from _bytes(connection)
    yield from _without_case(connection)
    yield from _not_approved(connection)
    yield from _came_back(connection)


def _bytes(connection: sa.Connection) -> Iterator[Found]:
    a = t.authority.c
    issuers: dict[str, CertificateFields | None] = {}
    for name, certificate in connection.execute(sa.select(a.name, a.certificate)):
        try:
            issuers[name] = read_certificate(bytes(certificate))
        except PkiError:
            issuers[name] = None
    columns = (C.id, C.authority, C.serial, C.tbs, C.tbs_sha256, C.der, C.spki_sha256)
    query = sa.select(*columns).where(C.der.is_not(None)).order_by(C.id)
    with connection.execution_options(yield_per=_AT_A_TIME).execute(query) as rows:
        for row in rows:
            fault = _fault_of(row, issuers.get(row.authority))
            if fault is not None:
                yield _about(row, *fault)


def _fault_of(row: Any, issuer: CertificateFields | None) -> tuple[str, str, str] | None:
    der = bytes(row.der)
    try:
        tbs = split_certificate(der)[0]
        fields = read_certificate(der)
    except PkiError as error:
        return (
            "certificate.unreadable",
            f"憑證無法解讀：{error.message}",
            f"it can't be read: {error.message}",
        )
    same = tbs == bytes(row.tbs) and hashlib.sha256(tbs).hexdigest() == row.tbs_sha256
    said = f"{fields.serial:032x}" == row.serial
    if not (same and said and hashlib.sha256(fields.spki_der).hexdigest() == row.spki_sha256):
        return (
            "certificate.altered",
            "與簽發前存放的內容不同",
            "it is not what was stored before it was signed",
        )
    if issuer is None:
        return "certificate.no_issuer", "找不到簽發者", "its issuer is not there"
    try:
        verify_issued_by(der, issuer)
    except ChainRefusedError as error:
        return (
            "certificate.signature",
            f"簽章驗證失敗：{error.message}",
            f"it does not verify: {error.message}",
        )
    return None


def _without_case(connection: sa.Connection) -> Iterator[Found]:
    known = sa.select(t.case.c.id).where(t.case.c.id == C.case_id)
    query = sa.select(C.id, C.authority, C.serial).where(~known.exists(), ~of_the_house())
    for row in connection.execute(query.order_by(C.id)):
        yield _about(row, "certificate.no_case", "沒有案件", "it belongs to no case")


def _not_approved(connection: sa.Connection) -> Iterator[Found]:
    """Give what was issued without an approval that stands, and cases that one person approved twice."""
    approved = sa.select(R.id).where(
        R.case_id == C.case_id, R.verdict == str(Verdict.APPROVE), R.voided_at.is_(None)
    )
    query = sa.select(C.id, C.authority, C.serial).where(
        C.der.is_not(None), C.case_id.is_not(None), ~approved.exists()
    )
    for row in connection.execute(query.order_by(C.id)):
        yield _about(row, "certificate.not_approved", "沒有有效的核可", "no approval stands for it")
    twice = (
        sa.select(R.case_id)
        .where(R.verdict == str(Verdict.APPROVE), R.voided_at.is_(None))
        .group_by(R.case_id, R.person_id)
        .having(sa.func.count() > 1)
    )
    k = t.case.c
    cases = sa.select(k.id, k.number).where(k.id.in_(twice)).order_by(k.id)
    for case_id, number in connection.execute(cases):
        yield Found(
            code="review.same_person",
            subject=number,
            zh=f"案件 {number} 由同一人核可兩次。",
            en=f"One person approved case {number} twice.",
            rows=(f"registry_case:{case_id}",),
        )


def _came_back(connection: sa.Connection) -> Iterator[Found]:
    """Give revoked certificates that came back (SUS-08)."""
    revoked = str(CertificateStatus.REVOKED)
    query = (
        sa.select(C.id, C.authority, C.serial)
        .join(t.status_change, (F.authority == C.authority) & (F.serial == C.serial))
        .where(F.status == revoked, C.status != revoked)
        .distinct()
    )
    for row in connection.execute(query.order_by(C.id)):
        yield _about(
            row, "certificate.came_back", "曾經廢止，現在卻不是", "it was revoked once and is not now"
        )


def _about(row: Any, code: str, zh: str, en: str) -> Found:
    name = f"{row.authority} {row.serial}"
    return Found(
        code=code,
        subject=name,
        zh=f"憑證 {name}：{zh}。",
        en=f"Certificate {name}: {en}.",
        rows=(f"certificate:{row.id}",),
    )
