"""A root revokes an authority's certificate: several people decide it together, and nothing takes it back (ROL-08).

Relying parties learn it from the root's list and its OCSP answers, with the same time and reason (CRL-05). From then on
they refuse whatever the authority issued, so it issues no more. It goes on signing lists and answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.issuing import serial_text
from workflow.acts.act import Act
from workflow.acts.generations import TRUSTED
from workflow.acts.key_rows import drop_intents, locked, note, require_reason, state_refuses
from workflow.commands_of_authorities import RevokeAuthority
from workflow.errors import Refused
from workflow.outcome import Outcome
from workflow.presence import witness
from workflow.store import schema as t
from workflow.store.authority_revocations import add_revocation, revoked_since
from workflow.store.outbox import crl_row
from workflow.store.roots import is_root, root_of
from workflow.vocabulary import AuthorityState, KeyTask

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.presence import Witnessed
    from workflow.store.unit_of_work import UnitOfWork

A = t.authority.c


def _decide(office: Office, command: RevokeAuthority, actor: Actor) -> Witnessed:
    require_reason(command.explanation)
    what = {
        "authority": command.name,
        "reason": str(command.reason),
        "explanation": command.explanation.strip(),
    }
    return witness(office, KeyTask.REVOCATION, command.hands, actor, what)


def _revoke(work: UnitOfWork, command: RevokeAuthority, actor: Actor, decided: Witnessed) -> Outcome:
    row = locked(work, command.name)
    if is_root(row.name):
        raise Refused("authority.root_stays")
    root = _require_root(work, row.name)
    since = revoked_since(work.connection, row.name)
    if since is not None:
        at = since.isoformat(timespec="minutes")
        raise Refused("authority.revoked_already", name=row.name, since=at)
    serial = _write_down(work, command, row, root)
    unsigned = drop_intents(work, row.name).lists
    wall = work.office.wall.now()
    work.ask([crl_row(name, work.now, wall, whole=False) for name in (root, *unsigned)])
    number = note(work, KeyTask.REVOCATION, row.name, decided, ended_at=work.now)
    said = {
        "name": row.name,
        "serial": serial,
        "reason": str(command.reason),
        "explanation": command.explanation.strip(),
        "number": number,
        "statement": decided.statement,
        "signatures": decided.said(),
    }
    work.audit("authority_revoked", actor, said)
    return Outcome(created_id=number)


def _require_root(work: UnitOfWork, name: str) -> str:
    """Return the root that signed an authority, which alone can revoke it; its key is not destroyed before the commit.

    Refused where that key is gone already: no list can tell of the revocation any more.
    """
    signer = root_of(work.connection, name)
    query = sa.select(A.name, A.state).where(A.name == signer).with_for_update(read=True)
    root = work.connection.execute(query).one()
    if root.state == str(AuthorityState.DESTROYED):
        raise state_refuses(root, "RevokeAuthority")
    return str(root.name)


def _write_down(work: UnitOfWork, command: RevokeAuthority, row: Any, root: str) -> str:
    """Store the revocation and let the authority issue no more; returns the serial of its certificate."""
    query = sa.select(A.certificate).where(A.id == row.id)
    fields = read_certificate(bytes(work.connection.execute(query).scalar_one()))
    serial = serial_text(fields.serial)
    add_revocation(work.connection, (row.name, serial, fields.not_after), root, command.reason, work.now)
    if row.state != str(AuthorityState.DESTROYED):
        work.connection.execute(
            sa.update(t.authority).where(A.id == row.id).values(state=str(AuthorityState.REVOKED))
        )
    return serial


ACTS = (Act(RevokeAuthority, _revoke, TRUSTED, _decide),)
