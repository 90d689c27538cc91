"""How an authority's key comes to its end: first it issues no more, then it is destroyed for ever (ROL-02, ROL-08)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.errors import PkiError
from workflow.acts.act import Act
from workflow.acts.generations import TRUSTED, place_of_keys, require_none_open
from workflow.acts.key_rows import drop_intents, locked, note, require_reason, state_refuses
from workflow.authorities import Working, working
from workflow.commands_of_authorities import DestroyAuthority, RetireAuthority
from workflow.crl_making import make_lists, next_number
from workflow.days import taipei_day
from workflow.errors import NotFound, Refused, Unavailable
from workflow.ocsp.responders import PREFIX
from workflow.outcome import Outcome
from workflow.presence import witness
from workflow.store import schema as t
from workflow.store.roots import IS_ROOT, is_root
from workflow.views.authorities import living
from workflow.vocabulary import AuthorityState, KeyTask

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.presence import Witnessed
    from workflow.store.unit_of_work import UnitOfWork

A = t.authority.c


@dataclass(frozen=True, slots=True)
class _End:
    """The people's decision, the key that signs the last lists, and the place where it is to be destroyed."""

    decided: Witnessed
    authority: Working
    place: str


def _decide_retirement(office: Office, command: RetireAuthority, actor: Actor) -> Witnessed:
    require_reason(command.reason)
    what = {"authority": command.name, "reason": command.reason.strip()}
    return witness(office, KeyTask.RETIREMENT, command.hands, actor, what)


def _retire(work: UnitOfWork, command: RetireAuthority, actor: Actor, decided: Witnessed) -> Outcome:
    row = locked(work, command.name)
    if row.state != str(AuthorityState.ACTIVE):
        raise state_refuses(row, "RetireAuthority")
    _require_successor(work, row)
    work.connection.execute(
        sa.update(t.authority).where(A.id == row.id).values(state=str(AuthorityState.RETIRED))
    )
    note(work, KeyTask.RETIREMENT, command.name, decided, ended_at=work.now)
    work.audit("authority_retired", actor, _said(command, decided))
    return Outcome()


def _require_successor(work: UnitOfWork, row: Any) -> None:
    """Refuse to retire the root that CAs issue under while no other is there: none of them could roll over any more."""
    if not is_root(row.name):
        return
    issuing = sa.select(A.id).where(A.ca.is_not(None), A.state == str(AuthorityState.ACTIVE))
    others = sa.select(A.id).where(IS_ROOT, A.state == str(AuthorityState.ACTIVE), A.id != row.id)
    if work.connection.execute(issuing).first() and not work.connection.execute(others).first():
        raise Refused("authority.only_root", name=row.name)


def _decide_destruction(office: Office, command: DestroyAuthority, actor: Actor) -> _End:
    require_reason(command.reason)
    what = {"authority": command.name, "reason": command.reason.strip(), "forced": command.forced}
    decided = witness(office, KeyTask.DESTRUCTION, command.hands, actor, what)
    try:
        authority = working(office, command.name)
    except LookupError as error:
        raise NotFound("authority.not_found", name=command.name) from error
    return _End(decided, authority, place_of_keys(office, command.name))


def _destroy(work: UnitOfWork, command: DestroyAuthority, actor: Actor, end: _End) -> Outcome:
    require_none_open(work)
    row = locked(work, command.name)
    _require_over(work, command, row)
    _require_here(work, command.name)
    # Taken in any case: whoever has it keeps a list out that another process is about to sign.
    last = next_number(work.connection, command.name)
    # Before the last lists, which have to say so: nobody can sign or revoke anything of this key afterwards.
    dropped = drop_intents(work, command.name)
    listed = _sign_last_lists(work, end.authority, last)
    gone = {"state": str(AuthorityState.DESTROYED), "sealed_key": None, "key_reference": None}
    work.connection.execute(sa.update(t.authority).where(A.id == row.id).values(**gone))
    work.connection.execute(sa.delete(t.authority).where(A.name == PREFIX + command.name))
    b = t.key_backup.c
    copies = work.connection.execute(
        sa.update(t.key_backup)
        .where(b.authority == command.name, b.destroyed_at.is_(None))
        .values(destroyed_at=work.now)
        .returning(b.place)
    ).scalars()
    places = sorted(copies)
    number = note(
        work,
        KeyTask.DESTRUCTION,
        command.name,
        end.decided,
        ended_at=None,
        held=(row.key_reference, end.place),
    )
    said = _said(command, end.decided) | {"number": number, "forced": command.forced, "last_list": listed}
    said |= {"dropped": list(dropped.serials), "copies": places, "key": row.key_reference, "place": end.place}
    work.audit("authority_destroyed", actor, said)
    return Outcome(created_id=number)


def _require_here(work: UnitOfWork, name: str) -> None:
    """Refuse where the authority's key or its responder's is not this keystore's, which could not destroy it."""
    rows = work.connection.execute(
        sa.select(A.name, A.key_reference).where(A.name.in_((name, PREFIX + name))).order_by(A.id)
    )
    for row in rows:
        if not work.office.keystore.keeps(row.key_reference):
            detail = f"it lies elsewhere: {row.key_reference}"
            raise Unavailable("authority.key_unavailable", authority=row.name, detail=detail)


def _require_over(work: UnitOfWork, command: DestroyAuthority, row: Any) -> None:
    if row.state == str(AuthorityState.DESTROYED):
        raise state_refuses(row, "DestroyAuthority")
    if command.forced:
        return
    if row.state == str(AuthorityState.ACTIVE):
        raise Refused("authority.issues", name=command.name)
    count, last = living(work.connection, command.name, work.now)
    if last is not None:
        until = taipei_day(last).isoformat()
        raise Refused("authority.still_needed", name=command.name, count=count, until=until)


def _sign_last_lists(work: UnitOfWork, authority: Working, number: int) -> int | None:
    """Sign lists that hold until the authority's own certificate ends; no certificate of it lives longer.

    After that end there is nothing to be said, and no list can be made.
    """
    until = read_certificate(authority.certificate).not_after
    if until <= work.now:
        return None
    try:
        made = make_lists(work.office, work.connection, authority, number, whole=True, until=until)
    except PkiError as error:
        raise Unavailable("crl.refused", authority=authority.name, code=error.code) from error
    return made.number if made else None


def _said(command: RetireAuthority | DestroyAuthority, decided: Witnessed) -> dict[str, Any]:
    return {
        "name": command.name,
        "reason": command.reason.strip(),
        "statement": decided.statement,
        "signatures": decided.said(),
    }


ACTS = (
    Act(RetireAuthority, _retire, TRUSTED, _decide_retirement),
    Act(DestroyAuthority, _destroy, TRUSTED, _decide_destruction),
)
