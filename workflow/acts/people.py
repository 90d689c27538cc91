"""Accounts of the staff: one person proposes a trusted role and another confirms it; nobody gives one alone (ROL-02, ROL-07).

While the house is founded there is nobody to ask, so accounts are made at the machine until a ceremony was held or two
administrators are there. Afterwards that needs the glass to be broken, and leaves a finding until it is confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forms.canonical import canonical_json, sha256_hex
from workflow.acts.account_rows import Made, insert_account, made_alone, new_row, require_fits, require_free
from workflow.acts.accounts import check_password
from workflow.acts.act import Act
from workflow.commands_of_people import AddAccount, ConfirmProposal, ProposeAccount, WithdrawProposal
from workflow.errors import NotAllowed, NotFound, Refused, Stale
from workflow.outcome import Outcome
from workflow.staff_accounts import SIGNERS, TRUSTED, require_sound
from workflow.store import schema as t
from workflow.store.numbers import take
from workflow.vocabulary import KeyTask, KeyTaskState, ProposalState, Role

if TYPE_CHECKING:
    from workflow.commands_of_people import AccountCommand
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

A, P = t.account.c, t.account_proposal.c
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
CONFIRMERS = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
WAITING = (str(ProposalState.OPEN), str(ProposalState.ALONE))


@dataclass(frozen=True, slots=True)
class _Signed:
    """A statement, and who signed it; without a signature where the password was wrong."""

    statement: bytes
    signature: bytes | None
    spki: bytes

    def said(self, actor: Actor) -> dict[str, Any]:
        return {
            "login": actor.name,
            "person": actor.person_id,
            "spki": self.spki.hex(),
            "signature": (self.signature or b"").hex(),
        }


# --- at the machine ------------------------------------------------------------------------------------------


def _prepare(office: Office, command: AccountCommand, _actor: Actor) -> Made:
    """Check the account and do what is slow by design before the transaction that would hold others up."""
    require_sound(command)
    key = office.statements.new_key(command.password) if command.roles & SIGNERS else (None, None)
    return Made(office.hasher.hash(command.password), *key)


def _add(work: UnitOfWork, command: AddAccount, actor: Actor, made: Made) -> Outcome:
    _one_at_a_time(work)
    row = new_row(work, command, made)
    reason = command.alone_because.strip()
    alone = bool(command.roles & TRUSTED) and _others_are_there(work.connection)
    if alone and not reason:
        raise Refused("account.two_people", login=command.login)
    account_id = insert_account(work, row)
    said = _said(row) | {"window": command.window}
    if not alone:
        work.audit("account_added", actor, said)
        return Outcome(created_id=account_id)
    statement = _statement(work, row, None).decode()
    work.insert(
        t.account_proposal,
        **(row | {"password_hash": None, "signing_key": None}),
        statement=statement,
        signatures=[],
        state=str(ProposalState.ALONE),
        reason=reason,
        proposed_at=work.now,
    )
    work.audit("account_added_alone", actor, said | {"reason": reason})
    return Outcome(created_id=account_id)


def _one_at_a_time(work: UnitOfWork) -> None:
    """Hold up whoever else changes accounts until the commit, so that what is counted here stays true."""
    take(work.connection, "accounts")


def _others_are_there(connection: sa.Connection) -> bool:
    """Tell whether the house is founded: a ceremony was held, or two persons are administrators or ever were.

    Closed accounts count: else one administrator could end the other's and go on alone.
    """
    k = t.key_task.c
    held = sa.select(k.id).where(k.task == str(KeyTask.CEREMONY), k.state == str(KeyTaskState.DONE))
    if connection.execute(held).first() is not None:
        return True
    rows = connection.execute(sa.select(A.person_id, A.roles))
    return len({row.person_id for row in rows if str(Role.ADMINISTRATOR) in row.roles}) > 1


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {"login": row["login"], "roles": row["roles"]}


# --- proposing and confirming --------------------------------------------------------------------------------


def _statement(work: UnitOfWork, row: dict[str, Any], proposer: Actor | None) -> bytes:
    """Return what both sign: the account with its key, and who proposes it when."""
    return canonical_json(
        {
            "kind": "guanfang account 1",
            **_said(row),
            "name": row["name"],
            "person": row["person_id"],
            "window": row["window_id"],
            "spki_sha256": sha256_hex(row["signing_spki"]) if row["signing_spki"] else None,
            "proposed_by": proposer.name if proposer else None,
            "at": work.now.isoformat(),
        }
    )


def _signed(office: Office, connection: sa.Connection, actor: Actor, what: tuple[str, bytes]) -> _Signed:
    """Sign a statement with the actor's key, which only their password opens."""
    password, statement = what
    key = connection.execute(sa.select(A.signing_key, A.signing_spki).where(A.id == actor.account_id)).first()
    if key is None or key.signing_key is None:
        raise NotAllowed("people.no_key", login=actor.name)
    try:
        signature = office.statements.sign(bytes(key.signing_key), password, statement)
    except ValueError:
        signature = None
    return _Signed(statement, signature, bytes(key.signing_spki))


