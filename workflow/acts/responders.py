"""Recording the OCSP responders' certificates: of many processes that renew one at the same time, the first has it.

An offline root's responder is made elsewhere and recorded here; nothing here touches an authority's own row.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.issuing import serial_text
from workflow.acts.act import Act
from workflow.acts.generations import place_of_keys
from workflow.acts.key_intents import conclude, open_intent, write_down
from workflow.commands_of_performers import IntendResponderKey, RecordAuthority, RenewResponder
from workflow.errors import NotFound, Refused, Words
from workflow.ocsp.responders import PREFIX
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.vocabulary import AuthorityState, Role

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

A = t.authority.c


def _reach(office: Office, command: IntendResponderKey, actor: Actor) -> str:
    del actor
    return place_of_keys(office, PREFIX + command.authority)


def _intend(work: UnitOfWork, command: IntendResponderKey, actor: Actor, place: str) -> Outcome:
    if not _is_next(work, command):
        return Outcome()
    outcome = write_down(work, PREFIX + command.authority, place)
    said = {"number": outcome.created_id, "label": outcome.number, "place": place, "serial": command.serial}
    work.audit("key_intended", actor, said)
    return outcome


def _is_next(work: UnitOfWork, command: IntendResponderKey | RenewResponder) -> bool:
    """Tell whether the responder that is to be replaced is the one in use; who asks holds others up until the commit."""
    _one_at_a_time(work, command.authority)
    query = sa.select(A.certificate).where(A.name == PREFIX + command.authority)
    in_use = work.connection.execute(query).scalar()
    return command.replaces == (sha256(bytes(in_use)).hexdigest() if in_use else "")


def _renew(work: UnitOfWork, command: RenewResponder, actor: Actor, _prepared: None) -> Outcome:
    if not _is_next(work, command):
        return Outcome()
    open_intent(work, command.intent)
    conclude(work, command.intent)
    _put(work, PREFIX + command.authority, command)
    said = {
        "authority": command.authority,
        "certificate": sha256(command.certificate).hexdigest(),
        "serial": serial_text(read_certificate(command.certificate).serial),
        "replaces": command.replaces,
    }
    work.audit("responder_renewed", actor, said)
    return Outcome()


def _record_authority(work: UnitOfWork, command: RecordAuthority, actor: Actor, _prepared: None) -> Outcome:
    """Store a responder of an offline authority; authorities themselves come out of ceremonies and roll-overs."""
    if not command.name.startswith(PREFIX):
        raise Refused("authority.needs_ceremony")
    _one_at_a_time(work, command.name.removeprefix(PREFIX))
    _put(work, command.name, command)
    said = {"name": command.name, "certificate": sha256(command.certificate).hexdigest()}
    work.audit("authority_recorded", actor, said)
    return Outcome()


def _put(work: UnitOfWork, name: str, command: RecordAuthority | RenewResponder) -> None:
    values = {
        "certificate": command.certificate,
        "sealed_key": command.sealed_key,
        "key_reference": command.key_reference,
        "at": work.now,
    }
    if not work.connection.execute(sa.update(t.authority).where(A.name == name).values(**values)).rowcount:
        work.insert(t.authority, name=name, state=str(AuthorityState.ACTIVE), **values)


def _one_at_a_time(work: UnitOfWork, authority: str) -> None:
    """Lock the authority's own row, which is there even before its first responder is."""
    locked = work.connection.execute(sa.select(A.state).where(A.name == authority).with_for_update()).first()
    if locked is None:
        raise NotFound("case.not_found")
    if locked.state == str(AuthorityState.DESTROYED):
        said = Words(AuthorityState.DESTROYED.zh, AuthorityState.DESTROYED.en)
        action = Words("更新 OCSP 回應憑證", "renew its responder")
        raise Refused("authority.state", name=authority, state=said, action=action)


ACTS = (
    Act(IntendResponderKey, _intend, frozenset({Role.SYSTEM}), _reach),
    Act(RenewResponder, _renew, frozenset({Role.SYSTEM})),
    Act(RecordAuthority, _record_authority, frozenset({Role.SYSTEM})),
)
