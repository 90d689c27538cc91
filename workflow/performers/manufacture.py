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
from hardware.scripts.authenticate_management import authenticate_management
from hardware.scripts.card_number import write_card_number, write_chuid
from hardware.scripts.certificates import verify_read_back, write_certificate
from hardware.scripts.generate_key import generate_key
from hardware.scripts.identify import identify, read_csn
from hardware.scripts.possession import verify_possession
from hardware.scripts.set_secrets import CardSecrets, set_secrets
from hardware.secrets_of_card import ManagementKey, new_management_key, new_pin, new_puk
from workflow.commands import RecordCardMade
from workflow.commands_of_performers import ClaimBlank, RecordKey
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
    with office.reading() as connection:
        filed = filed_case(connection, work.case_id)
    if filed.case.state != "manufacturing":
        return
    with card_in(office, str(work.payload["reader"])) as session:
        csn = session.run(read_csn())
        _claim(office, filed.case, csn)
        make_card(office, session, filed, csn)


def make_card(office: Office, session: CardSession, filed: FiledCase, csn: str) -> None:
    """Make the card that is bound to a case, from wherever an interruption left it to the report that it is made.

    Raises Refused or a HardwareError; what was recorded by then stays, and the same call goes on from there.
    """
    card = _card(office, csn)
    _personalise(office, session, card)
    certificates = _certify(office, session, filed, card)
    _prove(office, session, certificates, card)
    issued_at = x509.load_der_x509_certificate(certificates["signature"]).not_valid_before_utc
    report = RecordCardMade(case_id=filed.case.id, card_number=card.number, issued_at=issued_at)
    handle(office, report, SYSTEM)


def _card(office: Office, csn: str) -> Any:
    with office.reading() as connection:
        return connection.execute(sa.select(t.card).where(K.csn == csn)).first()


def _claim(office: Office, case: CaseFacts, csn: str) -> None:
    """Bind the card to the case, unless it was before an interruption."""
    card = _card(office, csn)
    if card is not None and card.case_id == case.id and card.state == str(CardState.PERSONALISING):
        return
    handle(office, ClaimBlank(case_id=case.id, csn=csn, **new_secrets()), SYSTEM)


def new_secrets() -> dict[str, Any]:
    """Return the PIN, PUK and management key of a new card, by the names of a claim's fields (CRD-02)."""
    return {
        "pin": new_pin(secrets.randbelow),
        "puk": new_puk(secrets.randbelow),
        "management_key": new_management_key(secrets.token_bytes).value,
    }


def _personalise(office: Office, session: CardSession, card: Any) -> None:
    """Give the card its own secrets, stored beforehand, and its number."""
    unseal = office.sealer.open
    wanted = CardSecrets(
        unseal(card.pin_sealed, card.csn).decode(),
        unseal(card.puk_sealed, card.csn).decode(),
        ManagementKey(Algorithm.AES_192, unseal(card.management_key_sealed, card.csn)),
    )
    session.run(set_secrets(wanted, secrets.token_bytes(MANAGEMENT_CHALLENGE_BYTES)))
    named = session.run(identify()).has_chuid
    # Selecting the application closed it again for writing.
    session.run(
        authenticate_management(wanted.management_key, secrets.token_bytes(MANAGEMENT_CHALLENGE_BYTES))
    )
    if not named:
        session.run(write_chuid(card.csn, NEVER))
    session.run(write_card_number(card.number))


def _certify(office: Office, session: CardSession, filed: FiledCase, card: Any) -> dict[str, bytes]:
    """Make both keys on the card, have them certified together and write the certificates beside them (CRD-03)."""
    keys = []
    for purpose, slot in SLOTS.items():
        spki = getattr(card, f"{purpose}_spki")
        if spki is None:
            spki = session.run(generate_key(slot, Algorithm.RSA_2048))
            handle(office, RecordKey(csn=card.csn, purpose=purpose, spki=spki), SYSTEM)
        keys.append(KeyOnCard(card.csn, purpose, bytes(spki)))
    certificates = dict(zip(SLOTS, ensure_certificates(office, filed, keys), strict=True))
    for purpose, slot in SLOTS.items():
        session.run(write_certificate(slot, certificates[purpose]))
    return certificates


def _prove(office: Office, session: CardSession, certificates: Mapping[str, bytes], card: Any) -> None:
    """Read everything back, and let each key prove itself: keys, certificates and card belong together."""
    session.run(verify_read_back({SLOTS[purpose]: der for purpose, der in certificates.items()}))
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    pin = office.sealer.open(card.pin_sealed, card.csn).decode()
    for purpose, der in certificates.items():
        session.run(verify_possession(SLOTS[purpose], der, challenge, pin))
