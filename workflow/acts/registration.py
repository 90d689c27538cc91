"""The books of the registration authorities: their keys, their signed requests, and the house's own certificates."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.commands_of_registration import (
    IntendHouseCertificate,
    RecordIssuingRequest,
    RecordRegistrationKey,
)
from workflow.errors import Refused
from workflow.issuing_requests import RA_PROFILE, STAFF_PROFILE
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.store.among import among
from workflow.store.keys import require_unknown_key
from workflow.vocabulary import CertificateStatus, Role, StaffCardState

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

SYSTEM = frozenset({Role.SYSTEM})
A, C, G, S = t.authority.c, t.certificate.c, t.registration_key.c, t.staff_card.c


def _record_key(work: UnitOfWork, command: RecordRegistrationKey, actor: Actor, _prepared: None) -> Outcome:
    """Store a key, unless another has taken the place of the one that it was to replace."""
    # The CA's own rows are there before its RA's first key is.
    work.connection.execute(sa.select(A.id).where(A.ca == str(command.ca)).order_by(A.id).with_for_update())
    newest = work.connection.execute(
        sa.select(G.spki_sha256).where(G.ca == str(command.ca)).order_by(G.id.desc()).limit(1)
    ).scalar()
    if command.replaces != (newest or ""):
        return Outcome()
    digest = sha256(command.spki).hexdigest()
    work.insert(
        t.registration_key,
        ca=str(command.ca),
        spki_sha256=digest,
        spki=command.spki,
        sealed_key=command.sealed_key,
        key_reference=command.key_reference,
        at=work.now,
    )
    said = {"ca": str(command.ca), "key": digest, "replaces": command.replaces}
    work.audit("registration_key_made", actor, said)
    return Outcome()


def _record_request(
    work: UnitOfWork, command: RecordIssuingRequest, actor: Actor, _prepared: None
) -> Outcome:
    case = work.hold_one(command.case_id)
    number = work.insert(
        t.issuing_request,
        case_id=case.id,
        statement=command.statement.decode(),
        signature=command.signature,
        certificate=command.certificate,
        at=work.now,
    )
    if command.serials:
        # A run that was interrupted asks anew: the RA may have another certificate by now.
        work.connection.execute(
            sa.update(t.certificate)
            .where(
                C.case_id == case.id,
                among(C.serial, command.serials),
                C.status == str(CertificateStatus.INTENDED),
            )
            .values(request_id=number)
        )
    said = {
        "number": case.number,
        "request": sha256(command.statement).hexdigest(),
        "certificate": sha256(command.certificate).hexdigest(),
    }
    work.audit("certificates_requested", actor, said, (case.id, case.version))
    return Outcome(created_id=number)


def _intend(work: UnitOfWork, command: IntendHouseCertificate, actor: Actor, _prepared: None) -> Outcome:
    """Store the intent of a certificate for a key that the house has on record under this very profile."""
    require_unknown_key(work.connection, command.spki_sha256)
    require_house_key(work.connection, command.profile or "", command.spki_sha256)
    # At once: of two who intend the same key the second finds the first, and says so.
    work.insert(
        t.certificate,
        ca=str(command.ca),
        authority=command.authority,
        serial=command.serial,
        csn=command.csn,
        profile=command.profile,
        purpose=command.purpose,
        status=str(CertificateStatus.INTENDED),
        status_version=0,
        tbs=command.tbs,
        tbs_sha256=command.tbs_sha256,
        tbs_seal=command.tbs_seal,
        spki_sha256=command.spki_sha256,
        subject=command.subject,
        not_before=command.not_before,
        not_after=command.not_after,
        status_at=work.now,
        created_at=work.now,
    )
    said = {"serial": command.serial, "profile": command.profile, "tbs": command.tbs_sha256}
    work.audit("certificate_intended", actor, said)
    return Outcome()


def require_house_key(connection: sa.Connection, profile: str, spki_sha256: str) -> None:
    """Refuse a certificate of the house for a key that is on no record of its own."""
    known = None
    if profile == RA_PROFILE:
        known = connection.execute(sa.select(G.id).where(G.spki_sha256 == spki_sha256)).first()
    elif profile == STAFF_PROFILE:
        making = (S.spki_sha256 == spki_sha256) & (S.state == str(StaffCardState.MAKING))
        known = connection.execute(sa.select(S.id).where(making)).first()
    if known is None:
        raise Refused("certificate.not_issuable", detail="a key that the house has not on record")


ACTS = (
    # After a revocation an administrator asks for another key (RV1-07).
    Act(RecordRegistrationKey, _record_key, SYSTEM | {Role.ADMINISTRATOR}),
    Act(RecordIssuingRequest, _record_request, SYSTEM),
    Act(IntendHouseCertificate, _intend, SYSTEM),
)
