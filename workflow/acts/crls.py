"""Publishing CRLs: the lists are signed in the transaction that reads the statuses, so a later number never knows less.

Each list is checked as a relying party would before it takes the old one's place (CRL-01). One that fails is not
published: the old one stays, the failure is written down and told to the operators, and the work is tried again.
Entries that are not what the statuses ask for are put right before that next try.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.activation import NOT_ACTIVATED
from pki.errors import PkiError
from workflow.acts.act import Act
from workflow.authorities import NOT_ACTIVATED_CODE, Working, working
from workflow.commands_of_performers import ForgetLists, LiftCrlNumber, PublishCrl
from workflow.crl_making import ENTRIES_WRONG, lift_number, make_lists, next_number
from workflow.crl_scope import LISTED, crl_reason
from workflow.errors import BadInput, FieldProblem, NotFound, Refused, Unavailable, Words
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.store.crl_entries import repair
from workflow.store.crl_lists import forget
from workflow.store.outbox import crl_row
from workflow.vocabulary import AuthorityState, Role

if TYPE_CHECKING:
    from workflow.crl_making import Published
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

MOST = 2_000_000_000
"""The highest number that a list may be lifted to: the column has 32 bits, and numbers have to be left."""
PREFIX = "ocsp:"

__all__ = ["ACTS", "LISTED", "crl_reason"]


def _prepare(office: Office, command: PublishCrl, _actor: Actor) -> Working:
    return working(office, command.authority)


def _publish(work: UnitOfWork, command: PublishCrl, actor: Actor, authority: Working) -> Outcome:
    number = next_number(work.connection, authority.name)
    # Asked under the number's lock, which the end of a key takes too: no list is signed after the last.
    _require_alive(work, authority.name)
    try:
        # What a refused list took and wrote is undone; that it was refused is kept.
        with work.connection.begin_nested():
            made = make_lists(work.office, work.connection, authority, number, whole=command.whole)
    except PkiError as error:
        if error.code == NOT_ACTIVATED:
            # No list failed: the keys were deactivated before it was signed.
            raise Unavailable(NOT_ACTIVATED_CODE) from error
        if error.code == ENTRIES_WRONG:
            repair(work.connection, authority.name, work.now)
        return _refused(work, actor, authority.name, number, error)
    if made is None:
        return Outcome()
    _tell(work, actor, authority.name, made)
    return Outcome(created_id=made.number)


def _lift(work: UnitOfWork, command: LiftCrlNumber, actor: Actor, _prepared: None) -> Outcome:
    name = command.authority
    if not 0 < command.above <= MOST:
        zh, en = (
            f"清冊編號須為 1 至 {MOST} 的整數。",
            f"The number of a list is a whole number from 1 to {MOST}.",
        )
        raise BadInput(FieldProblem("above", "number", zh, en))
    a = t.authority.c
    known = sa.select(a.id).where(a.name == name, a.name.not_like(f"{PREFIX}%"))
    if work.connection.execute(known).first() is None:
        raise NotFound("crl.unknown_authority", authority=name)
    lifted = lift_number(work.connection, name, command.above)
    # Asked after the number was lifted, as before a list is made: the end of a key waits for it.
    _require_alive(work, name)
    work.ask([crl_row(name, work.now, work.office.wall.now())])
    work.audit("crl_number_lifted", actor, {"authority": name, "above": command.above, "number": lifted})
    return Outcome(created_id=lifted)


def _forget(work: UnitOfWork, command: ForgetLists, actor: Actor, _prepared: None) -> Outcome:
    gone = forget(work.connection, command.lists, work.now)
    if gone:
        work.audit("lists_archived", actor, {"lists": gone, "manifest": command.manifest})
    return Outcome(created_id=gone)


def _require_alive(work: UnitOfWork, name: str) -> None:
    a = t.authority.c
    state = work.connection.execute(sa.select(a.state).where(a.name == name)).scalar()
    if state == str(AuthorityState.DESTROYED):
        action = Words("簽發廢止清冊", "sign its lists")
        said = Words(AuthorityState.DESTROYED.zh, AuthorityState.DESTROYED.en)
        raise Refused("authority.state", name=name, state=said, action=action)


def _tell(work: UnitOfWork, actor: Actor, authority: str, made: Published) -> None:
    said = {
        "authority": authority,
        "number": made.number,
        "entries": made.entries,
        "partitions": list(made.partitions),
    }
    work.audit("crl_published", actor, said)


def _refused(work: UnitOfWork, actor: Actor, authority: str, number: int, error: PkiError) -> Outcome:
    said = {"authority": authority, "number": number, "code": error.code, "said": str(error)}
    work.audit("crl_refused", actor, said)
    work.connection.execute(sa.insert(t.crl_failure).inline().values(**said, at=work.now))
    return Outcome(refusal=Unavailable("crl.refused", authority=authority, code=error.code))


ACTS = (
    Act(PublishCrl, _publish, frozenset({Role.SYSTEM, Role.OPERATOR}), _prepare),
    Act(LiftCrlNumber, _lift, frozenset({Role.OPERATOR})),
    Act(ForgetLists, _forget, frozenset({Role.SYSTEM, Role.OPERATOR})),
)
