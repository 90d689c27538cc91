"""What holders do for themselves: suspend and resume by card number and user code, change the contact by card and PIN.

A suspension is the holder's own row (SUS-01): lifting it never lifts what the CA imposed, nor the other way round.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow import policies
from workflow.acts.act import PUBLIC, Act
from workflow.acts.usercode import Tried, admit, try_code
from workflow.card_sessions import digest
from workflow.commands_of_holders import ByCardNumber, ChangeContact, ResumeByHolder, SuspendByHolder
from workflow.deeds import deed
from workflow.effects import Do, Effect, notice
from workflow.errors import NotFound, Refused, RegistryError, WrongUserCode
from workflow.outcome import Outcome, of_case
from workflow.store import schema as t
from workflow.store.loading import held_by_authority, held_by_holder
from workflow.store.outbox import outbox_row
from workflow.vocabulary import (
    CardErrand,
    CardTalk,
    CaseKind,
    CertificateStatus,
    StatusChange,
)

if TYPE_CHECKING:
    from workflow.facts import Actor, CaseFacts
    from workflow.office import Office
    from workflow.policy import Policy
    from workflow.store.unit_of_work import UnitOfWork

K, C, H, S = t.case.c, t.certificate.c, t.holder_suspension.c, t.card_session.c
CRL = Do(Effect.PUBLISH_CRL)
CONTACT_FIELDS = ("contact_name", "contact_title", "contact_email", "contact_phone", "contact_fax")


def _prepare(office: Office, command: ByCardNumber, _actor: Actor) -> Tried:
    """Find the card's case and compare the code; an unknown number takes as long as a wrong code and says the same."""
    number = "".join(command.card_number.split()).upper()
    query = (
        sa.select(K.id)
        .where(sa.func.upper(K.card_number) == number, K.kind == str(CaseKind.CARD_APPLICATION))
        .order_by(K.id.desc())
    )
    with office.reading() as connection:
        case_id = connection.execute(query).scalar()
    if case_id is None:
        office.hasher.hash(command.user_code)
        raise WrongUserCode("card.number_or_code_wrong")
    return try_code(office, case_id, command.user_code)


def _admitted(
    work: UnitOfWork, command: ByCardNumber, actor: Actor, tried: Tried
) -> tuple[CaseFacts, RegistryError | None]:
    case = work.lock_one(tried.case_id)
    refusal = admit(work, case, tried, actor)
    if isinstance(refusal, WrongUserCode):
        # Whoever guesses learns neither that the number exists nor how many tries are left.
        return case, WrongUserCode("card.number_or_code_wrong")
    if refusal is None and not _policy(case).online_suspension.value:
        raise Refused("policy.not_offered", ca=case.ca, action=deed(type(command).__name__))
    return case, refusal


def _policy(case: CaseFacts) -> Policy:
    return policies.by_version(case.policy_version)


def _statuses(work: UnitOfWork, case: CaseFacts) -> set[CertificateStatus]:
    """Return the states of the case's certificates; Refused when they can't be suspended or resumed any more."""
    rows = work.connection.execute(sa.select(C.status, C.not_after).where(C.case_id == case.id)).all()
    found = {
        CertificateStatus(row.status)
        for row in rows
        if row.not_after > work.now and row.status != str(CertificateStatus.INTENDED)
    }
    alive = found - {CertificateStatus.REVOKED}
    if not alive:
        # A revoked certificate never comes back (SUS-08), and an expired one needs no suspension (SUS-02).
        raise Refused("suspension.revoked")
    return alive


def _suspend(work: UnitOfWork, command: SuspendByHolder, actor: Actor, tried: Tried) -> Outcome:
    case, refusal = _admitted(work, command, actor, tried)
    if refusal:
        return Outcome(refusal=refusal)
    suspend_for_holder(work, case, actor, command.reason.strip())
    return of_case(case)


def suspend_for_holder(work: UnitOfWork, case: CaseFacts, actor: Actor, reason: str) -> None:
    """Suspend a card's certificates as their holder wishes, who alone lifts it; Refused when that can't be."""
    _statuses(work, case)
    if held_by_holder(work.connection, case.id):
        raise Refused("suspension.already")
    work.insert(t.holder_suspension, case_id=case.id, reason=reason, at=work.now)
    work.change_certificates(case.id, StatusChange.SUSPEND, "suspend_by_holder")
    _tell(work, case, actor, ("suspended_by_holder", {"reason": reason}))


