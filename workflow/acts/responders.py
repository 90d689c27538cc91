"""Recording the OCSP responders' certificates: of many processes that renew one at the same time, the first has it."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.commands_of_performers import RenewResponder
from workflow.errors import NotFound, Refused, Words
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.vocabulary import AuthorityState, Role

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

A = t.authority.c


def _renew(work: UnitOfWork, command: RenewResponder, actor: Actor, _prepared: None) -> Outcome:
    _one_at_a_time(work, command.authority)
    name = f"ocsp:{command.authority}"
    in_use = work.connection.execute(sa.select(A.certificate).where(A.name == name)).scalar()
    if command.replaces != (sha256(bytes(in_use)).hexdigest() if in_use else ""):
        return Outcome()
    values = {
        "certificate": command.certificate,
        "sealed_key": command.sealed_key,
        "key_reference": command.key_reference,
        "at": work.now,
    }
    if in_use is None:
        work.insert(t.authority, name=name, state=str(AuthorityState.ACTIVE), **values)
    else:
        work.connection.execute(sa.update(t.authority).where(A.name == name).values(**values))
    said = {
        "authority": command.authority,
        "certificate": sha256(command.certificate).hexdigest(),
        "replaces": command.replaces,
    }
    work.audit("responder_renewed", actor, said)
    return Outcome()


def _one_at_a_time(work: UnitOfWork, authority: str) -> None:
    """Lock the authority's own row, which is there even before its first responder is."""
    locked = work.connection.execute(sa.select(A.state).where(A.name == authority).with_for_update()).first()
    if locked is None:
        raise NotFound("case.not_found")
    if locked.state == str(AuthorityState.DESTROYED):
        said = Words(AuthorityState.DESTROYED.zh, AuthorityState.DESTROYED.en)
        action = Words("更新 OCSP 回應憑證", "renew its responder")
        raise Refused("authority.state", name=authority, state=said, action=action)


ACTS = (Act(RenewResponder, _renew, frozenset({Role.SYSTEM})),)
