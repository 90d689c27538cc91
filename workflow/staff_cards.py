"""Making a card for a member of the staff: keys on the card, one certificate, a PIN of its holder's choice (RV1-07).

An administrator makes it and its holder is there: both have given their passwords, and the holder types the PIN. Each
step is recorded before the next, so that an interruption is taken up again with the same card.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from hardware.errors import CardRefused
from hardware.piv import Algorithm, Slot
from hardware.scripts.change_pin import change_pin
from hardware.scripts.identify import read_csn
from hardware.scripts.personalise import Personalisation, complete, ensure_key, take_over
from hardware.scripts.with_the_holder import set_pin
from hardware.secrets_of_card import is_trivial, new_pin
from pki.names import EXECUTIVE_YUAN, Subject
from pki.orders import CertificateOrder
from workflow.authorities import addresses
from workflow.card_keys import current_master, first_secrets, keys_while_changing
from workflow.card_sessions import refusal_of
from workflow.certificate_profiles import office_profiles
from workflow.commands_of_staff_cards import (
    BeginStaffUnblock,
    OrderStaffCard,
    RecordStaffCardMade,
    RecordStaffKey,
    RecordStaffUnblocked,
)
from workflow.errors import BadInput, FieldProblem, Refused
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.issuing_house import issue_house_certificate
from workflow.issuing_requests import STAFF_PROFILE
from workflow.stations import card_in
from workflow.store import schema as t
from workflow.vocabulary import Ca, CardErrand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.ports import CardSession

S, A, P = t.staff_card.c, t.account.c, t.person.c
NEVER: Final = date(2099, 12, 31)
"""The CHUID's expiry: the certificate says when the card ends, not this."""
_CHALLENGE, _PROOF = 16, 32
_SHORTEST, _LONGEST = 6, 8


@dataclass(frozen=True, slots=True)
class Order:
    """Whose card is made, on which reader, with what its holder types: the account's password and the card's PIN."""

    login: str
    reader: str
    password: str = field(repr=False)
    pin: str = field(repr=False)


def make_staff_card(office: Office, order: Order, administrator: Actor) -> str:
    """Make the card in a reader the card of an account; returns the card's number.

    Raises what refuses it: BadInput for a PIN that will not do, NotAllowed for somebody who may not, Refused for a card
    that is another's or an account that has one. Taken again after an interruption it goes on with the same card.
    """
    _require_pin(order.pin)
    with card_in(office, order.reader) as session:
        csn = session.run(read_csn())
        command = OrderStaffCard(
            login=order.login,
            password=order.password,
            csn=csn,
            pin=new_pin(secrets.randbelow),
            master_key=current_master(office),
        )
        handle(office, command, administrator)
        plan = _plan(office, csn)
        session.run(take_over(plan, secrets.token_bytes(_CHALLENGE)))
        spki = _key(office, session, csn)
        certificate = _certificate(office, csn, spki)
        proved: Mapping[Slot, bytes] = {Slot.SIGNATURE: certificate}
        session.run(complete(proved, secrets.token_bytes(_PROOF), plan.secrets.pin))
        session.run(change_pin(plan.secrets.pin, order.pin))
    handle(office, RecordStaffCardMade(csn=csn), SYSTEM)
    return plan.card_number


def unblock_staff_card(office: Office, order: Order, administrator: Actor) -> None:
    """Give the card of an account another PIN, after its PIN was blocked or forgotten (PIN-05).

    Raises what refuses it: BadInput for a PIN that will not do, NotAllowed for somebody who may not or a card that is
    not the account's, Refused for what the card refuses. Taken again after an interruption it is done again.
    """
    _require_pin(order.pin)
    with card_in(office, order.reader) as session:
        csn = session.run(read_csn())
        command = BeginStaffUnblock(login=order.login, password=order.password, csn=csn)
        handle(office, command, administrator)
        keys = keys_while_changing(office, _row(office, csn))
        if keys is None:
            # Somebody else has unblocked it meanwhile.
            raise Refused("card.session_over")
        try:
            session.run(set_pin(csn, keys, secrets.token_bytes(_CHALLENGE), order.pin))
        except CardRefused as error:
            raise refusal_of(error, CardErrand.UNBLOCK) from error
    handle(office, RecordStaffUnblocked(csn=csn), SYSTEM)


def _require_pin(pin: str) -> None:
    if not (pin.isascii() and pin.isdecimal() and _SHORTEST <= len(pin) <= _LONGEST) or is_trivial(pin):
        raise BadInput(
            FieldProblem(
                "pin",
                "pin",
                "PIN 碼須為 6 至 8 位數字，且不可為連號或重複。",
                "A PIN is 6 to 8 digits without runs or repetitions.",
            )
        )


def _row(office: Office, csn: str) -> Any:
    with office.reading() as connection:
        query = (
            sa.select(t.staff_card, A.login, P.name.label("person"))
            .join(t.account, A.id == S.account_id)
            .join(t.person, P.id == A.person_id)
            .where(S.csn == csn)
        )
        return connection.execute(query).one()


def _plan(office: Office, csn: str) -> Personalisation:
    row = _row(office, csn)
    return Personalisation(csn, row.number, NEVER, first_secrets(office, row))


def _key(office: Office, session: CardSession, csn: str) -> bytes:
    recorded = _row(office, csn).spki
    spki = session.run(
        ensure_key(Slot.SIGNATURE, Algorithm.P256, bytes(recorded) if recorded is not None else None)
    )
    if recorded is None:
        handle(office, RecordStaffKey(csn=csn, spki=spki), SYSTEM)
    return spki


def _certificate(office: Office, csn: str, spki: bytes) -> bytes:
    row, ca = _row(office, csn), Ca(office.settings.staff_card_ca)

    def order(serial: int, authority: str) -> CertificateOrder:
        return CertificateOrder(
            profile=office_profiles(office.settings)[STAFF_PROFILE],
            subject=Subject(
                organisation=EXECUTIVE_YUAN, units=(ca.zh,), common_name=row.person, serial_number=row.number
            ),
            spki_der=spki,
            serial=serial,
            not_before=office.clock.now(),
            addresses=addresses(office, authority, serial),
        )

    return issue_house_certificate(office, ca, spki, order, csn)
