"""Recording that an authority's key is back from a copy, for recovery and for a change of where keys are kept (ROL-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.errors import KeyRefusedError
from workflow.acts.act import Act
from workflow.acts.generations import TRUSTED, ended, open_task
from workflow.acts.key_rows import locked, require_reason, state_refuses
from workflow.authorities import certificate_of
from workflow.commands_of_authorities import RestoreAuthority
from workflow.errors import Refused
from workflow.ocsp.responders import PREFIX
from workflow.outcome import Outcome
from workflow.presence import witness
from workflow.restoring import listed_copy, require_lost
from workflow.store import schema as t
from workflow.vocabulary import AuthorityState, KeyTask

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.presence import Witnessed
    from workflow.store.unit_of_work import UnitOfWork

A, K = t.authority.c, t.key_task.c


def _decide(office: Office, command: RestoreAuthority, actor: Actor) -> Witnessed:
    require_reason(command.reason)
    what = {
        "number": command.number,
        "authority": command.name,
        "reason": command.reason.strip(),
        "copy": command.copy_sha256,
    }
    decided = witness(office, KeyTask.RESTORATION, command.hands, actor, what)
    require_lost(office, command.name)
    try:
        signer = office.keystore.open(command.sealed_key, command.key_reference)
    except KeyRefusedError as error:
        raise Refused("authority.other_key", name=command.name) from error
    if signer.spki_der != read_certificate(certificate_of(office, command.name)).spki_der:
        raise Refused("authority.other_key", name=command.name)
    return decided


def _restore(work: UnitOfWork, command: RestoreAuthority, actor: Actor, decided: Witnessed) -> Outcome:
    task = open_task(work, command.number)
    row = locked(work, command.name)
    if row.state == str(AuthorityState.DESTROYED):
        raise state_refuses(row, "RestoreAuthority")
    if (task.task, task.authorities) != (str(KeyTask.RESTORATION), command.name):
        raise Refused("authority.task_ended", number=command.number)
    if listed_copy(work.connection, command.name, command.copy_sha256) is None:
        raise Refused("authority.unknown_copy", name=command.name)
    kept = {"sealed_key": command.sealed_key, "key_reference": command.key_reference}
    work.connection.execute(sa.update(t.authority).where(A.id == row.id).values(**kept))
    # The responder's key was lost with the authority's; without a row the next look makes another.
    work.connection.execute(sa.delete(t.authority).where(A.name == PREFIX + command.name))
    work.connection.execute(sa.update(t.key_task).where(K.id == task.id).values(**ended(decided, work.now)))
    said = {
        "name": command.name,
        "number": task.id,
        "reason": command.reason.strip(),
        "copy": command.copy_sha256,
        "key": command.key_reference,
        "before": row.key_reference,
        "place": task.place,
        "statement": decided.statement,
        "signatures": decided.said(),
    }
    work.audit("authority_restored", actor, said)
    return Outcome(created_id=task.id)


ACTS = (Act(RestoreAuthority, _restore, TRUSTED, _decide),)
