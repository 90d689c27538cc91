"""What a conversation with a staff card comes to: a log-in, or a decision that is signed with it (ROL-05, RV1-07)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts import requests, reviews
from workflow.acts.accounts import actor_of, count_wrong_try
from workflow.acts.card_conclusion import Conclusion
from workflow.acts.staff_cards import card_of_account
from workflow.card_proofs import ProofWrongError, check_proof
from workflow.errors import NotAllowed, Refused
from workflow.house_certificates import NotReliableError, require_reliable
from workflow.issuing_requests import STAFF_PROFILE
from workflow.store import schema as t
from workflow.vocabulary import CardErrand, StaffCards

if TYPE_CHECKING:
    from hardware.scripts.with_the_holder import HoldersProof
    from workflow.card_sessions import Talk
    from workflow.commands import Decide
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

A = t.account.c
DECISIONS: dict[str, type[Decide]] = {kind.trigger: kind for kind in reviews.VERDICTS}
_APPLY = {act.command: act.apply for act in (*reviews.ACTS, *requests.ACTS)}


def require_in_use(work: UnitOfWork) -> None:
    """Refuse staff cards where the house does not use them."""
    if work.office.settings.staff_cards == str(StaffCards.OFF):
        raise NotAllowed("staff_card.off")


def conclude_of_staff(
    work: UnitOfWork, row: Any, actor: Actor, ended: tuple[Talk, HoldersProof]
) -> Conclusion:
    """Write what follows from a staff card's signature; a refusal within is kept, a refusal raised undoes all."""
    if ended[0].errand is CardErrand.LOG_IN:
        return logged_in(work, row, actor, ended)
    return decision_signed(work, row, ended)


def logged_in(work: UnitOfWork, row: Any, actor: Actor, ended: tuple[Talk, HoldersProof]) -> Conclusion:
    """Log the account in whose card signed the challenge; a proof that does not hold counts like a wrong password."""
    account = _account(work, row)
    locked = count_wrong_try(work, account, actor, right=True)
    if locked is not None:
        return Conclusion({}, row.csn, refusal=Refused(locked.code, **locked.facts))
    try:
        _require_proof(work, row, ended)
    except Refused as refusal:
        count_wrong_try(work, account, actor, right=False)
        return Conclusion({}, row.csn, refusal=refusal)
    work.connection.execute(
        sa.update(t.account).where(A.id == account.id).values(failed_log_ins=0, locked_until=None)
    )
    work.audit("logged_in", actor_of(account), {"csn": row.csn})
    return Conclusion({"account": account.id}, row.csn)


def decision_signed(work: UnitOfWork, row: Any, ended: tuple[Talk, HoldersProof]) -> Conclusion:
    """Carry out the decision that the card signed, as the account's own, and keep the certificate with it."""
    talk, proof = ended
    account = _account(work, row)
    spki = _require_proof(work, row, ended)
    said = json.loads(row.subject)
    command = DECISIONS[said["trigger"]](**said["command"])
    at = datetime.fromisoformat(json.loads(talk.statement)["at"])
    signed = reviews.Signed(talk.statement, proof.signature, at, spki, proof.certificate)
    outcome = _APPLY[type(command)](work, command, actor_of(account), signed)
    if outcome.refusal is not None:
        raise outcome.refusal
    return Conclusion({"case": command.case_id}, row.csn)


def _account(work: UnitOfWork, row: Any) -> Any:
    found = work.connection.execute(
        sa.select(t.account).where(A.id == row.account_id, A.active.is_(True)).with_for_update()
    ).first()
    if found is None:
        raise Refused("card.session_over")
    return found


def _require_proof(work: UnitOfWork, row: Any, ended: tuple[Talk, HoldersProof]) -> bytes:
    """Return the public key of the account's own card, which signed just this with a certificate that is good now."""
    talk, proof = ended
    try:
        card = card_of_account(work.connection, row.account_id, row.csn)
        found = require_reliable(work.connection, proof.certificate, STAFF_PROFILE, work.now)
        check_proof(proof.certificate, talk.challenge, proof.signature)
    except NotAllowed as error:
        raise Refused(error.code) from error
    except NotReliableError as error:
        raise Refused("staff_card.not_valid", detail=str(error)) from error
    except ProofWrongError as error:
        raise Refused("card.signature_wrong") from error
    if found.spki != bytes(card.spki):
        raise Refused("staff_card.not_yours")
    return found.spki
