"""Manufacture one card: every step is recorded before the next, so an interruption is resumed with the same card.

Keys are generated on the card (CRD-01), both certificates issued and written, read back, and proved by a signature
from the card. The PIN is random, and forgotten once the card is made: nothing usable leaves the house (ACT-05).
"""

from __future__ import annotations

import secrets
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from cryptography import x509

from hardware.piv import Algorithm, Slot
from hardware.scripts.identify import read_csn
from hardware.scripts.personalise import Personalisation, complete, ensure_key, take_over
from hardware.secrets_of_card import new_pin
from workflow.approvals import current_case
from workflow.card_keys import current_master, first_secrets
from workflow.commands import RecordCardMade
from workflow.commands_of_performers import ClaimBlank, RecordKeys
from workflow.facts import SYSTEM, CaseFacts
from workflow.filed_cases import FiledCase, filed_case
from workflow.handlers import handle
from workflow.issuing_cards import KeyOnCard, ensure_certificates
from workflow.stations import card_in
from workflow.store import schema as t
from workflow.vocabulary import CardState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.office import Office
    from workflow.ports import CardSession
    from workflow.store.outbox import Work

K = t.card.c
SLOTS: Mapping[str, Slot] = {"signature": Slot.SIGNATURE, "encipherment": Slot.ENCIPHERMENT}
CHALLENGE_BYTES = 32
NEVER = date(2099, 12, 31)
"""The CHUID's expiry: the certificates say when the card ends, not this."""
MANAGEMENT_CHALLENGE_BYTES = 16


def manufacture(office: Office, work: Work) -> None:
    """Make the card of a case on the reader it was put on; does nothing for a case that has moved on."""
    assert work.case_id is not None  # noqa: S101 - a card always has its case.
    case = current_case(office, work.case_id)
    if case.state != "manufacturing":
        return
    with card_in(office, str(work.payload["reader"])) as session:
        csn = session.run(read_csn())
        _claim(office, case, csn)
        make_card(office, session, case.id, csn)


def make_card(office: Office, session: CardSession, case_id: int, csn: str) -> None:
    """Make the card that is bound to a case, from wherever an interruption left it to the report that it is made.

    Raises Refused or a HardwareError; what was recorded by then stays, and the same call goes on from there.
    """
    with office.asking() as connection:
        filed = filed_case(connection, case_id)
        card: Any = connection.execute(sa.select(t.card).where(K.csn == csn)).one()
    plan = _plan(office, card)
    session.run(take_over(plan, secrets.token_bytes(MANAGEMENT_CHALLENGE_BYTES)))
    certificates = _certify(office, session, filed, card)
    written = {SLOTS[purpose]: der for purpose, der in certificates.items()}
    session.run(complete(written, secrets.token_bytes(CHALLENGE_BYTES), plan.secrets.pin))
    issued_at = x509.load_der_x509_certificate(certificates["signature"]).not_valid_before_utc
    report = RecordCardMade(case_id=case_id, card_number=card.number, issued_at=issued_at)
    handle(office, report, SYSTEM)


def _claim(office: Office, case: CaseFacts, csn: str) -> None:
    """Bind the card to the case, unless it was before an interruption."""
    with office.asking() as connection:
        card = connection.execute(sa.select(K.case_id, K.state).where(K.csn == csn)).first()
    if card is not None and card.case_id == case.id and card.state == str(CardState.PERSONALISING):
        return
    handle(office, ClaimBlank(case_id=case.id, csn=csn, **new_secrets(office)), SYSTEM)


def new_secrets(office: Office) -> dict[str, str]:
    """Return a new card's random PIN and the name of its master key, by the names of a claim's fields (CRD-02)."""
    return {"pin": new_pin(secrets.randbelow), "master_key": current_master(office)}


def _plan(office: Office, card: Any) -> Personalisation:
    return Personalisation(card.csn, card.number, NEVER, first_secrets(office, card))


def _certify(office: Office, session: CardSession, filed: FiledCase, card: Any) -> dict[str, bytes]:
    """Make both keys on the card, unless they were recorded before, and have them certified together (CRD-03)."""
    keys, made = [], []
    for purpose, slot in SLOTS.items():
        recorded = getattr(card, f"{purpose}_spki")
        known = None if recorded is None else bytes(recorded)
        spki = session.run(ensure_key(slot, Algorithm.RSA_2048, known))
        if known is None:
            made.append((purpose, spki))
        keys.append(KeyOnCard(card.csn, purpose, spki))
    if made:
        # A key that was made and is on no record is made again: nothing was certified for it.
        handle(office, RecordKeys(csn=card.csn, keys=tuple(made)), SYSTEM)
    return dict(zip(SLOTS, ensure_certificates(office, filed, keys), strict=True))
