"""Certificates in the registry's books: the intent before the CA key is used, the certificate after (design 3.4).

Several travel in one commit. What is refused of them is left out, so that one bad key holds up no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forms.canonical import sha256_hex
from workflow import policies
from workflow.acts.act import Act
from workflow.acts.key_rows import require_issuing
from workflow.acts.registration import store_request
from workflow.commands_of_performers import (
    IntendCertificate,
    IntendCertificates,
    RecordCertificate,
)
from workflow.deeds import deed
from workflow.errors import NotFound, Refused
from workflow.machine import state_of
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.store.among import among
from workflow.store.directory import index_certificates
from workflow.store.keys import known_keys, require_unknown_key
from workflow.store.writing import writes_of
from workflow.vocabulary import CardState, CertificateStatus, ItemState, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workflow.facts import Actor, CaseFacts
    from workflow.issuing_requests import SignedRequest
    from workflow.store.unit_of_work import UnitOfWork

SYSTEM = frozenset({Role.SYSTEM})
K, C, I = t.card.c, t.certificate.c, t.request_item.c  # noqa: E741 - the item's columns, beside their siblings.
RECORDED = (C.id, C.case_id, C.serial, C.status, C.status_at, C.item_id)
"""What has to be known of a certificate's row to store its bytes."""


def _intend_one(work: UnitOfWork, command: IntendCertificate, actor: Actor, _prepared: None) -> Outcome:
    require_unknown_key(work.connection, command.spki_sha256)
    return _intend(work, (command,), actor)


def _intend_several(work: UnitOfWork, command: IntendCertificates, actor: Actor, _prepared: None) -> Outcome:
    """Store the intents whose keys are new, in any CA and among themselves, and not compromised (CSR-04)."""
    return _intend(work, command.intents, actor, command.requests)


def _fresh(work: UnitOfWork, intents: Sequence[IntendCertificate]) -> Sequence[IntendCertificate]:
    used = known_keys(work.connection, [intent.spki_sha256 for intent in intents])
    fresh = {intent.spki_sha256: intent for intent in reversed(intents)}
    return [one for one in intents if one is fresh[one.spki_sha256] and one.spki_sha256 not in used]


def _intend(
    work: UnitOfWork,
    intents: Sequence[IntendCertificate],
    actor: Actor,
    requests: Sequence[SignedRequest] = (),
) -> Outcome:
    of_requests = {request.case_id for request in requests}
    cases = work.hold(sorted(of_requests | {intent.case_id for intent in intents}))
    asked = {one.case_id: store_request(work, cases[one.case_id], one, actor) for one in requests}
    require_issuing(work, {intent.authority for intent in intents})
    making = _cards_in_making(work, {intent.csn for intent in intents if intent.csn is not None})
    waiting = _waiting_items(work, [intent.item_id for intent in intents if intent.item_id is not None])
    # After the items: one that somebody has issued since they were looked at is known by its key.
    for intent in _fresh(work, intents):
        case = cases[intent.case_id]
        _require_turn(case, intent, waiting, making)
        work.add("certificate", **_row(work, case, intent), request_id=asked.get(case.id))
        said = {
            "number": case.number,
            "serial": intent.serial,
            "purpose": intent.purpose,
            "tbs": sha256_hex(intent.tbs),
        }
        work.audit("certificate_intended", actor, said, (case.id, case.version))
    return Outcome()


def _row(work: UnitOfWork, case: CaseFacts, intent: IntendCertificate) -> dict[str, Any]:
    return {
        "ca": str(case.ca),
        "authority": intent.authority,
        "serial": intent.serial,
        "case_id": case.id,
        "csn": intent.csn,
        "item_id": intent.item_id,
        "profile": intent.profile,
        "purpose": intent.purpose,
        "status": str(CertificateStatus.INTENDED),
        "status_version": 0,
        "tbs": intent.tbs,
        "tbs_sha256": intent.tbs_sha256,
        "tbs_seal": intent.tbs_seal,
        "spki_sha256": intent.spki_sha256,
        "subject": intent.subject,
        "not_before": intent.not_before,
        "not_after": intent.not_after,
        "status_at": work.now,
        "created_at": work.now,
    }


def _waiting_items(work: UnitOfWork, items: Sequence[int]) -> set[tuple[int, int, int]]:
    """Return (item, case, revision) of the items whose turn it may be."""
    if not items:
        return set()
    rows = work.connection.execute(
        sa.select(I.id, I.case_id, I.revision).where(
            among(I.id, items), I.state == str(ItemState.WAITING), I.examined_at.is_not(None)
        )
    )
    return {(row.id, row.case_id, row.revision) for row in rows}


