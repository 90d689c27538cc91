"""Acts on authorities' keys: each is signed by all who must be present, and leaves a row that says so (ROL-02, ROL-08)."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.errors import KeyRefusedError
from workflow.acts.act import Act
from workflow.acts.share_holders import require_holders
from workflow.commands_of_authorities import (
    AbortKeyTask,
    BeginKeyTask,
    EstablishAuthorities,
    LeaveKeys,
    RecordGenerations,
    RecordKeyGone,
)
from workflow.errors import Refused, Unavailable, Words
from workflow.ocsp.responders import PREFIX
from workflow.outcome import Outcome
from workflow.presence import witness
from workflow.store import schema as t
from workflow.store.numbers import take
from workflow.store.outbox import crl_row
from workflow.store.roots import IS_ROOT, link_name
from workflow.vocabulary import AuthorityState, KeyTask, KeyTaskState, Role

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.commands_of_authorities import NewAuthority
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.presence import Witnessed
    from workflow.store.unit_of_work import UnitOfWork

A, K = t.authority.c, t.key_task.c
TRUSTED = frozenset({Role.ADMINISTRATOR, Role.SECOND_REVIEWER, Role.AUDITOR, Role.CONTROLLER})
"""Who may take part; how many of whom, `workflow.policies.trusted_people` says."""
MARK_BYTES = 8


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What the people signed, and the place where the task will make its keys."""

    plan: Witnessed
    place: str


def _agree(office: Office, command: BeginKeyTask, actor: Actor) -> _Agreed:
    what = {"authorities": list(command.authorities), "plan": json.loads(command.plan)}
    agreed = witness(office, command.task, command.hands, actor, what)
    return _Agreed(agreed, place_of_keys(office, ", ".join(command.authorities)))


def place_of_keys(office: Office, names: str) -> str:
    """Return where the keys of a task are made or destroyed; Unavailable when that place can't be reached."""
    try:
        return office.keystore.place()
    except KeyRefusedError as error:
        raise Unavailable("authority.key_unavailable", authority=names, detail=error.message) from error


def _begin(work: UnitOfWork, command: BeginKeyTask, actor: Actor, agreed: _Agreed) -> Outcome:
    require_none_open(work)
    require_holders(work.connection, command.holders)
    if command.task is KeyTask.CEREMONY:
        _require_no_authority(work)
    _require_new(work, command)
    mark = secrets.token_hex(MARK_BYTES)
    number = work.insert(
        t.key_task,
        task=str(command.task),
        state=str(KeyTaskState.OPEN),
        authorities=",".join(command.authorities),
        mark=mark,
        place=agreed.place,
        plan=agreed.plan.statement,
        plan_signatures=agreed.plan.said(),
        at=work.now,
    )
    _tell(work, actor, "key_task_begun", number, command.task, agreed.plan)
    return Outcome(created_id=number, number=mark)


def _require_no_authority(work: UnitOfWork) -> None:
    """Refuse where a ceremony was held, or a demonstration's authorities were made; responders count for nothing."""
    if work.connection.execute(sa.select(A.id).where(~A.name.startswith(PREFIX))).first() is not None:
        raise Refused("authority.established")


def _require_new(work: UnitOfWork, command: BeginKeyTask) -> None:
    """Refuse a plan that another task has carried out meanwhile; a restoration is about what stands."""
    if command.task not in {KeyTask.CEREMONY, KeyTask.ROLLOVER}:
        return
    found = work.connection.execute(sa.select(A.name).where(A.name.in_(command.authorities))).scalar()
    if found is not None:
        raise Refused("authority.exists", name=found)


def _establish(work: UnitOfWork, command: EstablishAuthorities, actor: Actor, _prepared: None) -> Outcome:
    """Store a demonstration's authorities, all or none; real ones come out of a ceremony alone (ROL-02)."""
    if not work.office.settings.test_assurance:
        raise Refused("authority.needs_ceremony")
    require_none_open(work)
    _require_no_authority(work)
    for one in command.authorities:
        _put(work, one)
        said = {"name": one.name, "certificate": sha256(one.certificate).hexdigest()}
        work.audit("authority_recorded", actor, said)
    return Outcome()


def require_none_open(work: UnitOfWork) -> None:
    """Refuse while another task is under way or has keys left to destroy; who asks holds others up until the commit."""
    take(work.connection, "key_task")
    found = work.connection.execute(sa.select(K.id, K.task, K.at).where(K.ended_at.is_(None))).first()
    if found is not None:
        task = KeyTask(found.task)
        since = found.at.isoformat(timespec="minutes")
        raise Refused("authority.task_open", task=Words(task.zh, task.en), number=found.id, since=since)


def _sign_record(office: Office, command: RecordGenerations, actor: Actor) -> Witnessed:
    with office.reading() as connection:
        task = connection.execute(sa.select(K.task).where(K.id == command.number)).scalar()
    if task is None:
        raise Refused("authority.task_ended", number=command.number)
    certificates = {one.name: sha256(one.certificate).hexdigest() for one in command.authorities}
    certificates |= {
        link_name(one.subject, one.signer): sha256(one.certificate).hexdigest() for one in command.links
    }
    what = {"number": command.number, "certificates": certificates, "record": json.loads(command.record)}
    return witness(office, KeyTask(task), command.hands, actor, what)


