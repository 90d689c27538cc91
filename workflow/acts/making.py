"""The performers' own acts: each step of making a card, recorded before the next one is taken (CRD-01…03).

Certificates have a file of their own, `certifying`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forms.canonical import sha256_hex
from workflow.acts.act import Act
from workflow.card_keys import has_keys
from workflow.commands_of_performers import (
    ClaimBlank,
    FileDocument,
    OpenBreaker,
    RecordKeys,
    RecordNotice,
)
from workflow.deeds import deed
from workflow.errors import Refused, Words
from workflow.machine import state_of
from workflow.outcome import Outcome, of_case
from workflow.store import schema as t
from workflow.store.line_stock import require_at_line
from workflow.store.numbers import next_card_number
from workflow.vocabulary import CardState, Role

if TYPE_CHECKING:
    from workflow.commands_of_line import TakeBlank
    from workflow.facts import Actor, CaseFacts
    from workflow.store.unit_of_work import UnitOfWork

SYSTEM = frozenset({Role.SYSTEM})
K = t.card.c


def _claim_blank(work: UnitOfWork, command: ClaimBlank, actor: Actor, _prepared: None) -> Outcome:
    case = work.lock([command.case_id])[command.case_id]
    if case.state != "manufacturing":
        raise Refused("case.not_now", state=state_of(case.kind, case.state), action=deed("order_manufacture"))
    row = work.connection.execute(sa.select(t.card).where(K.csn == command.csn).with_for_update()).first()
    if row is None or row.state != str(CardState.BLANK):
        raise Refused("card.not_blank", csn=command.csn)
    require_at_line(work.connection, row, work.now)
    bind_blank(work, case, row, command, actor)
    return of_case(case)


def bind_blank(
    work: UnitOfWork, case: CaseFacts, row: Any, command: ClaimBlank | TakeBlank, actor: Actor
) -> None:
    """Bind a locked blank to a locked case and store where its secrets come from before the card is told of them."""
    begun = work.connection.execute(
        sa.select(K.csn).where(K.case_id == case.id, K.state == str(CardState.PERSONALISING))
    ).scalar()
    if begun is not None:
        raise Refused("card.begun_already", csn=begun)
    number = next_card_number(work.connection, case.ca)
    work.update(
        sa.update(t.card)
        .where(K.id == row.id)
        .values(
            state=str(CardState.PERSONALISING),
            case_id=case.id,
            number=number,
            step="claimed",
            updated_at=work.now,
            **_its_secrets(work, row, command),
        )
    )
    said = {"number": case.number, "csn": command.csn, "card": number}
    work.audit("blank_claimed", actor, said, (case.id, case.version))


def _its_secrets(work: UnitOfWork, row: Any, command: ClaimBlank | TakeBlank) -> dict[str, Any]:
    """Return what to store; a blank that came back from quarantine may hold secrets of ours already, and keeps them."""
    values: dict[str, Any] = {}
    if row.pin_sealed is None:
        values["pin_sealed"] = work.office.sealer.seal(command.pin.encode(), command.csn)
    if not has_keys(row):
        values["master_key"] = command.master_key
    return values


def _record_keys(work: UnitOfWork, command: RecordKeys, actor: Actor, _prepared: None) -> Outcome:
    columns = {f"{purpose}_spki": spki for purpose, spki in command.keys}
    last = command.keys[-1][0]
    values: dict[str, Any] = {**columns, "step": f"{last}_key", "updated_at": work.now}
    unknown = (t.card.c[column].is_(None) for column in columns)
    result = work.connection.execute(
        sa.update(t.card)
        .where(K.csn == command.csn, K.state == str(CardState.PERSONALISING), *unknown)
        .values(**values)
    )
    if result.rowcount != 1:
        raise Refused(
            "case.not_now", state=Words("金鑰已產製", "key made already"), action=deed("order_manufacture")
        )
    for purpose, spki in command.keys:
        said = {"csn": command.csn, "purpose": purpose, "spki": sha256_hex(spki)}
        work.audit("key_generated", actor, said)
    return Outcome()


def _record_notice(work: UnitOfWork, command: RecordNotice, actor: Actor, _prepared: None) -> Outcome:
    work.add(
        "sent_notice",
        case_id=command.case_id,
        outbox_id=command.outbox_id,
        template=command.template,
        recipient=command.recipient,
        subject=command.subject,
        at=work.now,
    )
    work.audit("notice_sent", actor, {"template": command.template, "case_asked": command.case_id})
    return Outcome()


def _file_document(work: UnitOfWork, command: FileDocument, actor: Actor, _prepared: None) -> Outcome:
    digest = sha256_hex(command.sheet)
    d = t.document.c
    filed = sa.select(d.id).where(
        d.case_id == command.case_id, d.kind == command.kind, d.name == command.name
    )
    if work.connection.execute(filed.where(d.sha256 == digest)).first() is not None:
        # The same sheet is printed again when the process ended before its work was settled.
        return Outcome()
    work.add(
        "document",
        case_id=command.case_id,
        kind=command.kind,
        name=command.name,
        media_type=command.media_type,
        sha256=digest,
        content=command.sheet,
        at=work.now,
    )
    work.audit(
        "document_filed", actor, {"document": command.kind, "sha256": digest, "case_asked": command.case_id}
    )
    return Outcome()


def _open_breaker(work: UnitOfWork, command: OpenBreaker, actor: Actor, _prepared: None) -> Outcome:
    b = t.breaker.c
    values = {"open": True, "count": command.count, "allowance": 0, "reason": "", "at": work.now}
    updated = work.connection.execute(sa.update(t.breaker).where(b.name == "sweep").values(**values))
    if not updated.rowcount:
        work.connection.execute(sa.insert(t.breaker).values(name="sweep", **values))
    work.audit("sweep_stopped", actor, {"count": command.count, "limit": command.limit})
    return Outcome()


ACTS = (
    Act(ClaimBlank, _claim_blank, SYSTEM),
    Act(RecordKeys, _record_keys, SYSTEM),
    Act(RecordNotice, _record_notice, SYSTEM),
    Act(FileDocument, _file_document, SYSTEM),
    Act(OpenBreaker, _open_breaker, SYSTEM),
)
