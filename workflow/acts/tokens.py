"""Tokens of the programming interface: made by one person, confirmed by another where they let requests in (ROL-03)."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.act import PUBLIC, Act
from workflow.commands_of_repository import AddApiToken, AdmitApiToken, ConfirmApiToken, RevokeApiToken
from workflow.errors import BadInput, FieldProblem, NotAllowed, NotFound, NotProven, Refused
from workflow.facts import Actor
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.vocabulary import ApiScope, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.store.unit_of_work import UnitOfWork

A = t.api_token.c
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
OFFICER = frozenset({Role.SECOND_REVIEWER})
LONGEST_DAYS = 366
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
PREFIX = "gft_"
"""Begins each token, so that scanners of source code find one that was left there."""
USE_NOTED_EVERY = timedelta(minutes=1)


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _add(work: UnitOfWork, command: AddApiToken, actor: Actor, _prepared: None) -> Outcome:
    problems = tuple(_problems(command))
    if problems:
        raise BadInput(*problems)
    if work.connection.execute(sa.select(A.id).where(A.name == command.name)).first():
        raise Refused("token.name_taken", name=command.name)
    token = PREFIX + secrets.token_urlsafe(32)
    alone = ApiScope.SUBMIT not in command.scopes
    created = work.insert(
        t.api_token,
        name=command.name,
        secret_sha256=digest(token),
        scopes=sorted(str(scope) for scope in set(command.scopes)),
        made_by=actor.name,
        made_by_person=actor.person_id,
        made_at=work.now,
        expires_at=work.now + timedelta(days=command.days),
        confirmed_by=actor.name if alone else "",
        confirmed_at=work.now if alone else None,
    )
    said = {"token": command.name, "scopes": sorted(map(str, command.scopes)), "days": command.days}
    work.audit("api_token_added", actor, said)
    return Outcome(created_id=created, secret=token)


def _problems(command: AddApiToken) -> Iterator[FieldProblem]:
    if not NAME.fullmatch(command.name):
        yield FieldProblem(
            "name",
            "shape",
            "名稱為 2 至 40 個小寫英文字母、數字或 . _ -。",
            "A name has 2 to 40 lower-case letters, digits or . _ -.",
        )
    if not command.scopes:
        yield FieldProblem("scopes", "required", "請至少選擇一項權限。", "Choose at least one scope.")
    if not 0 < command.days <= LONGEST_DAYS:
        yield FieldProblem(
            "days",
            "range",
            f"有效天數為 1 至 {LONGEST_DAYS} 天。",
            f"A token lasts 1 to {LONGEST_DAYS} days.",
        )


def _named(work: UnitOfWork, name: str) -> Any:
    row = work.connection.execute(sa.select(t.api_token).where(A.name == name).with_for_update()).first()
    if row is None:
        raise NotFound("token.none", name=name)
    return row


def _confirm(work: UnitOfWork, command: ConfirmApiToken, actor: Actor, _prepared: None) -> Outcome:
    row = _named(work, command.name)
    if row.revoked_at is not None or row.confirmed_at is not None:
        raise Refused("token.settled", name=command.name)
    if actor.person_id is None or actor.person_id == row.made_by_person:
        raise NotAllowed("case.four_eyes")
    _update(work, row.id, confirmed_by=actor.name, confirmed_at=work.now)
    work.audit("api_token_confirmed", actor, {"token": command.name, "made_by": row.made_by})
    return Outcome(created_id=row.id)


def _revoke(work: UnitOfWork, command: RevokeApiToken, actor: Actor, _prepared: None) -> Outcome:
    if not command.reason.strip():
        raise Refused("case.reason_missing")
    row = _named(work, command.name)
    if row.revoked_at is not None:
        raise Refused("token.settled", name=command.name)
    _update(work, row.id, revoked_at=work.now)
    work.audit("api_token_revoked", actor, {"token": command.name, "reason": command.reason})
    return Outcome(created_id=row.id)


def _update(work: UnitOfWork, token_id: int, **values: Any) -> None:
    work.connection.execute(sa.update(t.api_token).where(A.id == token_id).values(**values))


def _admit(work: UnitOfWork, command: AdmitApiToken, _actor: Actor, _prepared: None) -> Outcome:
    query = sa.select(t.api_token).where(A.secret_sha256 == digest(command.token))
    row = work.connection.execute(query).first()
    # One answer for all of these: whoever found an old token learns nothing from it.
    if row is None or row.revoked_at is not None or row.confirmed_at is None or row.expires_at <= work.now:
        raise NotProven("token.refused")
    if str(command.scope) not in row.scopes:
        raise NotAllowed("token.scope", scope=command.scope)
    caller = Actor(name=f"token:{row.name}", roles=PUBLIC, channel="api")
    if row.last_used_at is None or work.now - row.last_used_at >= USE_NOTED_EVERY:
        _update(work, row.id, last_used_at=work.now)
        work.audit("api_token_used", caller, {"token": row.name, "scope": str(command.scope)})
    return Outcome(actor=caller)


ACTS = (
    Act(AddApiToken, _add, ADMINISTRATOR),
    Act(ConfirmApiToken, _confirm, OFFICER),
    Act(RevokeApiToken, _revoke, ADMINISTRATOR | OFFICER | frozenset({Role.OPERATOR})),
    Act(AdmitApiToken, _admit, PUBLIC),
)
