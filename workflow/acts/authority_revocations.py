"""A root revokes an authority's certificate, or a link: several people decide it together, and nothing takes it back (ROL-08).

Relying parties learn it from the root's list and its OCSP answers, with the same time and reason (CRL-05). From then on
they refuse whatever the authority issued, so it issues no more. It goes on signing lists and answers. A link that is
revoked ends the way from the root that signed it to the other root; both go on as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.issuing import serial_text
from workflow.acts.act import Act
from workflow.acts.generations import TRUSTED
from workflow.acts.key_rows import (
    drop_intents,
    locked,
    locked_with_issuer,
    note,
    require_reason,
    state_refuses,
)
from workflow.commands_of_authorities import RevokeAuthority
from workflow.errors import Refused
from workflow.outcome import Outcome
from workflow.presence import witness
from workflow.store import schema as t
from workflow.store.authority_revocations import add_revocation, revoked_since
from workflow.store.outbox import crl_row
from workflow.store.roots import is_root, link_named
from workflow.vocabulary import AuthorityState, KeyTask

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.presence import Witnessed
    from workflow.store.roots import Link
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
    link = link_named(work.connection, command.name)
    serial, lists = _end_link(work, command, link) if link else _end_authority(work, command)
    wall = work.office.wall.now()
    work.ask([crl_row(name, work.now, wall, whole=False) for name in lists])
    number = note(work, KeyTask.REVOCATION, command.name, decided, ended_at=work.now)
    said = {
        "name": command.name,
        "serial": serial,
        "reason": str(command.reason),
        "explanation": command.explanation.strip(),
        "number": number,
        "statement": decided.statement,
        "signatures": decided.said(),
    }
    work.audit("authority_revoked", actor, said)
    return Outcome(created_id=number)


def _end_authority(work: UnitOfWork, command: RevokeAuthority) -> tuple[str, tuple[str, ...]]:
    """Write an authority's revocation down; returns its serial and the names of those whose lists have to follow."""
    row, signer = locked_with_issuer(work, command.name)
    if is_root(row.name):
        raise Refused("authority.root_stays")
    root = _able_to_tell(signer)
    _require_standing(work, row.name)
    serial = _write_down(work, command, row, root)
    return serial, (root, *drop_intents(work, row.name).lists)


def _end_link(work: UnitOfWork, command: RevokeAuthority, link: Link) -> tuple[str, tuple[str, ...]]:
    """Write the revocation of a link between roots down; whatever trusts the other root alone goes that way no more."""
    # Under the lock of the root that signed it, so that of two who come at once the second finds it revoked.
    root = _able_to_tell(locked(work, link.signer))
    _require_standing(work, link.name)
    fields = read_certificate(link.certificate)
    serial = serial_text(fields.serial)
    add_revocation(work.connection, (link.name, serial, fields.not_after), root, command.reason, work.now)
    return serial, (root,)


def _require_standing(work: UnitOfWork, name: str) -> None:
    since = revoked_since(work.connection, name)
    if since is not None:
        raise Refused("authority.revoked_already", name=name, since=since.isoformat(timespec="minutes"))


def _able_to_tell(signer: Any) -> str:
    """Return the name of the root that signed a certificate, which alone can revoke it; its row is locked.

    Refused where its key is gone already: no list can tell of the revocation any more.
    """
    if signer.state == str(AuthorityState.DESTROYED):
        raise state_refuses(signer, "RevokeAuthority")
    return str(signer.name)


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