def _propose(work: UnitOfWork, command: ProposeAccount, actor: Actor, made: Made) -> Outcome:
    _one_at_a_time(work)
    row = new_row(work, command, made)
    if row["person_id"] is not None and row["person_id"] == actor.person_id:
        raise NotAllowed("account.own_role")
    statement = _statement(work, row, actor)
    signed = _signed(work.office, work.connection, actor, (command.signing_password, statement))
    refusal = check_password(work, actor, right=signed.signature is not None)
    if refusal is not None:
        return Outcome(refusal=refusal)
    number = work.insert(
        t.account_proposal,
        **row,
        statement=statement.decode(),
        signatures=[signed.said(actor)],
        state=str(ProposalState.OPEN),
        reason="",
        proposed_by=actor.account_id,
        proposed_at=work.now,
    )
    digest = sha256_hex(statement)
    work.audit("account_proposed", actor, _said(row) | {"statement": digest})
    return Outcome(created_id=number, number=digest)


def _prepare_confirmation(office: Office, command: ConfirmProposal, actor: Actor) -> _Signed:
    with office.reading() as connection:
        row = connection.execute(_waiting(command.login)).first()
        if row is None:
            raise NotFound("account.not_proposed", login=command.login)
        statement = row.statement.encode()
        if command.seen_sha256 != sha256_hex(statement):
            raise Stale("account.proposal_differs", login=command.login)
        return _signed(office, connection, actor, (command.password, statement))


def _waiting(login: str) -> sa.Select[Any]:
    return sa.select(t.account_proposal).where(P.login == login, P.state.in_(WAITING))


def _confirm(work: UnitOfWork, command: ConfirmProposal, actor: Actor, signed: _Signed) -> Outcome:
    _one_at_a_time(work)
    row = work.connection.execute(_waiting(command.login)).first()
    if row is None or row.statement.encode() != signed.statement:
        raise Stale("account.proposal_differs", login=command.login)
    _require_another(work.connection, row, actor)
    refusal = check_password(work, actor, right=signed.signature is not None)
    if refusal is not None:
        return Outcome(refusal=refusal)
    signatures = [*row.signatures, signed.said(actor)]
    said = {"login": row.login, "roles": row.roles, "statement": row.statement, "signatures": signatures}
    _end(work, row.id, ProposalState.CONFIRMED, signatures=signatures)
    if row.state == str(ProposalState.ALONE):
        work.audit("account_reviewed", actor, said)
        return Outcome()
    require_free(work.connection, row.login)
    require_fits(work.connection, frozenset(map(Role, row.roles)), row.person_id)
    names = (
        "login",
        "name",
        "roles",
        "person_id",
        "window_id",
        "password_hash",
        "signing_key",
        "signing_spki",
    )
    account_id = insert_account(work, {name: getattr(row, name) for name in names})
    work.audit("account_added", actor, said)
    return Outcome(created_id=account_id)


def _require_another(connection: sa.Connection, row: Any, actor: Actor) -> None:
    """Refuse the one who proposed, the one whom it is for, and one whose own account nobody has confirmed yet."""
    if row.state == str(ProposalState.OPEN) and not actor.has(Role.ADMINISTRATOR):
        raise NotAllowed("account.administrators_confirm")
    # Who sat at the machine is not known, and is most likely an administrator.
    if row.state == str(ProposalState.ALONE) and not actor.has(Role.AUDITOR):
        raise NotAllowed("account.auditors_review")
    concerned = {one["person"] for one in row.signatures} | {row.person_id}
    mine = sa.select(A.id).where(A.login == row.login, A.person_id == actor.person_id)
    if (
        actor.person_id is None
        or actor.person_id in concerned
        or connection.execute(mine).first() is not None
    ):
        raise NotAllowed("account.another_confirms")
    if row.state == str(ProposalState.OPEN):
        in_office = sa.select(A.id).where(A.id == row.proposed_by, A.active.is_(True))
        if connection.execute(in_office).first() is None:
            raise NotAllowed("account.proposer_gone")
    if made_alone(connection, [actor.name]) is not None:
        raise NotAllowed("account.not_confirmed", login=actor.name)


def _end(work: UnitOfWork, number: int, state: ProposalState, **more: Any) -> None:
    """End a proposal; the secrets that it held for the account go."""
    gone = {"password_hash": None, "signing_key": None}
    work.connection.execute(
        sa.update(t.account_proposal)
        .where(P.id == number)
        .values(state=str(state), ended_at=work.now, **gone, **more)
    )


def _withdraw(work: UnitOfWork, command: WithdrawProposal, actor: Actor, _prepared: None) -> Outcome:
    if not command.reason.strip():
        raise Refused("case.reason_missing")
    _one_at_a_time(work)
    row = work.connection.execute(_waiting(command.login).where(P.state == str(ProposalState.OPEN))).first()
    if row is None:
        raise NotFound("account.not_proposed", login=command.login)
    _end(work, row.id, ProposalState.WITHDRAWN)
    work.audit("account_proposal_withdrawn", actor, {"login": row.login, "reason": command.reason.strip()})
    return Outcome()


ACTS = (
    Act(AddAccount, _add, frozenset({Role.SYSTEM}), _prepare),
    Act(ProposeAccount, _propose, ADMINISTRATOR, _prepare),
    Act(ConfirmProposal, _confirm, CONFIRMERS, _prepare_confirmation),
    Act(WithdrawProposal, _withdraw, ADMINISTRATOR),
)
