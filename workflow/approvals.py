"""The chain of approvals behind a certificate, verified once more before anything is signed (RV2-03, design 3.8)."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow import policies
from workflow.errors import Unavailable
from workflow.house_certificates import NotReliableError, require_reliable
from workflow.issuing_requests import STAFF_PROFILE
from workflow.store import schema as t
from workflow.store.loading import load_cases
from workflow.store.snapshot import filed_snapshot_sha256
from workflow.vocabulary import CaseKind, Stage, Verdict

if TYPE_CHECKING:
    from workflow.facts import CaseFacts
    from workflow.office import Office

D = t.review_decision.c
_APPROVALS = (
    sa.select(t.review_decision)
    .where(D.case_id == sa.bindparam("b_case"), D.voided_at.is_(None), D.verdict == str(Verdict.APPROVE))
    .order_by(D.id)
)


def require_approvals(office: Office, case: CaseFacts) -> tuple[str, ...]:
    """Return the digests of the approvals behind a case as it was handed in; see `approvals_of`."""
    with office.asking() as connection:
        return approvals_of(office, connection, case)


def approvals_of(office: Office, connection: sa.Connection, case: CaseFacts) -> tuple[str, ...]:
    """Return the digests of the approvals, the first review's first, over what the connection sees.

    Raises Unavailable("certificate.not_approved") unless distinct persons approved exactly what is on file now, each
    with the key that is kept beside the decision.
    """
    rows = connection.execute(_APPROVALS, {"b_case": case.id}).all()
    if filed_snapshot_sha256(connection, case) != case.snapshot_sha256:
        _refuse("the file is not the one that was approved")
    for row in rows:
        _verify(office, case, row)
        _verify_card(connection, row)
    if {row.person_id for row in rows} & set(case.data.get("entered", ())):
        _refuse("somebody approved what they had entered")
    wanted = _stages(case)
    if {Stage(row.stage) for row in rows} != wanted or len({row.person_id for row in rows}) != len(wanted):
        _refuse(f"{len(rows)} approvals, {len(wanted)} needed by distinct persons")
    return tuple(_digest(row) for row in rows)


def _stages(case: CaseFacts) -> set[Stage]:
    """Return the approvals that a case needs: a batch always two, an application as many as its CA's rules say (P-02)."""
    one = (
        case.kind is CaseKind.CARD_APPLICATION
        and not policies.by_version(case.policy_version).first_review.value
    )
    return {Stage.SECOND} if one else {Stage.FIRST, Stage.SECOND}


def _verify(office: Office, case: CaseFacts, row: Any) -> None:
    statement = json.loads(row.statement)
    about = tuple(statement[name] for name in ("number", "snapshot", "person", "account", "stage", "verdict"))
    # The verdict too: a return that was signed is no approval, whatever its row says.
    if about != (
        case.number,
        case.snapshot_sha256,
        row.person_id,
        row.account_id,
        row.stage,
        str(Verdict.APPROVE),
    ):
        _refuse("a decision is about something else")
    try:
        office.statements.verify(bytes(row.signing_spki or b""), row.statement.encode(), row.signature)
    except ValueError as error:
        raise Unavailable(
            "certificate.not_approved", detail="a decision's signature does not verify"
        ) from error


def _verify_card(connection: sa.Connection, row: Any) -> None:
    """Verify the certificate of the card that signed: its chain, and that it was good when it signed (RV1-07)."""
    if row.certificate is None:
        return
    try:
        found = require_reliable(connection, bytes(row.certificate), STAFF_PROFILE, row.at)
    except NotReliableError as error:
        raise Unavailable("certificate.not_approved", detail=f"a reviewer's card: {error}") from error
    s = t.staff_card.c
    own = sa.select(s.id).where(s.csn == found.csn, s.account_id == row.account_id, s.spki == found.spki)
    if found.spki != bytes(row.signing_spki) or connection.execute(own).first() is None:
        _refuse("a decision was signed with another's card")


def _digest(row: Any) -> str:
    """Return what the RA's request says of a decision: the hash of its statement, key and signature."""
    parts = (row.statement.encode(), bytes(row.signing_spki), bytes(row.signature))
    return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()


def _refuse(detail: str) -> None:
    raise Unavailable("certificate.not_approved", detail=detail)


def current_case(office: Office, case_id: int) -> CaseFacts:
    """Return a case as it is now."""
    with office.asking() as connection:
        return load_cases(connection, [case_id], lock=False)[case_id]
