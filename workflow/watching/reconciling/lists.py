"""The newest lists and signed OCSP answers against the statuses, and against each other (CRL-01, CRL-05)."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from cryptography import x509
from cryptography.x509 import ocsp as answers

from pki.ocsp_question import question
from workflow import ocsp
from workflow.commands_of_watches import Found
from workflow.crl_scope import COMPLETE, LISTED, crl_reason, partition_number
from workflow.store import schema as t
from workflow.store.crl_lists import newest_lists
from workflow.store.roots import is_root
from workflow.watching.reconciling.root import SILENT, root_faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from workflow.office import Office
    from workflow.store.crl_lists import PublishedList

C, R = t.certificate.c, t.crl.c
LATEST = timedelta(hours=24)
"""Rule CRL-01: a list that knows a revocation follows within a day."""
ASKED = 200
"""Certificates of each kind, listed and not, about which each authority's responder is asked."""


def list_faults(office: Office, connection: sa.Connection, now: datetime) -> Iterator[Found]:
    """Give every disagreement between statuses, lists and OCSP answers."""
    yield from _late(connection, now)
    for one in newest_lists(connection):
        der = connection.execute(sa.select(R.der).where(R.id == one.id)).scalar_one()
        crl = x509.load_der_x509_crl(bytes(der))
        listed = {entry.serial_number: entry for entry in crl}
        if is_root(one.authority):
            told = {serial: (_reason(e), e.revocation_date_utc) for serial, e in listed.items()}
            yield from root_faults(connection, one, told, partial(_asked, office))
            continue
        yield from _compare(connection, one, listed)
        if one.partition == COMPLETE:
            yield from _answers(office, connection, one, listed)


def _late(connection: sa.Connection, now: datetime) -> Iterator[Found]:
    q = t.crl_change.c
    query = sa.select(q.authority, sa.func.min(q.at).label("since")).group_by(q.authority)
    for row in connection.execute(query.order_by(q.authority)):
        if row.since < now - LATEST:
            yield Found(
                code="crl.late",
                subject=row.authority,
                zh=f"{row.authority} 的狀態變更逾 24 小時未列入清冊。",
                en=f"A change of status of {row.authority} waits for a list since more than a day.",
            )


def _compare(connection: sa.Connection, one: PublishedList, listed: Mapping[int, Any]) -> Iterator[Found]:
    """Compare one list with the statuses that stood when it was made; later changes are on the next one."""
    columns = (C.id, C.serial, C.status, C.status_at, C.reason, C.not_after)
    stood = C.status_at <= sa.literal(one.this_update, C.status_at.type)
    query = sa.select(*columns).where(C.authority == one.authority, stood, C.not_after > one.this_update)
    wanted = {}
    for row in connection.execute(query.where(C.status.in_(LISTED))):
        serial = int(row.serial, 16)
        if one.partition in (COMPLETE, partition_number(serial)):
            wanted[serial] = row
    for serial, row in wanted.items():
        entry = listed.get(serial)
        if entry is None:
            yield _about(one, row, "crl.missing", "應列入清冊而未列", "should be listed and is not")
        elif (_reason(entry), entry.revocation_date_utc) != (
            crl_reason(row.reason).value,
            row.status_at.replace(microsecond=0),
        ):
            yield _about(
                one, row, "crl.differs", "清冊所載原因或時間不同", "is listed with another reason or time"
            )
    for row in connection.execute(query.where(C.status.not_in(LISTED))):
        if int(row.serial, 16) in listed:
            yield _about(one, row, "crl.extra", "不應列入清冊而列入", "is listed and should not be")


def _answers(
    office: Office, connection: sa.Connection, one: PublishedList, listed: Mapping[int, Any]
) -> Iterator[Found]:
    """Ask the responder, and compare what it signs with the complete list."""
    issuer = connection.execute(
        sa.select(t.authority.c.certificate).where(t.authority.c.name == one.authority)
    ).scalar_one()
    stood = C.status_at <= sa.literal(one.this_update, C.status_at.type)
    query = sa.select(C.id, C.serial).where(
        C.authority == one.authority, stood, C.not_after > one.this_update, C.der.is_not(None)
    )
    some = [*connection.execute(query.where(C.status.in_(LISTED)).order_by(C.id.desc()).limit(ASKED))]
    some += [*connection.execute(query.where(C.status.not_in(LISTED)).order_by(C.id.desc()).limit(ASKED))]
    for row in some:
        serial = int(row.serial, 16)
        said, entry = _asked(office, bytes(issuer), serial), listed.get(serial)
        if said is not None and said[1] is not None and said[1] > one.this_update:
            # It changed while this ran; the next list says so too.
            continue
        if said != (None if entry is None else (_reason(entry), entry.revocation_date_utc)):
            yield _about(
                one,
                row,
                "ocsp.differs",
                "OCSP 答覆與清冊不同",
                "has an OCSP answer that the list contradicts",
            )
    never = secrets.randbits(126) | 1 << 126
    if _asked(office, bytes(issuer), never) != _UNKNOWN:
        yield Found(
            code="ocsp.never_issued",
            subject=one.authority,
            zh=f"{one.authority} 的 OCSP 對從未簽發的序號未答覆未知。",
            en=f"The responder of {one.authority} does not say unknown of a serial that was never issued.",
        )


_UNKNOWN = (-1, None)


def _asked(office: Office, issuer: bytes, serial: int) -> Any:
    """Return reason and time of a revocation, None for good, _UNKNOWN for unknown, SILENT for no answer."""
    response = answers.load_der_ocsp_response(ocsp.answer(office, question(issuer, serial)).der)
    if response.response_status is not answers.OCSPResponseStatus.SUCCESSFUL:
        return SILENT
    if response.certificate_status is answers.OCSPCertStatus.UNKNOWN:
        return _UNKNOWN
    if response.certificate_status is answers.OCSPCertStatus.GOOD:
        return None
    return _number(response.revocation_reason), response.revocation_time_utc


def _reason(entry: x509.RevokedCertificate) -> int:
    try:
        return _number(entry.extensions.get_extension_for_class(x509.CRLReason).value.reason)
    except x509.ExtensionNotFound:
        return 0


def _number(reason: x509.ReasonFlags | None) -> int:
    from pki.reasons import RevocationReason

    if reason is None:
        return 0
    return RevocationReason[reason.name.upper()].value


def _about(one: PublishedList, row: Any, code: str, zh: str, en: str) -> Found:
    scope = f"{one.authority}/{one.partition or 'complete'}"
    return Found(
        code=code,
        subject=f"{scope} {row.serial}",
        zh=f"憑證 {row.serial}：{zh}（{scope} 第 {one.number} 號）。",
        en=f"Certificate {row.serial} {en} ({scope}, number {one.number}).",
        rows=(f"certificate:{row.id}", f"crl:{one.id}"),
    )
