"""Conversations with a staff card are opened here, and carried on like a holder's (ROL-05, RV1-07)."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from workflow.acts import reviews
from workflow.acts.accounts import Tried, count_log_in, count_wrong_try, prepare_log_in
from workflow.acts.act import ANYONE, Act
from workflow.acts.card_sessions import LIFE, first_turn
from workflow.acts.staff_cards import card_of_account
from workflow.acts.staff_conclusions import DECISIONS, require_in_use
from workflow.card_sessions import SECRET_BYTES, digest
from workflow.commands_of_staff_cards import OpenCardLogIn, OpenCardSigning
from workflow.errors import NotAllowed, NotFound
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.vocabulary import CardErrand, CardTalk, Role

if TYPE_CHECKING:
    from workflow.commands_of_holders import WithCardSession
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork


def _open_log_in(work: UnitOfWork, command: OpenCardLogIn, actor: Actor, tried: Tried) -> Outcome:
    """Begin when account and password are right; both are counted as at the log-in without a card."""
    require_in_use(work)
    row, refusal = count_log_in(work, tried, actor)
    if refusal is not None:
        return Outcome(refusal=refusal)
    try:
        card_of_account(work.connection, row.id, command.csn)
    except NotAllowed as wrong_card:
        count_wrong_try(work, row, actor, right=False)
        return Outcome(refusal=wrong_card)
    work.audit("card_session_opened", actor, {"errand": str(CardErrand.LOG_IN), "csn": command.csn})
    return _begin(work, command, (CardErrand.LOG_IN, command.csn, row.id), None)


def _open_signing(work: UnitOfWork, command: OpenCardSigning, actor: Actor, _prepared: None) -> Outcome:
    """Fix the statement as it will be signed: number, verdict, snapshot, and by whom and when."""
    require_in_use(work)
    kind = DECISIONS.get(command.trigger)
    if kind is None or actor.account_id is None:
        raise NotFound("case.not_found")
    card_of_account(work.connection, actor.account_id, command.csn)
    case = work.lock_one(command.case_id)
    values: dict[str, Any] = {
        "case_id": command.case_id,
        "seen_version": command.seen_version,
        "seen_sha256": command.seen_sha256,
        "password": "",
    }
    if "reason" in kind.__dataclass_fields__:
        values["reason"] = command.reason
    statement = reviews.statement_of(case, kind(**values), actor, work.now)
    work.audit("card_session_opened", actor, {"errand": str(CardErrand.SIGN), "csn": command.csn})
    subject = {"trigger": kind.trigger, "command": values, "statement": statement.decode()}
    return _begin(
        work,
        command,
        (CardErrand.SIGN, command.csn, actor.account_id),
        json.dumps(subject, ensure_ascii=False),
    )


def _begin(
    work: UnitOfWork, command: WithCardSession, what: tuple[CardErrand, str, int], subject: str | None
) -> Outcome:
    errand, csn, account_id = what
    token = digest(command.token)
    work.insert(
        t.card_session,
        token_sha256=token,
        owner_sha256=digest(command.owner),
        errand=str(errand),
        state=str(CardTalk.OPEN),
        csn=csn,
        account_id=account_id,
        subject=subject,
        secret_sealed=work.office.sealer.seal(secrets.token_bytes(SECRET_BYTES), token),
        transcript="",
        opened_at=work.now,
        expires_at=work.now + LIFE,
    )
    return Outcome(turn=first_turn(work, command))


ACTS = (
    Act(OpenCardLogIn, _open_log_in, ANYONE, prepare_log_in),
    Act(OpenCardSigning, _open_signing, frozenset({Role.FIRST_REVIEWER, Role.SECOND_REVIEWER})),
)