def _resume(work: UnitOfWork, command: ResumeByHolder, actor: Actor, tried: Tried) -> Outcome:
    case, refusal = _admitted(work, command, actor, tried)
    if refusal:
        return Outcome(refusal=refusal)
    alive = _statuses(work, case)
    by_authority = held_by_authority(work.connection, case.id)
    if not held_by_holder(work.connection, case.id):
        suspended = CertificateStatus.SUSPENDED in alive
        raise Refused("suspension.by_authority" if by_authority or suspended else "suspension.none")
    work.connection.execute(
        sa.update(t.holder_suspension)
        .where(H.case_id == case.id, H.lifted_at.is_(None))
        .values(lifted_at=work.now)
    )
    if by_authority:
        # The holder's hand is lifted, the CA's stays; what the CA decides later counts from here on (SUS-07).
        work.audit("holder_suspension_lifted", actor, {"number": case.number}, (case.id, case.version))
        return of_case(case)
    work.change_certificates(case.id, StatusChange.RESUME, "resume_by_holder")
    _tell(work, case, actor, ("resumed_by_holder", {}))
    return of_case(case)


def _tell(work: UnitOfWork, case: CaseFacts, actor: Actor, what: tuple[str, dict[str, Any]]) -> None:
    """Have the new status published and the contact told (SUS-10); OCSP reads it from the commit on."""
    kind, said = what
    body = {"number": case.number, "card_number": case.card_number, **said}
    work.audit(kind, actor, body, (case.id, case.version))
    wall = work.office.wall.now()
    work.ask([outbox_row(case, do, {}, work.now, wall) for do in (CRL, notice(kind))])


def _change_contact(work: UnitOfWork, command: ChangeContact, actor: Actor, _prepared: None) -> Outcome:
    """Write the new contact; only an activated card's holder gets here, since the proof wants a valid certificate."""
    case = work.lock_one(_proven_case(work, command))
    if not _policy(case).contact_change_by_card.value:
        raise Refused("policy.not_offered", ca=case.ca, action=deed("ChangeContact"))
    contact = {name: str(command.form.get(name, "")) for name in CONTACT_FIELDS}
    query = sa.select(K.contact_name, K.contact_email).where(K.id == case.id)
    before = work.connection.execute(query).one()
    work.update_case(
        case.id,
        {
            "contact_name": contact["contact_name"],
            "contact_email": contact["contact_email"],
            "data": {**case.data, "contact": contact},
        },
    )
    changed = sorted(
        name for name in ("contact_name", "contact_email") if contact[name] != getattr(before, name)
    )
    work.audit("contact_changed", actor, {"number": case.number, "changed": changed}, (case.id, case.version))
    wall = work.office.wall.now()
    tell_both = (
        [{}] if contact["contact_email"] == before.contact_email else [{}, {"to": before.contact_email}]
    )
    work.ask([outbox_row(case, notice("contact_changed"), payload, work.now, wall) for payload in tell_both])
    return of_case(case)


def _proven_case(work: UnitOfWork, command: ChangeContact) -> int:
    """Return the case of the card that this browser has proved by card and PIN, a few minutes ago at most."""
    query = sa.select(t.card_session).where(S.token_sha256 == digest(command.token)).with_for_update()
    row = work.connection.execute(query).first()
    if (
        row is None
        or not hmac.compare_digest(row.owner_sha256, digest(command.owner))
        or (row.errand, row.state) != (str(CardErrand.PROVE), str(CardTalk.DONE))
        or row.expires_at <= work.now
        or row.case_id is None
    ):
        raise Refused("card.proof_missing")
    valid = sa.select(C.id).where(C.case_id == row.case_id, C.status == str(CertificateStatus.VALID))
    if work.connection.execute(valid).first() is None:
        raise NotFound("card.not_active")
    return int(row.case_id)


ACTS = (
    Act(SuspendByHolder, _suspend, PUBLIC, _prepare),
    Act(ResumeByHolder, _resume, PUBLIC, _prepare),
    Act(ChangeContact, _change_contact, PUBLIC),
)
