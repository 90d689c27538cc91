"""User codes: checked against their hash, counted when wrong, locked at the third wrong one (PIN-03, APP-16)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow import policies
from workflow.acts.act import PUBLIC, STAFF, Act
from workflow.cases.certificate_request import States
from workflow.commands import CheckUserCode, UnlockUserCode, WithUserCode
from workflow.errors import NotFound, Refused, RegistryError, Stale, UserCodeLocked, WrongUserCode
from workflow.machine import state_of
from workflow.outcome import Outcome, of_case
from workflow.store import schema as t
from workflow.store.loading import load_cases
from workflow.vocabulary import CaseKind, Role

if TYPE_CHECKING:
    from workflow.facts import Actor, CaseFacts
    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork


SERIAL = re.compile(r"[0-9A-Fa-f]{32}")
_DESK_OPENS = (CaseKind.CARD_APPLICATION, CaseKind.CERTIFICATE_REQUEST)


@dataclass(frozen=True)
class Tried:
    """A code compared with the hash that the case had then."""

    case_id: int
    hashed: str
    right: bool


def try_code(office: Office, case_id: int, code: str) -> Tried:
    """Compare a code with a case's hash, before any lock: argon2 takes a tenth of a second."""
    with office.reading() as connection:
        hashed = connection.execute(sa.select(t.case.c.user_code_hash).where(t.case.c.id == case_id)).scalar()
    if hashed is None:
        # A case without a code takes as long to refuse as one with a wrong code: one hash, and the same answer.
        office.hasher.hash(code)
        raise WrongUserCode("case.number_or_code_wrong")
    return Tried(case_id, hashed, office.hasher.verify(hashed, code))


def admit(work: UnitOfWork, case: CaseFacts, tried: Tried, actor: Actor) -> RegistryError | None:
    """Count the try under the case's lock; returns the refusal that the commit must leave a trace of, or None.

    A right code is worth nothing once the third wrong one has been counted, even one sent at the same moment.
    """
    limit = policies.by_version(case.policy_version).user_code_tries.value
    if case.user_code_tries >= limit:
        raise UserCodeLocked("usercode.locked")
    query = sa.select(t.case.c.user_code_hash).where(t.case.c.id == case.id)
    if work.connection.execute(query).scalar() != tried.hashed:
        raise Stale("case.stale", state=state_of(case.kind, case.state))
    if tried.right:
        if case.user_code_tries:
            work.update_case(case.id, {"user_code_tries": 0})
        return None
    tries = case.user_code_tries + 1
    work.update_case(case.id, {"user_code_tries": tries})
    kind = "user_code_locked" if tries >= limit else "user_code_wrong"
    work.audit(kind, actor, {"number": case.number, "tries": tries}, (case.id, case.version))
    if tries >= limit:
        return UserCodeLocked("usercode.locked")
    return WrongUserCode("usercode.wrong", left=limit - tries)


def prepare_proof(office: Office, command: WithUserCode, _actor: Actor) -> Tried:
    """Compare the code of a command that needs one."""
    return try_code(office, command.case_id, command.user_code)


def _prepare_check(office: Office, command: CheckUserCode, _actor: Actor) -> Tried:
    number = "".join(command.number.split())
    with office.reading() as connection:
        case_id = connection.execute(sa.select(t.case.c.id).where(t.case.c.number == number)).scalar()
        if case_id is None and SERIAL.fullmatch(number):
            # The subscriber of a certificate without a card names it by its serial (ACT-06). Afterwards anyone can
            # read serials in the repository, so they open nothing: whoever guesses would lock the subscriber's code.
            c, k = t.certificate.c, t.case.c
            query = (
                sa.select(c.case_id)
                .join(t.case, k.id == c.case_id)
                .where(c.serial == number.lower(), c.item_id.is_not(None), k.state == str(States.TO_ACCEPT))
            )
            case_id = connection.execute(query).scalar()
    if case_id is None:
        office.hasher.hash(command.user_code)
        raise WrongUserCode("case.number_or_code_wrong")
    return try_code(office, case_id, command.user_code)


def _check(work: UnitOfWork, _command: CheckUserCode, actor: Actor, tried: Tried) -> Outcome:
    case = work.lock_one(tried.case_id)
    refusal = admit(work, case, tried, actor)
    if isinstance(refusal, WrongUserCode):
        # Whoever guesses learns neither that the number exists nor how many tries are left.
        refusal = WrongUserCode("case.number_or_code_wrong")
    return Outcome(refusal=refusal) if refusal else of_case(case)


def _unlock(work: UnitOfWork, command: UnlockUserCode, actor: Actor, _prepared: None) -> Outcome:
    """Open a locked code of a case without a card; with a card it is reset on paper instead (PIN-03, UCR-01)."""
    if not command.reason.strip():
        raise Refused("case.reason_missing")
    case = work.lock_one(command.case_id)
    limit = policies.by_version(case.policy_version).user_code_tries.value
    if case.kind not in _DESK_OPENS or case.card_number or case.user_code_tries < limit:
        raise Refused("usercode.not_to_unlock")
    work.update_case(case.id, {"user_code_tries": 0})
    said = {"number": case.number, "reason": command.reason}
    work.audit("user_code_unlocked", actor, said, (case.id, case.version))
    return of_case(case)


def load_one(office: Office, case_id: int) -> CaseFacts:
    """Load a case without a lock; NotFound when there is none."""
    with office.reading() as connection:
        found = load_cases(connection, [case_id], lock=False)
    if case_id not in found:
        raise NotFound("case.not_found")
    return found[case_id]


ACTS = (
    Act(CheckUserCode, _check, PUBLIC | STAFF | {Role.SYSTEM}, _prepare_check),
    Act(UnlockUserCode, _unlock, frozenset({Role.HELP_DESK})),
)
