"""Taking cards out of use for good: who may, when, and what the account says of them afterwards (CRD-01).

A card is retired only when nothing relies on it: its certificates are revoked or expired, or it never had any. The
management key is handed out for it once, and that is written down; when the card is done, its secrets are forgotten.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hardware.secrets_of_card import new_management_key
from workflow.acts.act import Act
from workflow.acts.stock_people import require_counted_in
from workflow.card_keys import FORGOTTEN, has_keys, management_key
from workflow.commands import BeginCardRetirement, RecordCardRetired
from workflow.errors import NotFound, Refused
from workflow.outcome import Outcome
from workflow.stock_words import EntryKind, PlaceKind
from workflow.store import schema as t
from workflow.store.certificates import relied_on
from workflow.store.stock_books import carry_to
from workflow.vocabulary import CardState, Role

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork

DESK = frozenset({Role.CARD_CENTRE, Role.SYSTEM})
RETIRED = "retired"
K, C = t.card.c, t.certificate.c


def _begin(work: UnitOfWork, command: BeginCardRetirement, actor: Actor, _prepared: None) -> Outcome:
    """Hand out the management key of a card that nothing relies on; doing so again resumes a torn retirement.

    For a card with derived secrets the key follows that it is to end with: its own could be derived again.
    """
    card = _retirable(work, command.csn, command.reason)
    # Only before: a card that was retired is dead wherever it was carried meanwhile.
    require_counted_in(work, card)
    work.audit("card_retirement_begun", actor, {"csn": card.csn, "reason": command.reason})
    if not has_keys(card):
        return Outcome()
    keys = [management_key(work.office, card).value]
    if card.master_key is not None:
        keys.append(_final_key(work, card))
    return Outcome(secret=" ".join(key.hex() for key in keys))


def _final_key(work: UnitOfWork, card: Any) -> bytes:
    """Return the random key that the card ends with, the same one until the retirement is recorded."""
    sealer = work.office.sealer
    if card.final_key_sealed is not None:
        return sealer.open(bytes(card.final_key_sealed), card.csn)
    key = new_management_key(secrets.token_bytes).value
    work.connection.execute(
        sa.update(t.card).where(K.id == card.id).values(final_key_sealed=sealer.seal(key, card.csn))
    )
    return key


def _record(work: UnitOfWork, command: RecordCardRetired, actor: Actor, _prepared: None) -> Outcome:
    """Count the card as spoiled and forget its secrets; a second report changes nothing more."""
    card = _retirable(work, command.csn, command.reason)
    if card.state != str(CardState.SPOILED):
        carry_to(work, K.id == card.id, EntryKind.SPOILED, PlaceKind.BIN, actor)
    work.connection.execute(
        sa.update(t.card)
        .where(K.id == card.id)
        .values(
            state=str(CardState.SPOILED),
            step=RETIRED,
            reason=command.reason,
            **FORGOTTEN,
            final_key_sealed=None,
            updated_at=work.now,
        )
    )
    work.audit("card_retired", actor, {"csn": card.csn, "number": card.number, "reason": command.reason})
    return Outcome()


def _retirable(work: UnitOfWork, csn: str, reason: str) -> Any:
    """Lock the card's record and return it; refuses while a certificate of the card may still be relied on."""
    csn = csn.strip().lower()
    if not reason.strip():
        raise Refused("case.reason_missing")
    card = work.connection.execute(sa.select(t.card).where(K.csn == csn).with_for_update()).first()
    if card is None:
        raise NotFound("card.not_found", number=csn)
    alive = work.connection.execute(sa.select(C.id).where(C.csn == csn, relied_on(work.now))).first()
    if alive is not None or card.state == str(CardState.PERSONALISING):
        raise Refused("card.still_certified", csn=csn)
    return card


ACTS = (Act(BeginCardRetirement, _begin, DESK), Act(RecordCardRetired, _record, DESK))
