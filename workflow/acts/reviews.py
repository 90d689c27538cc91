"""The reviewers' desks: decisions bound to what was seen, and signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from forms.canonical import canonical_json
from workflow.acts.accounts import check_password
from workflow.acts.act import Act
from workflow.acts.usercode import load_one
from workflow.commands import (
    ApproveFirstReview,
    ApproveSecondReview,
    Decide,
    RefuseApplication,
    ReturnFirstReview,
    ReturnSecondReview,
)
from workflow.commands_of_requests import ApproveRequest, ConfirmRequest, RefuseRequest
from workflow.deeds import deed
from workflow.errors import NotAllowed
from workflow.outcome import Outcome, of_case
from workflow.store import schema as t
from workflow.vocabulary import StaffCards, Stage, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.facts import Actor, CaseFacts
    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

_OF_APPLICATIONS: dict[type[Decide], tuple[Stage, Verdict]] = {
    ApproveFirstReview: (Stage.FIRST, Verdict.APPROVE),
    ReturnFirstReview: (Stage.FIRST, Verdict.RETURN),
    ApproveSecondReview: (Stage.SECOND, Verdict.APPROVE),
    ReturnSecondReview: (Stage.SECOND, Verdict.RETURN),
    RefuseApplication: (Stage.SECOND, Verdict.REFUSE),
}
VERDICTS = _OF_APPLICATIONS | {
    ApproveRequest: (Stage.FIRST, Verdict.APPROVE),
    ConfirmRequest: (Stage.SECOND, Verdict.APPROVE),
    RefuseRequest: (Stage.SECOND, Verdict.REFUSE),
}


@dataclass(frozen=True)
class Signed:
    """A decision's statement and the reviewer's signature over it."""

    statement: bytes
    signature: bytes | None
    """None where the password was wrong, which is counted under the account's lock."""
    at: datetime
    spki: bytes
    """The key that signed, kept with the decision: the account may have another one later."""
    certificate: bytes | None = None
    """The certificate of the card that signed; None for the key that the password opens."""


def statement_of(case: CaseFacts, command: Decide, actor: Actor, at: datetime) -> bytes:
    """Return the canonical bytes that a reviewer signs: what was decided, about what, by whom and when."""
    stage, verdict = VERDICTS[type(command)]
    return canonical_json(
        {
            "number": case.number,
            "stage": str(stage),
            "verdict": str(verdict),
            "reason": str(getattr(command, "reason", "")),
            "snapshot": command.seen_sha256,
            "policy": case.policy_version,
            "person": actor.person_id,
            "account": actor.account_id,
            "at": at.isoformat(),
        }
    )


def prepare_decision(office: Office, command: Decide, actor: Actor) -> Signed:
    """Sign a decision before its transaction; NotAllowed for an account without a key, or a wrong password."""
    case = load_one(office, command.case_id)
    if office.settings.staff_cards == str(StaffCards.REQUIRED):
        raise NotAllowed("decision.card_required")
    with office.reading() as connection:
        a = t.account.c
        query = sa.select(a.signing_key, a.signing_spki).where(a.id == actor.account_id)
        key = connection.execute(query).first()
    if key is None or key.signing_key is None:
        raise NotAllowed("access.denied", role="—", action=deed(command.trigger))
    at = office.clock.now()
    statement = statement_of(case, command, actor, at)
    try:
        signature = office.statements.sign(key.signing_key, command.password, statement)
    except ValueError:
        signature = None
    return Signed(statement, signature, at, bytes(key.signing_spki))


def decided(work: UnitOfWork, command: Decide, actor: Actor, signed: Signed) -> Outcome:
    """Carry out a signed decision and keep its statement with the signature."""
    case = work.lock_one(command.case_id)
    locked = check_password(work, actor, right=signed.signature is not None)
    if locked is not None:
        return Outcome(refusal=locked)
    after = work.fire(case, command.trigger, command, actor)
    stage, verdict = VERDICTS[type(command)]
    work.add(
        "review_decision",
        case_id=case.id,
        stage=str(stage),
        verdict=str(verdict),
        person_id=actor.person_id,
        account_id=actor.account_id,
        snapshot_sha256=command.seen_sha256,
        policy_version=case.policy_version,
        reason=str(getattr(command, "reason", "")),
        statement=signed.statement.decode(),
        signature=signed.signature,
        signing_spki=signed.spki,
        certificate=signed.certificate,
        at=signed.at,
        # A return settles nothing: it is voided at once, so that the same person may look again after correction.
        voided_at=None if verdict is Verdict.APPROVE else signed.at,
    )
    return of_case(after)


ACTS = tuple(Act(command, decided, prepare=prepare_decision) for command in _OF_APPLICATIONS)
