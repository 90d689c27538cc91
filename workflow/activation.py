"""Activation (開卡): the holder's card in a reader, the user code, and a PIN that is shown once (ACT-01…05).

The next PUK is noted before the card is told of it, so an activation that broke off is simply done again; the holder
then gets another PIN. The PUK is used once and never reaches the holder.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hardware.errors import HardwareError
from hardware.scripts.identify import read_csn
from hardware.scripts.unlock import activate as activate_script
from hardware.secrets_of_card import new_pin
from workflow import stations
from workflow.card_keys import keys_while_changing
from workflow.cases.card_application import States
from workflow.commands import BeginActivation, CompleteActivation
from workflow.errors import NotFound, Refused
from workflow.facts import SYSTEM, Actor
from workflow.handlers import handle
from workflow.machine import state_of
from workflow.store import schema as t
from workflow.vocabulary import CaseKind, Rank

if TYPE_CHECKING:
    from datetime import datetime

    from hardware.scripts.with_the_holder import CardKeys
    from workflow.office import Office
    from workflow.ports import ReaderStatus

K = t.card.c


@dataclass(frozen=True)
class CardDetails:
    """What the holder checks before typing the user code (ACT-02, CRD-09)."""

    csn: str
    card_number: str
    case_id: int
    case_number: str
    subject_name: str
    rank: Rank
    oid: str
    issued_at: datetime
    valid_until: datetime
    state: str
    state_zh: str

    @property
    def activated(self) -> bool:
        """Whether the card was activated: its PIN was shown then, and the user code alone leads to another (PIN-02)."""
        return self.state == States.ACTIVATED


def readers(office: Office) -> tuple[ReaderStatus, ...]:
    """Return the readers and what is in them."""
    return stations.readers(office)


def look_at_card(office: Office, reader: str) -> CardDetails:
    """Return what is known of the card in a reader; Refused when it is none of ours."""
    with stations.card_in(office, reader) as session:
        csn = session.run(read_csn())
    return details_of(office, csn)


def details_of(office: Office, csn: str) -> CardDetails:
    """Return what is known of a card by its chip's serial number; NotFound when it is none of ours."""
    k, o, c = t.case.c, t.organisation.c, t.certificate.c
    with office.reading() as connection:
        row: Any = connection.execute(
            sa.select(
                t.card.c.number.label("card_number"), k.id, k.number, k.subject_name, k.rank, k.state, o.oid
            )
            .join(t.case, k.id == t.card.c.case_id)
            .join(t.organisation, o.id == k.organisation_id)
            .where(K.csn == csn, k.card_number == t.card.c.number)
        ).first()
        if row is None:
            raise NotFound("card.unknown", csn=csn)
        life: Any = connection.execute(
            sa.select(sa.func.min(c.not_before).label("start"), sa.func.min(c.not_after).label("end")).where(
                c.csn == csn
            )
        ).one()
    return CardDetails(
        csn=csn,
        card_number=row.card_number,
        case_id=row.id,
        case_number=row.number,
        subject_name=row.subject_name,
        rank=Rank(row.rank),
        oid=row.oid or "",
        issued_at=life.start,
        valid_until=life.end,
        state=row.state,
        state_zh=state_of(CaseKind.CARD_APPLICATION, row.state).zh,
    )


def activate(office: Office, *, case_id: int, user_code: str, reader: str, actor: Actor) -> str:
    """Activate the card in a reader and return its PIN, which nobody will ever see again (ACT-01).

    Raises WrongUserCode, UserCodeLocked, or Refused with what is wrong with the card or the case.
    """
    with stations.card_in(office, reader) as session:
        csn = session.run(read_csn())
        handle(office, BeginActivation(case_id=case_id, user_code=user_code, csn=csn), actor)
        pin = new_pin(secrets.randbelow)
        try:
            session.run(activate_script(_keys(office, csn).puk, pin))
        except HardwareError as error:
            raise Refused("card.failed", detail=str(error)) from error
    handle(office, CompleteActivation(case_id=case_id, csn=csn), SYSTEM)
    return pin


def _keys(office: Office, csn: str) -> CardKeys:
    with office.reading() as connection:
        row = connection.execute(sa.select(t.card).where(K.csn == csn)).one()
    keys = keys_while_changing(office, row)
    if keys is None:
        # Somebody else has finished the activation of this card meanwhile.
        raise Refused("card.session_over")
    return keys
