"""handle(office, command, actor): the ONE door through which anything changes.

Facts are loaded under the case's lock, the machine decides, one transaction writes all consequences. A refusal is
written to the audit log too. Whoever is not named by an act's roles or by the table's row may do nothing.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts import (
    account_care,
    accounts,
    applications,
    authority_revocations,
    card_replacing,
    card_sessions,
    cards,
    certifying,
    crls,
    emergencies,
    endings,
    expiry,
    generations,
    holders,
    house,
    key_intents,
    keys,
    letters,
    line,
    making,
    people,
    registration,
    repository,
    requests,
    resets,
    responders,
    restoring,
    retiring,
    reviews,
    revocations,
    shares,
    signing,
    staff_cards,
    staff_sessions,
    stock_accounts,
    stock_differences,
    stock_ends,
    stock_found,
    stock_intake,
    stock_moves,
    tokens,
    usercode,
    watches,
)
from workflow.acts.act import PUBLIC, Act
from workflow.commands import CaseCommand, Command, WithUserCode
from workflow.deeds import deed, roles_in_words
from workflow.errors import NotAllowed, RegistryError, Unavailable
from workflow.outages import outage, passing
from workflow.outcome import Outcome, of_case
from workflow.storable import require_storable
from workflow.store.audit_entry import speak
from workflow.store.unit_of_work import UnitOfWork, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workflow.facts import Actor
    from workflow.office import Office

__all__ = ["Outcome", "handle", "rehearse"]

TRIES = 5
PAUSE_SECONDS = 0.05


def _plain(work: UnitOfWork, command: CaseCommand, actor: Actor, _prepared: object) -> Outcome:
    """Carry out a command that its table alone decides."""
    case = work.lock_one(command.case_id)
    return of_case(work.fire(case, command.trigger, command, actor))


def _proven(work: UnitOfWork, command: WithUserCode, actor: Actor, tried: usercode.Tried) -> Outcome:
    """Carry out a command that the user code proves."""
    case = work.lock_one(command.case_id)
    refusal = usercode.admit(work, case, tried, actor)
    if refusal:
        return Outcome(refusal=refusal)
    return of_case(work.fire(case, command.trigger, command, actor))


ACTS: Mapping[type[Command], Act] = {
    act.command: act
    for room in (
        account_care,
        accounts,
        applications,
        authority_revocations,
        card_replacing,
        cards,
        certifying,
        crls,
        card_sessions,
        emergencies,
        endings,
        expiry,
        generations,
        holders,
        house,
        key_intents,
        keys,
        letters,
        line,
        making,
        people,
        registration,
        repository,
        requests,
        resets,
        responders,
        restoring,
        retiring,
        reviews,
        revocations,
        signing,
        shares,
        staff_cards,
        staff_sessions,
        stock_accounts,
        stock_differences,
        stock_ends,
        stock_found,
        stock_intake,
        stock_moves,
        tokens,
        usercode,
        watches,
    )
    for act in room.ACTS
}


def act_for(kind: type[Command]) -> Act:
    """Return how a command is carried out; NotAllowed for one that nobody has a way to do."""
    if kind in ACTS:
        return ACTS[kind]
    if issubclass(kind, WithUserCode):
        return Act(kind, _proven, PUBLIC, usercode.prepare_proof)
    if issubclass(kind, CaseCommand):
        return Act(kind, _plain)
    raise NotAllowed("access.denied", role="—", action=deed(kind.__name__))


def handle(office: Office, command: Command, actor: Actor) -> Outcome:
    """Carry out one command for an actor, wholly or not at all.

    Raises a `RegistryError`: what is wrong, in the words of the person who asked. Nothing was changed then, but for
    a counted wrong try.
    """
    outcome = _answered(office, command, actor, lambda act: _carried_out(office, act, command, actor))
    if outcome.refusal is not None:
        raise outcome.refusal
    return outcome


def rehearse(office: Office, command: Command, actor: Actor) -> None:
    """Refuse what `handle` would refuse, and else change nothing; for whoever looks before they decide.

    A refusal is written to the audit log as ever, so that nobody finds a blind count out by trying. TypeError for an
    act that does something before its transaction, which could not be taken back.
    """
    _answered(office, command, actor, lambda act: _rolled_back(office, act, command, actor))


def _answered(office: Office, command: Command, actor: Actor, carry_out: Callable[[Act], Outcome]) -> Outcome:
    """Find the act for a command and its actor; a refusal is noted."""
    # What can't be stored can't be logged either.
    require_storable(command)
    try:
        act = act_for(type(command))
        if act.roles and not act.roles & actor.roles:
            said = roles_in_words(actor.roles)
            raise NotAllowed("access.denied", role=said, action=deed(type(command).__name__))
        return carry_out(act)
    except RegistryError as refusal:
        _note_refusal(office, command, actor, refusal)
        raise


def _carried_out(office: Office, act: Act, command: Command, actor: Actor) -> Outcome:
    prepared = _prepared(office, act, command, actor)
    return _commit(office, act, command, actor, prepared)


def _rolled_back(office: Office, act: Act, command: Command, actor: Actor) -> Outcome:
    if act.prepare is not None:
        raise TypeError(f"{type(command).__name__} can't be rehearsed")

    def applied(work: UnitOfWork) -> Outcome:
        act.apply(work, command, actor, None)
        raise _TakenBackError

    with suppress(_TakenBackError):
        _in_transaction(office, applied)
    return Outcome()


class _TakenBackError(Exception):
    """Ends a transaction that was only to show whether it could be."""


def _prepared(office: Office, act: Act, command: Command, actor: Actor) -> Any:
    """Do what comes before the transaction."""
    try:
        return act.prepare(office, command, actor) if act.prepare else None
    except sa.exc.DBAPIError as error:
        raise outage(error) or error from error


def _commit(office: Office, act: Act, command: Command, actor: Actor, prepared: Any) -> Outcome:
    """Run the act in a transaction; one that met another at the wrong moment is run again."""
    return _in_transaction(office, lambda work: act.apply(work, command, actor, prepared))


def _in_transaction(office: Office, act: Callable[[UnitOfWork], Outcome]) -> Outcome:
    for attempt in range(TRIES):
        try:
            with transaction(office) as work:
                return act(work)
        except sa.exc.DBAPIError as error:
            if not passing(error):
                raise outage(error) or error from error
            time.sleep(PAUSE_SECONDS * 2**attempt)
    raise Unavailable("registry.busy")


def _note_refusal(office: Office, command: Command, actor: Actor, refusal: RegistryError) -> None:
    """Write a refusal to the audit log; a refusal for lack of space can't be.

    Where the entry can't be written, Unavailable is raised in the refusal's place: nobody is answered in secret.
    """
    if isinstance(refusal, Unavailable):
        return
    said = {
        "command": type(command).__name__,
        "code": refusal.code,
        "case_asked": getattr(command, "case_id", None),
        "said": speak(command),
    }

    def note(work: UnitOfWork) -> Outcome:
        work.audit("refused", actor, said)
        return Outcome()

    _in_transaction(office, note)
