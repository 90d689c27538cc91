"""The books of the registration authorities: their keys, their signed requests, and the house's own certificates."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.acts.generations import place_of_keys
from workflow.acts.key_intents import conclude, open_intent, write_down
from workflow.acts.key_rows import require_issuing
from workflow.authorities import NOT_ACTIVATED_CODE
from workflow.commands_of_registration import (
    IntendHouseCertificate,
    IntendRegistrationKey,
    RecordIssuingRequest,
    RecordRegistrationKey,
)
from workflow.errors import Refused, Unavailable
from workflow.issuing_requests import RA_PROFILE, STAFF_PROFILE
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.store.among import among
from workflow.store.keys import require_unknown_key
from workflow.vocabulary import CertificateStatus, Role, StaffCardState

if TYPE_CHECKING:
    from workflow.facts import Actor, CaseFacts
    from workflow.issuing_requests import SignedRequest
    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

SYSTEM = frozenset({Role.SYSTEM})
A, C, G, S = t.authority.c, t.certificate.c, t.registration_key.c, t.staff_card.c


def _reach(office: Office, command: IntendRegistrationKey, actor: Actor) -> str:
    """Return where the key will be made, which is known before anything is written."""
    del actor
    if not office.keys_activated():
        raise Unavailable(NOT_ACTIVATED_CODE)
    return place_of_keys(office, f"ra:{command.ca}")


def _intend_key(work: UnitOfWork, command: IntendRegistrationKey, actor: Actor, place: str) -> Outcome:
    if not _is_next(work, command):
        return Outcome()
    outcome = write_down(work, f"ra:{command.ca}", place)
    said = {"number": outcome.created_id, "label": outcome.number, "place": place}
    work.audit("key_intended", actor, said)
    return outcome


def _is_next(work: UnitOfWork, command: IntendRegistrationKey | RecordRegistrationKey) -> bool:
    """Tell whether the key that is to be replaced is the newest; who asks holds others up until the commit."""
    # The CA's own rows are there before its RA's first key is.
    work.connection.execute(sa.select(A.id).where(A.ca == str(command.ca)).order_by(A.id).with_for_update())
    newest = work.connection.execute(
        sa.select(G.spki_sha256).where(G.ca == str(command.ca)).order_by(G.id.desc()).limit(1)
    ).scalar()
    return command.replaces == (newest or "")


def _record_key(work: UnitOfWork, command: RecordRegistrationKey, actor: Actor, _prepared: None) -> Outcome:
    """Store a key, unless another has taken the place of the one that it was to replace."""
    if not _is_next(work, command):
        return Outcome()
    open_intent(work, command.intent)
    conclude(work, command.intent)
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
    """Store what the RA asks anew after a run was interrupted: it may have another certificate by now."""
    case = work.hold_one(command.request.case_id)
    number = store_request(work, case, command.request, actor)
    work.connection.execute(
        sa.update(t.certificate)
        .where(
            C.case_id == case.id,
            among(C.serial, command.serials),
            C.status == str(CertificateStatus.INTENDED),
        )
        .values(request_id=number)
    )
    return Outcome(created_id=number)


def store_request(work: UnitOfWork, case: CaseFacts, request: SignedRequest, actor: Actor) -> int:
    """Store the RA's signed request for a held case; returns its number."""
    number = work.insert(
        t.issuing_request,
        case_id=case.id,
        statement=request.statement.decode(),
        signature=request.signature,
        certificate=request.certificate,
        at=work.now,
    )
    said = {
        "number": case.number,
        "request": sha256(request.statement).hexdigest(),
        "certificate": sha256(request.certificate).hexdigest(),
    }
    work.audit("certificates_requested", actor, said, (case.id, case.version))
    return number


def _intend(work: UnitOfWork, command: IntendHouseCertificate, actor: Actor, _prepared: None) -> Outcome:
    """Store the intent of a certificate for a key that the house has on record under this very profile."""
    require_unknown_key(work.connection, command.spki_sha256)
    require_house_key(work.connection, command.profile or "", command.spki_sha256)
    require_issuing(work, {command.authority})
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
    Act(IntendRegistrationKey, _intend_key, SYSTEM | {Role.ADMINISTRATOR}, _reach),
    Act(RecordRegistrationKey, _record_key, SYSTEM | {Role.ADMINISTRATOR}),
    Act(RecordIssuingRequest, _record_request, SYSTEM),
    Act(IntendHouseCertificate, _intend, SYSTEM),
)
