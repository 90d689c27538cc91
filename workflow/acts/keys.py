"""The list of compromised keys grows, and never shrinks: a key that got out stays out. Master keys are written down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.acts.generations import TRUSTED
from workflow.acts.share_holders import require_holders
from workflow.commands_of_keys import ListCompromisedKeys, RecordMasterKey
from workflow.errors import BadInput, FieldProblem, Refused
from workflow.outcome import Outcome
from workflow.presence import witness
from workflow.store import schema as t
from workflow.store.keys import already_listed
from workflow.vocabulary import KeyDuty, Role

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.presence import Witnessed
    from workflow.store.unit_of_work import UnitOfWork

MOST = 5_000
"""Digests in one command: a longer list comes in several, each a transaction of its own."""
DIGEST = re.compile(r"[0-9a-f]{64}")
LONGEST_SOURCE = 200


def _list(work: UnitOfWork, command: ListCompromisedKeys, actor: Actor, _prepared: None) -> Outcome:
    problems = tuple(_problems(command))
    if problems:
        raise BadInput(*problems)
    digests = list(dict.fromkeys(command.digests))
    known = already_listed(work.connection, digests)
    fresh = [digest for digest in digests if digest not in known]
    if fresh:
        source = command.source.strip()
        row = {"source": source, "listed_by": actor.name, "listed_at": work.now}
        work.connection.execute(
            sa.insert(t.compromised_key), [{"spki_sha256": digest, **row} for digest in fresh]
        )
        work.audit(
            "compromised_keys_listed",
            actor,
            {"source": source, "listed": len(fresh), "known": len(known), "first": fresh[0]},
        )
    return Outcome(created_id=len(fresh))


def _problems(command: ListCompromisedKeys) -> list[FieldProblem]:
    found = []
    if not 0 < len(command.digests) <= MOST:
        found.append(
            FieldProblem(
                "digests", "count", f"每次請給 1 至 {MOST} 筆金鑰摘要。", f"Give 1 to {MOST} digests at once."
            )
        )
    if not all(DIGEST.fullmatch(digest) for digest in command.digests):
        found.append(
            FieldProblem(
                "digests",
                "digest",
                "金鑰摘要須為 64 個小寫十六進位數字（SubjectPublicKeyInfo 的 SHA-256）。",
                "A digest is 64 lower-case hexadecimal digits: the SHA-256 of the SubjectPublicKeyInfo.",
            )
        )
    if not 0 < len(command.source.strip()) <= LONGEST_SOURCE:
        found.append(
            FieldProblem(
                "source",
                "source",
                f"請填來源，最多 {LONGEST_SOURCE} 字。",
                f"Say where the keys are known from, in at most {LONGEST_SOURCE} characters.",
            )
        )
    return found


def _sign_master(office: Office, command: RecordMasterKey, actor: Actor) -> Witnessed | None:
    """Have those present sign; where the registry is no demonstration nobody makes such a key alone."""
    if actor.has(Role.SYSTEM) and not command.hands:
        if not office.settings.test_assurance:
            raise Refused("card.master_key_people")
        return None
    what: dict[str, Any] = {"label": command.label, "place": command.place, "name": command.name}
    what |= {"holders": list(command.holders), "back": command.back, "found": command.found}
    return witness(office, KeyDuty.CARD_MASTER_KEY, command.hands, actor, what)


def _record_master(
    work: UnitOfWork, command: RecordMasterKey, actor: Actor, seen: Witnessed | None
) -> Outcome:
    """Refuse to have a key made whose label cards remember: theirs has to come back, and no other one."""
    for table in (t.card, t.staff_card):
        known = sa.select(table.c.master_key).where(
            table.c.master_key.startswith(f"{command.label}.", autoescape=True),
            table.c.master_key != command.name,
        )
        other = work.connection.execute(known.limit(1)).scalar()
        if other is not None:
            code = "card.other_master_key" if command.back else "card.master_key_exists"
            raise Refused(code, name=other if command.back else command.label)
    said: dict[str, Any] = {"label": command.label, "place": command.place, "name": command.name}
    if seen is not None:
        if not command.name:
            require_holders(work.connection, command.holders)
        said |= {"holders": list(command.holders), "statement": seen.statement, "signatures": seen.said()}
    work.audit(_kind(command), actor, said)
    return Outcome()


def _kind(command: RecordMasterKey) -> str:
    if command.back:
        return "master_key_back"
    if command.found:
        return "master_key_found"
    return "master_key_made" if command.name else "master_key_begun"


ACTS = (
    Act(ListCompromisedKeys, _list, frozenset({Role.OPERATOR, Role.SYSTEM})),
    Act(RecordMasterKey, _record_master, TRUSTED | frozenset({Role.SYSTEM}), _sign_master),
)
