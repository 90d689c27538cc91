"""The signature itself: everything behind it is verified once more under the case's lock, then the CA's key is used.

Verification, signature and record stand in one transaction, so nothing can be revoked, voided or edited in between. A
signature that was made and not recorded leaves its intent, by whose serial it can be revoked (design 3.4).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.activation import NOT_ACTIVATED
from pki.errors import KeyRefusedError
from workflow.acts.act import Act
from workflow.acts.certifying import RECORDED, store_signed
from workflow.acts.registration import require_house_key
from workflow.approvals import approvals_of
from workflow.authorities import KEPT, NOT_ACTIVATED_CODE, Working, with_key
from workflow.commands_of_registration import SignCertificates
from workflow.errors import Unavailable
from workflow.issuing_requests import AskedKey, require_request, stored_request
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.store.among import among
from workflow.store.directory import index_certificates
from workflow.tickets import Ticket
from workflow.vocabulary import AuthorityState, CertificateStatus, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workflow.facts import Actor, CaseFacts
    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

C = t.certificate.c
GONE = frozenset({str(AuthorityState.REVOKED), str(AuthorityState.DESTROYED)})
INTENDED = str(CertificateStatus.INTENDED)


@dataclass(frozen=True, slots=True)
class _Ready:
    """What is looked up before the transaction: the authorities' keys, and the cases to hold; a row's never change."""

    authorities: Mapping[str, Working]
    cases: Sequence[int]


def _prepare(office: Office, command: SignCertificates, _actor: Actor) -> _Ready:
    """Load the keys of the generations that the certificates were prepared for, whatever came after."""
    waiting = among(C.serial, command.serials) & (C.status == INTENDED)
    query = sa.select(C.authority, C.case_id).where(waiting).distinct().subquery()
    with office.asking() as connection:
        found = connection.execute(
            # An authority that is not there has no key, and is refused for that.
            sa.select(query.c.case_id, query.c.authority.label("name"), *KEPT[1:]).outerjoin(
                t.authority, t.authority.c.name == query.c.authority
            )
        ).all()
    cases = sorted({row.case_id for row in found if row.case_id is not None})
    kept = {row.name: row for row in found}
    try:
        return _Ready({name: with_key(office, row) for name, row in kept.items()}, cases)
    except LookupError as error:
        raise Unavailable(
            "authority.key_unavailable", authority=", ".join(sorted(kept)), detail=str(error)
        ) from error


def _sign(work: UnitOfWork, command: SignCertificates, actor: Actor, ready: _Ready) -> Outcome:
    """Sign what still waits for it; what was revoked meanwhile, or has its certificate, stays as it is."""
    cases = work.hold(ready.cases)
    _require_standing(work, ready.authorities)
    rows = _waiting(work, command)
    asked: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        if row.case_id is None:
            require_house_key(work.connection, row.profile, row.spki_sha256)
        else:
            asked[row.case_id].append(row)
    for case_id, of_case in asked.items():
        _require_asked_for(work, cases[case_id], of_case)
    signed = [(row, _certificate(work, row, ready.authorities)) for row in rows]
    if of_cases := [(row, der) for row, der in signed if row.case_id is not None]:
        store_signed(work, cases, of_cases, actor)
    _record_house(work, [(row, der) for row, der in signed if row.case_id is None], actor)
    return Outcome()


def _require_standing(work: UnitOfWork, authorities: Mapping[str, Working]) -> None:
    """Refuse for an authority that the root has revoked, or whose key was destroyed while it lay in this process's memory.

    The rows are held, so that neither happens before the commit. One that is retired still signs what was stored while
    it issued: its successor came in between, and nothing is left half-issued (ROL-08).
    """
    a = t.authority.c
    query = sa.select(a.name, a.state).where(among(a.name, authorities)).order_by(a.id)
    for row in work.connection.execute(query.with_for_update(read=True)):
        if row.state in GONE:
            raise Unavailable("authority.not_issued", ca=row.name)


def _certificate(work: UnitOfWork, row: Any, authorities: Mapping[str, Working]) -> bytes:
    try:
        return Ticket(work.office, row).redeem(authorities[row.authority])
    except KeyRefusedError as error:
        if error.code == NOT_ACTIVATED:
            # The keys were deactivated since; the intent stays and is signed after their activation.
            raise Unavailable(NOT_ACTIVATED_CODE) from error
        raise


def _waiting(work: UnitOfWork, command: SignCertificates) -> Sequence[Any]:
    columns = (
        *RECORDED, C.authority, C.purpose, C.profile, C.spki_sha256, C.request_id, C.tbs, C.tbs_sha256, C.tbs_seal,
    )  # fmt: skip
    return work.connection.execute(
        sa.select(*columns)
        .where(among(C.serial, command.serials), C.status == INTENDED, C.der.is_(None))
        .order_by(C.id)
        .with_for_update()
    ).all()


def _require_asked_for(work: UnitOfWork, case: CaseFacts, rows: Sequence[Any]) -> None:
    """Verify the approvals over what is on file now, and the RA's requests over them (RV2-03, RV2-04)."""
    approvals = approvals_of(work.office, work.connection, case)
    by_request: dict[int | None, list[AskedKey]] = defaultdict(list)
    for row in rows:
        by_request[row.request_id].append(AskedKey(row.spki_sha256, row.purpose, row.profile or ""))
    for number, keys in by_request.items():
        request = stored_request(work.connection, number)
        require_request(work.office, work.connection, case, approvals, (request, keys))


def _record_house(work: UnitOfWork, signed: Sequence[tuple[Any, bytes]], actor: Actor) -> None:
    """Store certificates of the house: in force at once, and in no public repository."""
    for row, der in signed:
        changed = work.connection.execute(
            sa.update(t.certificate)
            .where(C.id == row.id, C.status == INTENDED)
            .values(
                der=der,
                status=str(CertificateStatus.VALID),
                status_version=C.status_version + 1,
                status_at=work.now,
            )
        )
        if changed.rowcount != 1:
            raise Unavailable("registry.busy")
        work.audit("certificate_issued", actor, {"serial": row.serial, "profile": row.profile})
    index_certificates(work.connection, [(row.id, der) for row, der in signed])


ACTS = (Act(SignCertificates, _sign, frozenset({Role.SYSTEM}), _prepare),)
"""Everything is verified in `_sign`; `_prepare` only loads keys, which may take a token's time."""