def _record(work: UnitOfWork, command: RecordGenerations, actor: Actor, signed: Witnessed) -> Outcome:
    row = open_task(work, command.number)
    for one in command.authorities:
        _put(work, one)
        # Relying parties find a list of the new key before its first certificate.
        work.ask([crl_row(one.name, work.now, work.office.wall.now())])
    for link in command.links:
        values = {"subject": link.subject, "signer": link.signer, "certificate": link.certificate}
        work.insert(t.root_link, **values, at=work.now)
    for copy in command.backups:
        work.insert(t.key_backup, **copy.said(), made_at=work.now)
    work.connection.execute(sa.update(t.key_task).where(K.id == row.id).values(**ended(signed, work.now)))
    _tell(work, actor, "key_task_done", row.id, KeyTask(row.task), signed)
    return Outcome(created_id=row.id)


def ended(signed: Witnessed, at: datetime | None) -> dict[str, Any]:
    """Return what a carried-out task's row says; `at` is empty while a key of it is still to be destroyed."""
    return {
        "state": str(KeyTaskState.DONE),
        "record": signed.statement,
        "record_signatures": signed.said(),
        "ended_at": at,
    }


def _put(work: UnitOfWork, one: NewAuthority) -> None:
    older = A.ca == str(one.ca) if one.ca is not None else IS_ROOT
    work.connection.execute(
        sa.update(t.authority)
        .where(older, A.state == str(AuthorityState.ACTIVE))
        .values(state=str(AuthorityState.RETIRED))
    )
    work.insert(
        t.authority,
        name=one.name,
        ca=str(one.ca) if one.ca else None,
        generation=one.generation,
        state=str(AuthorityState.ACTIVE),
        certificate=one.certificate,
        sealed_key=one.sealed_key,
        key_reference=one.key_reference,
        at=work.now,
    )


def open_task(work: UnitOfWork, number: int) -> Any:
    """Return the row of a task under way, locked; Refused for one that has ended."""
    query = sa.select(t.key_task).where(K.id == number, K.state == str(KeyTaskState.OPEN))
    row = work.connection.execute(query.with_for_update()).first()
    if row is None:
        raise Refused("authority.task_ended", number=number)
    return row


def _abort(work: UnitOfWork, command: AbortKeyTask, actor: Actor, _prepared: None) -> Outcome:
    row = open_task(work, command.number)
    work.connection.execute(
        sa.update(t.key_task).where(K.id == row.id).values(state=str(KeyTaskState.ABORTED))
    )
    said = {"number": row.id, "task": row.task, "authorities": row.authorities, "reason": command.reason}
    work.audit("key_task_aborted", actor, said)
    return Outcome()


def _gone(work: UnitOfWork, command: RecordKeyGone, actor: Actor, _prepared: None) -> Outcome:
    ended_now = (
        sa.update(t.key_task)
        .where(K.id == command.number, K.state != str(KeyTaskState.OPEN), K.ended_at.is_(None))
        .values(ended_at=work.now, reference=None)
    )
    if work.connection.execute(ended_now).rowcount:
        work.audit("keys_destroyed", actor, {"number": command.number, "place": command.place})
    return Outcome()


def _decide_to_leave(office: Office, command: LeaveKeys, actor: Actor) -> Witnessed:
    if not command.reason.strip():
        raise Refused("case.reason_missing")
    with office.reading() as connection:
        task = connection.execute(
            sa.select(K.task).where(K.id == command.number, K.ended_at.is_(None))
        ).scalar()
    if task is None:
        raise Refused("authority.task_ended", number=command.number)
    what = {"number": command.number, "left": command.reason.strip()}
    return witness(office, KeyTask(task), command.hands, actor, what)


def _leave(work: UnitOfWork, command: LeaveKeys, actor: Actor, decided: Witnessed) -> Outcome:
    query = sa.select(t.key_task).where(K.id == command.number, K.ended_at.is_(None))
    row = work.connection.execute(query.with_for_update()).first()
    if row is None:
        raise Refused("authority.task_ended", number=command.number)
    state = KeyTaskState.ABORTED if row.state == str(KeyTaskState.OPEN) else KeyTaskState(row.state)
    over = {"state": str(state), "ended_at": work.now, "left_reason": command.reason.strip()}
    work.connection.execute(sa.update(t.key_task).where(K.id == row.id).values(**over))
    said = {
        "number": row.id,
        "place": row.place,
        "key": row.reference,
        "reason": command.reason.strip(),
        "statement": decided.statement,
        "signatures": decided.said(),
    }
    work.audit("keys_left", actor, said)
    return Outcome(created_id=row.id)


def _tell(
    work: UnitOfWork, actor: Actor, kind: str, number: int, task: KeyTask, signed: Witnessed
) -> None:  # fmt: skip
    said = {"number": number, "task": str(task), "statement": signed.statement, "signatures": signed.said()}
    work.audit(kind, actor, said)


ACTS = (
    Act(BeginKeyTask, _begin, TRUSTED, _agree),
    Act(EstablishAuthorities, _establish, frozenset({Role.SYSTEM})),
    Act(RecordGenerations, _record, TRUSTED, _sign_record),
    Act(AbortKeyTask, _abort, TRUSTED | frozenset({Role.OPERATOR})),
    Act(LeaveKeys, _leave, TRUSTED, _decide_to_leave),
    Act(RecordKeyGone, _gone, frozenset({Role.SYSTEM})),
)
