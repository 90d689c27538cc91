"""Putting an authority's key back from a copy, for recovery and for a change of where keys are kept (ROL-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.errors import KeyRefusedError
from workflow.acts.act import Act
from workflow.acts.generations import TRUSTED, require_none_open
from workflow.acts.key_rows import locked, note, require_reason, state_refuses
from workflow.authorities import certificate_of, working
from workflow.commands_of_authorities import RestoreAuthority
from workflow.errors import NotFound, Refused, Unavailable
from workflow.ocsp.responders import PREFIX
from workflow.outcome import Outcome
from workflow.presence import witness
from workflow.store import schema as t
from workflow.vocabulary import AuthorityState, KeyTask

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.presence import Witnessed
    from workflow.store.unit_of_work import UnitOfWork

A, B = t.authority.c, t.key_backup.c


def _decide(office: Office, command: RestoreAuthority, actor: Actor) -> Witnessed:
    require_reason(command.reason)
    what = {
        "authority": command.name,
        "reason": command.reason.strip(),
        "copy": command.copy_sha256,
    }
    decided = witness(office, KeyTask.RESTORATION, command.hands, actor, what)
    _require_lost(office, command.name)
    try:
        signer = office.keystore.open(command.sealed_key, None)
    except KeyRefusedError as error:
        raise Refused("authority.other_key", name=command.name) from error
    if signer.spki_der != read_certificate(certificate_of(office, command.name)).spki_der:
        raise Refused("authority.other_key", name=command.name)
    return decided


def _require_lost(office: Office, name: str) -> None:
    """Refuse where the key is at work: a copy is for recovery alone."""
    try:
        certificate_of(office, name)
    except LookupError as error:
        raise NotFound("authority.not_found", name=name) from error
    try:
        working(office, name)
    except (Unavailable, LookupError):
        return
    raise Refused("authority.key_works", name=name)


def _restore(work: UnitOfWork, command: RestoreAuthority, actor: Actor, decided: Witnessed) -> Outcome:
    require_none_open(work)
    row = locked(work, command.name)
    if row.state == str(AuthorityState.DESTROYED):
        raise state_refuses(row, "RestoreAuthority")
    known = sa.select(B.id).where(
        B.authority == command.name, B.sha256 == command.copy_sha256, B.destroyed_at.is_(None)
    )
    if work.connection.execute(known).first() is None:
        raise Refused("authority.unknown_copy", name=command.name)
    work.connection.execute(
        sa.update(t.authority).where(A.id == row.id).values(sealed_key=command.sealed_key)
    )
    # The responder's key was lost with the authority's; without a row the next look makes another.
    work.connection.execute(sa.delete(t.authority).where(A.name == PREFIX + command.name))
    number = note(work, KeyTask.RESTORATION, command.name, decided, ended_at=work.now)
    said = {
        "name": command.name,
        "number": number,
        "reason": command.reason.strip(),
        "copy": command.copy_sha256,
        "statement": decided.statement,
        "signatures": decided.said(),
    }
    work.audit("authority_restored", actor, said)
    return Outcome(created_id=number)


ACTS = (Act(RestoreAuthority, _restore, TRUSTED, _decide),)
