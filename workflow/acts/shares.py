"""Shares of the keys' secret, and the activation by those who hold them (ROL-02, ROL-07, ROL-08).

The decision is made and written down here; that the secret reaches the keeper, or leaves it, follows from it. Nothing
here sees the secret itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.errors import ShareRefusedError
from pki.shares import SealedShare, open_share
from workflow.acts.accounts import actor_of
from workflow.acts.act import Act
from workflow.commands_of_shares import (
    ActivateKeys,
    DeactivateKeys,
    HandInShare,
    KeepShares,
    PutSharesInForce,
)
from workflow.errors import NotAllowed, Refused
from workflow.outcome import Outcome
from workflow.presence import witness
from workflow.store import schema as t
from workflow.views.shares import REGISTRATION, sealed_keys
from workflow.vocabulary import KeyDuty, Role, ShareSetState

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.presence import Witnessed
    from workflow.store.unit_of_work import UnitOfWork

A, K, S = t.account.c, t.key_share.c, t.share_set.c
KEEPERS = frozenset({Role.ADMINISTRATOR, Role.AUDITOR, Role.CONTROLLER})
ISSUERS = frozenset({Role.SECOND_REVIEWER, Role.CONTROLLER})
HOLDERS = frozenset({Role.SECOND_REVIEWER})
IN_FORCE, PENDING = str(ShareSetState.IN_FORCE), str(ShareSetState.PENDING)


# --- splitting -----------------------------------------------------------------------------------------------


def _prepare_keeping(office: Office, command: KeepShares, actor: Actor) -> Witnessed:
    what = {
        "set": command.set_id,
        "purpose": command.purpose,
        "threshold": command.threshold,
        "holders": [one.holder_id for one in command.shares],
        "replaces": command.replaces,
        "keys": [one.name for one in command.resealed],
    }
    return witness(office, KeyDuty.SHARING, command.hands, actor, what)


def _keep(work: UnitOfWork, command: KeepShares, actor: Actor, seen: Witnessed) -> Outcome:
    connection = work.connection
    holders = _holders(connection, command)
    current = connection.execute(
        sa.select(S.id, S.set_id).where(S.state == IN_FORCE, S.purpose == command.purpose).with_for_update()
    ).first()
    if current is not None and command.replaces is None:
        raise Refused("share.set_in_force", set=current.set_id)
    if (current.set_id if current is not None else None) != command.replaces:
        raise Refused("share.changed_meanwhile")
    # Sets that wait stay: their token may be given its PIN this moment, and then nothing else opens it.
    if current is not None and not command.pending:
        _end(work, S.id == current.id)
    _reseal(connection, command)
    made = work.insert(
        t.share_set,
        set_id=command.set_id,
        purpose=command.purpose,
        threshold=command.threshold,
        state=PENDING if command.pending else IN_FORCE,
        made_at=work.now,
    )
    for one in command.shares:
        work.insert(
            t.key_share, share_set_id=made, number=one.number, holder_id=one.holder_id, sealed=one.sealed
        )
    said = {
        "set": command.set_id,
        "threshold": command.threshold,
        "holders": {one.number: holders[one.holder_id] for one in command.shares},
        "on_media": [one.number for one in command.shares if one.sealed is None],
        "replaces": command.replaces,
        "keys": [one.name for one in command.resealed],
        "statement": seen.statement,
        "signatures": seen.said(),
    }
    kind = "shares_replaced" if command.replaces else "shares_made"
    work.audit("shares_prepared" if command.pending else kind, actor, said)
    return Outcome(created_id=made)


def _holders(connection: sa.Connection, command: KeepShares) -> dict[int, str]:
    """Return the logins of the holders; they are officers, and each another natural person (ROL-08)."""
    wanted = [one.holder_id for one in command.shares]
    rows = connection.execute(sa.select(t.account).where(A.id.in_(wanted), A.active.is_(True))).all()
    officers = [row for row in rows if actor_of(row).roles & HOLDERS]
    if len({row.person_id for row in officers}) != len(command.shares):
        raise Refused("share.holders", count=len(command.shares))
    return {row.id: row.login for row in officers}


def _end(work: UnitOfWork, which: sa.ColumnElement[bool]) -> None:
    """Put sets out of force; their sealed shares open nothing any more and go with them."""
    over = {"state": str(ShareSetState.REPLACED), "ended_at": work.now}
    ended = work.connection.execute(sa.update(t.share_set).where(which).values(**over).returning(S.id))
    for set_row in ended.scalars().all():
        work.connection.execute(sa.update(t.key_share).where(K.share_set_id == set_row).values(sealed=None))


def _put_in_force(work: UnitOfWork, command: PutSharesInForce, actor: Actor, _prepared: None) -> Outcome:
    pending = work.connection.execute(
        sa.select(S.id, S.purpose).where(S.set_id == command.set_id, S.state == PENDING).with_for_update()
    ).first()
    if pending is None:
        raise Refused("share.not_pending")
    _end(work, (S.purpose == pending.purpose) & S.state.in_((IN_FORCE, PENDING)) & (S.id != pending.id))
    work.connection.execute(sa.update(t.share_set).where(S.id == pending.id).values(state=IN_FORCE))
    work.audit("shares_in_force", actor, {"set": command.set_id})
    return Outcome(created_id=pending.id)


def _reseal(connection: sa.Connection, command: KeepShares) -> None:
    """Put the keys under the new secret, all of them or none."""
    a, g = t.authority.c, t.registration_key.c
    for one in command.resealed:
        number = one.name.removeprefix(REGISTRATION)
        statement = (
            sa.update(t.authority).where(a.name == one.name, a.sealed_key == one.was)
            if number == one.name
            else sa.update(t.registration_key).where(g.id == int(number), g.sealed_key == one.was)
        )
        if connection.execute(statement.values(sealed_key=one.sealed)).rowcount != 1:
            raise Refused("share.changed_meanwhile")
    if command.resealed and len(sealed_keys(connection)) != len(command.resealed):
        raise Refused("share.changed_meanwhile")


# --- handing in ----------------------------------------------------------------------------------------------


def _prepare_share(office: Office, command: HandInShare, actor: Actor) -> None:
    with office.reading() as connection:
        shared = connection.execute(
            sa.select(S.id, S.state, S.set_id).where(S.set_id == command.set_id)
        ).first()
        if shared is None:
            raise Refused("share.unknown")
        if shared.state not in {IN_FORCE, PENDING}:
            raise Refused("share.old", set=shared.set_id)
        row = connection.execute(
            sa.select(K.holder_id, K.sealed).where(K.share_set_id == shared.id, K.number == command.number)
        ).first()
    if row is None or row.holder_id != actor.account_id:
        raise NotAllowed("share.not_yours", index=command.number, login=actor.name)
    text = command.sealed if command.sealed is not None else row.sealed
    if text is None:
        raise Refused("share.none", login=actor.name)
    try:
        sealed = SealedShare.from_text(text)
        if (sealed.set.id, sealed.index) != (command.set_id, command.number):
            raise Refused("share.damaged")
        open_share(sealed, command.passphrase)
    except ShareRefusedError as error:
        raise refusal_of(error, command.number) from error


def refusal_of(error: ShareRefusedError, number: int = 0, wanted: str = "") -> Refused:
    """Return a refusal of shares in the words of those who hold them; `wanted` is the set that is needed, if one is."""
    facts = {"index": number} | error.facts
    codes = {"too_few", "repeated", "passphrase"}
    code = error.code.removeprefix("pki.share.")
    if code == "foreign":
        return Refused("share.other_set", wanted=wanted, **facts)
    return Refused(f"share.{code}", **facts) if code in codes else Refused("share.damaged")


def _hand_in(work: UnitOfWork, command: HandInShare, actor: Actor, _prepared: None) -> Outcome:
    work.audit("key_share_given", actor, {"set": command.set_id, "number": command.number})
    return Outcome()


# --- activating ----------------------------------------------------------------------------------------------


def _prepare_activation(office: Office, command: ActivateKeys, actor: Actor) -> Witnessed:
    what = {"set": command.set_id, "shares": list(command.numbers)}
    return witness(office, KeyDuty.ACTIVATION, command.hands, actor, what)


def _activate(work: UnitOfWork, command: ActivateKeys, actor: Actor, seen: Witnessed) -> Outcome:
    query = (
        sa.select(S.state, S.threshold, K.number, A.login)
        .join(t.key_share, K.share_set_id == S.id)
        .join(t.account, A.id == K.holder_id)
        .where(S.set_id == command.set_id)
    )
    rows = work.connection.execute(query).all()
    if not rows:
        raise Refused("share.unknown")
    if rows[0].state != IN_FORCE:
        raise Refused("share.old", set=command.set_id)
    here = {one.login for one in seen.signatures}
    given = _given(command, {row.number: row.login for row in rows}, here)
    if len(given) < rows[0].threshold:
        raise Refused("share.too_few", threshold=rows[0].threshold, given=len(given))
    said = {"set": command.set_id, "shares": given, "statement": seen.statement, "signatures": seen.said()}
    work.audit("keys_activated", actor, said)
    return Outcome()


def _given(command: ActivateKeys, holders: dict[int, str], here: set[str]) -> dict[int, str]:
    """Return who gave which share; nobody gives one twice, or one of somebody who is not present."""
    given: dict[int, str] = {}
    for number in command.numbers:
        if number in given:
            raise Refused("share.repeated", index=number)
        login = holders.get(number)
        if login is None or login not in here:
            raise NotAllowed("share.not_yours", index=number, login=", ".join(sorted(here)))
        given[number] = login
    return given


def _prepare_deactivation(office: Office, command: DeactivateKeys, actor: Actor) -> Witnessed:
    return witness(office, KeyDuty.DEACTIVATION, command.hands, actor, {"reason": command.reason})


def _deactivate(work: UnitOfWork, command: DeactivateKeys, actor: Actor, seen: Witnessed) -> Outcome:
    said: dict[str, Any] = {"reason": command.reason, "statement": seen.statement, "signatures": seen.said()}
    work.audit("keys_deactivated", actor, said)
    return Outcome()


ACTS = (
    Act(KeepShares, _keep, KEEPERS, _prepare_keeping),
    Act(PutSharesInForce, _put_in_force, frozenset({Role.SYSTEM})),
    Act(HandInShare, _hand_in, HOLDERS, _prepare_share),
    Act(ActivateKeys, _activate, ISSUERS, _prepare_activation),
    Act(DeactivateKeys, _deactivate, ISSUERS, _prepare_deactivation),
)
