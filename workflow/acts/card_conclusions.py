"""What a conversation with a card comes to: consequences for case and card, and the answer for the holder."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.card_conclusion import Conclusion
from workflow.acts.house import complete_activation
from workflow.card_keys import is_changing, with_next_puk
from workflow.card_proofs import ProofWrongError, check_proof
from workflow.commands import CompleteActivation
from workflow.effects import notice
from workflow.errors import Refused, Words
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.store.outbox import outbox_row
from workflow.vocabulary import CardErrand, CertificateStatus

if TYPE_CHECKING:
    from hardware.scripts.view import CardDetails
    from hardware.scripts.with_the_holder import HoldersProof
    from workflow.card_sessions import Talk
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

K, C = t.card.c, t.certificate.c
PROOF_HOLDS = timedelta(minutes=15)
"""How long a card's proof lets its holder see and change what is kept of it."""


def conclude(work: UnitOfWork, row: Any, actor: Actor, ended: tuple[Talk, Any]) -> Conclusion:
    """Write what follows from a script's result; Refused when it proves nothing."""
    talk, result = ended
    match talk.errand:
        case CardErrand.LOOK:
            return _looked(work, result)
        case CardErrand.ACTIVATE:
            complete_activation(work, CompleteActivation(case_id=row.case_id, csn=row.csn), SYSTEM, None)
            return Conclusion({"pin": talk.activation_pin}, row.csn, row.case_id)
        case CardErrand.UNBLOCK:
            return _unblocked(work, row, actor)
        case CardErrand.CHANGE_PIN:
            # The browser says so; no proof of it comes here.
            work.audit("pin_change_reported", actor, {"csn": row.csn})
            return Conclusion({}, row.csn)
        case CardErrand.TEST:
            return _tested(work, row, (talk, result))
        case CardErrand.PROVE:
            return _proved(work, row, (talk, result))
        case CardErrand.LOG_IN | CardErrand.SIGN:
            raise AssertionError("the staff's conversations end in `staff_conclusions`")


def _looked(work: UnitOfWork, details: CardDetails) -> Conclusion:
    """Tell what the card says; `ours` only where it showed a certificate of ours for its number.

    Anybody can say a chip's number: what the registry knows of a card is for who has the card.
    """
    shown = [one.der for one in details.certificates]
    issued = sa.select(C.id).where(C.csn == details.csn, C.der.in_(shown))
    ours = bool(shown) and work.connection.execute(issued).first() is not None
    certificates = [
        {
            "slot": f"{one.slot:X}",
            "subject": one.subject,
            "issuer": one.issuer,
            "serial": f"{one.serial_number:032x}",
            "not_before": one.not_before.isoformat(),
            "not_after": one.not_after.isoformat(),
        }
        for one in details.certificates
    ]
    answer = {
        "csn": details.csn,
        "ours": ours,
        "card_number": details.card_number,
        "pin_tries": details.pin_tries,
        "certificates": certificates,
    }
    return Conclusion(answer, details.csn)


def _unblocked(work: UnitOfWork, row: Any, actor: Actor) -> Conclusion:
    """Let the PUK that the card was told of last be the one that holds, and tell the contact."""
    case = work.lock_one(row.case_id)
    result = work.connection.execute(
        sa.update(t.card)
        .where(K.csn == row.csn, K.case_id == case.id, is_changing(t.card))
        .values(**with_next_puk(t.card), updated_at=work.now)
    )
    if result.rowcount != 1:
        raise Refused("card.session_over")
    work.audit("pin_unblocked", actor, {"number": case.number, "csn": row.csn}, (case.id, case.version))
    work.ask([outbox_row(case, notice("pin_unblocked"), {}, work.now, work.office.wall.now())])
    return Conclusion({}, row.csn, case.id)


def _tested(work: UnitOfWork, row: Any, ended: tuple[Talk, HoldersProof]) -> Conclusion:
    """Verify the signature with the certificate on the card, and say what the registry knows of it (VEW-02)."""
    talk, proof = ended
    _check(proof, talk.challenge)
    status = work.connection.execute(
        sa.select(C.status).where(C.csn == row.csn, C.der == proof.certificate)
    ).scalar()
    return Conclusion({"status": status or ""}, row.csn)


def _proved(work: UnitOfWork, row: Any, ended: tuple[Talk, HoldersProof]) -> Conclusion:
    """Take the signature for the holder's hand: by the very certificate that was issued for this card, and valid."""
    talk, proof = ended
    _check(proof, talk.challenge)
    found = work.connection.execute(
        sa.select(C.case_id, C.status, C.not_after).where(C.csn == row.csn, C.der == proof.certificate)
    ).first()
    if found is None:
        raise Refused("card.signature_wrong")
    status = CertificateStatus(found.status)
    if status is not CertificateStatus.VALID or found.not_after <= work.now:
        expired = Words("已過期", "expired")
        said = expired if status is CertificateStatus.VALID else Words(status.zh, status.en)
        raise Refused("card.certificate_not_valid", status=said)
    return Conclusion({}, row.csn, found.case_id, PROOF_HOLDS)


def _check(proof: HoldersProof, challenge: bytes) -> None:
    try:
        check_proof(proof.certificate, challenge, proof.signature)
    except ProofWrongError as error:
        raise Refused("card.signature_wrong") from error