def _require_turn(
    case: CaseFacts,
    intent: IntendCertificate,
    waiting: set[tuple[int, int, int]],
    making: Mapping[str, int | None],
) -> None:
    """Refuse what the case does not ask for now: another card, an item of an old revision, a case that moved on."""
    wanted = "manufacturing" if intent.item_id is None else "issuing"
    if case.state != wanted:
        raise Refused("case.not_now", state=state_of(case.kind, case.state), action=deed("order_manufacture"))
    if intent.item_id is None:
        if making.get(str(intent.csn)) != case.id:
            # Its card was given up meanwhile: its line may still run while the case has another card.
            raise Refused("card.wrong_card", number=intent.csn)
    elif (intent.item_id, case.id, case.revision) not in waiting:
        raise Refused("request.not_examined")


def _cards_in_making(work: UnitOfWork, csns: set[str]) -> dict[str, int | None]:
    """Lock the cards that are being made, and return the case of each."""
    if not csns:
        return {}
    query = (
        sa.select(K.csn, K.case_id)
        .where(K.csn.in_(sorted(csns)), K.state == str(CardState.PERSONALISING))
        .order_by(K.id)
        .with_for_update()
    )
    return {row.csn: row.case_id for row in work.connection.execute(query)}


def _record_one(work: UnitOfWork, command: RecordCertificate, actor: Actor, _prepared: None) -> Outcome:
    record(work, (command,), actor)
    return Outcome()


def record(work: UnitOfWork, records: Sequence[RecordCertificate], actor: Actor) -> None:
    """Store certificates. Where one is stored already it stays, since it may have been released (design 3.4)."""
    cases = work.lock(sorted({one.case_id for one in records}))
    rows = {
        (row.case_id, row.serial): row
        for row in work.connection.execute(
            sa.select(*RECORDED, C.der.is_(None).label("open"))
            .where(among(C.serial, [one.serial for one in records]), among(C.case_id, cases))
            .order_by(C.id)
            .with_for_update()
        )
    }
    signed = []
    for one in records:
        row = rows.get((one.case_id, one.serial))
        if row is None:
            raise NotFound("certificate.not_found", serial=one.serial)
        if row.open:
            signed.append((row, one.der))
    store_signed(work, cases, signed, actor)


def store_signed(
    work: UnitOfWork, cases: Mapping[int, CaseFacts], signed: Sequence[tuple[Any, bytes]], actor: Actor
) -> None:
    """Store certificates of locked rows, which have the columns `RECORDED` and none of which has its bytes yet."""
    updates = []
    for row, der in signed:
        case = cases[row.case_id]
        updates.append(_signed(work, case, row, der))
        said = {"number": case.number, "serial": row.serial, "der": sha256_hex(der)}
        work.audit("certificate_issued", actor, said, (case.id, case.version))
    recorded = [(one.columns["id"], one.columns["der"]) for one in updates]
    work.later(lambda _connection: _write(work, updates))
    work.later(lambda connection: index_certificates(connection, recorded))


@dataclass(frozen=True, slots=True)
class _Signature:
    """What a signature changes: columns of the certificate, and the item that it settles."""

    columns: dict[str, Any]
    item_id: int | None


def _signed(work: UnitOfWork, case: CaseFacts, row: Any, der: bytes) -> _Signature:
    """Return what a signature changes: a certificate revoked while it was signed keeps that, and gets its bytes.

    A key on a card waits for its activation. One that lies elsewhere is in its holder's hands already, so its
    certificate is in force and published with the issue (RV2-05), unless the subscriber has to accept it first (ACT-06).
    """
    ready = row.item_id is not None and not policies.by_version(case.policy_version).request_acceptance.value
    fresh = CertificateStatus.VALID if ready else CertificateStatus.ISSUED
    alive = row.status == str(CertificateStatus.INTENDED)
    columns = {
        "id": row.id,
        "der": der,
        "status": str(fresh) if alive else row.status,
        # The date of a revocation stays that of its entry on the lists.
        "status_at": work.now if alive else row.status_at,
        "published_at": work.now if ready and alive else None,
    }
    return _Signature(columns, row.item_id)


def _write(work: UnitOfWork, updates: Sequence[_Signature]) -> None:
    if not updates:
        return
    rows = [one.columns for one in updates]
    writes_of(work.connection.dialect).record_signatures(work.connection, rows)
    items = [one.item_id for one in updates if one.item_id is not None]
    if items:
        settled = sa.update(t.request_item).where(among(I.id, items))
        work.connection.execute(settled.values(state=str(ItemState.ISSUED), settled_at=work.now))


ACTS = (
    Act(IntendCertificate, _intend_one, SYSTEM),
    Act(IntendCertificates, _intend_several, SYSTEM),
    Act(RecordCertificate, _record_one, SYSTEM),
)
