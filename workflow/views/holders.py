"""What a holder may see once card and PIN are proved, and what anyone may see of a card in hand."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow import policies
from workflow.card_sessions import digest
from workflow.errors import NotFound, Refused
from workflow.machine import TABLES
from workflow.store import schema as t
from workflow.vocabulary import Ca, CardErrand, CardTalk, CaseKind, CertificateStatus, Rank

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.policy import Policy
    from workflow.vocabulary import Word

K, C, S, D = t.case.c, t.certificate.c, t.card_session.c, t.card.c
MOST_CASES = 200


@dataclass(frozen=True, slots=True)
class CertificateSeen:
    """A certificate with its state; `card_number` says on which card it lies."""

    serial: str
    purpose: str
    status: CertificateStatus
    not_before: datetime
    not_after: datetime
    card_number: str
    rank: Rank | None = None


@dataclass(frozen=True, slots=True)
class ProvenHolder:
    """A card whose holder was proved by card and PIN: its case, CA and organisation."""

    csn: str
    case_id: int
    card_number: str
    subject_name: str
    ca: Ca
    organisation_id: int | None
    policy: Policy
    contact: dict[str, str]
    until: datetime


@dataclass(frozen=True, slots=True)
class CaseOfHolder:
    """A case of the holder's card or organisation, and where it stands."""

    number: str
    kind: CaseKind
    state: Word
    opened_at: datetime
    card_number: str


def of_card(connection: sa.Connection, csn: str) -> tuple[CertificateSeen, ...]:
    """Return the certificates that were issued for a card."""
    return _seen(connection, C.csn == csn)


def is_staff_card(connection: sa.Connection, csn: str) -> bool:
    """Tell whether a card was made for a member of the staff; whether it is in use is said to nobody here."""
    return bool(connection.scalar(sa.select(sa.exists().where(t.staff_card.c.csn == csn))))


def of_case(connection: sa.Connection, case_id: int) -> tuple[CertificateSeen, ...]:
    """Return the certificates of a case's cards; the caller has proved that they may be seen."""
    return _seen(connection, C.case_id == case_id)


def proven(connection: sa.Connection, token: str, owner: str, now: datetime) -> ProvenHolder:
    """Return whom a conversation proved, for this browser and while it holds; Refused otherwise.

    It holds no longer than the card's certificate is valid: whoever suspends a lost card ends its log-ins too.
    """
    valid = sa.exists().where(
        C.csn == S.csn,
        C.case_id == S.case_id,
        C.status == str(CertificateStatus.VALID),
        C.not_after > now,
    )
    row: Any = connection.execute(
        sa.select(t.card_session.c.owner_sha256, S.csn, S.expires_at, t.case)
        .join(t.case, K.id == S.case_id)
        .where(
            S.token_sha256 == digest(token),
            S.errand == str(CardErrand.PROVE),
            S.state == str(CardTalk.DONE),
            S.expires_at > now,
            valid,
        )
    ).first()
    if row is None or not hmac.compare_digest(row.owner_sha256, digest(owner)):
        raise Refused("card.proof_missing")
    return ProvenHolder(
        csn=row.csn,
        case_id=row.id,
        card_number=row.card_number or "",
        subject_name=row.subject_name,
        ca=Ca(row.ca),
        organisation_id=row.organisation_id,
        policy=policies.by_version(row.policy_version),
        contact=_contact(connection, row),
        until=row.expires_at,
    )


def contact_on_record(connection: sa.Connection, case_id: int) -> dict[str, str]:
    """Return the contact that a card's case has on record, to whom alone a new user code is told (UCR-02, UCR-03)."""
    row = connection.execute(sa.select(t.case).where(K.id == case_id)).one()
    return _contact(connection, row)


def _contact(connection: sa.Connection, row: Any) -> dict[str, str]:
    """Return the contact as it is now: changed by card, or as the form said."""
    table = t.form_revision
    form = connection.execute(
        sa.select(table.c["values"]).where(table.c.case_id == row.id, table.c.revision == row.revision)
    ).scalar()
    filed = {name: str(value) for name, value in (form or {}).items() if name.startswith("contact_")}
    changed = dict((row.data or {}).get("contact", {}))
    current = {"contact_name": row.contact_name, "contact_email": row.contact_email}
    return {**filed, **changed, **current}


def of_organisation(connection: sa.Connection, holder: ProvenHolder) -> tuple[CertificateSeen, ...]:
    """Return all certificates of the holder's organisation at its CA (STA-03); those never signed are none."""
    if not holder.policy.agency_list_by_card.value or holder.organisation_id is None:
        raise NotFound("card.not_active")
    return _seen(connection, K.organisation_id == holder.organisation_id, K.ca == str(holder.ca))


def cases_of(connection: sa.Connection, holder: ProvenHolder) -> tuple[CaseOfHolder, ...]:
    """Return the cases of the holder's card; where the CA shows an agency all of its own, those of the agency too."""
    mine = (K.id == holder.case_id) | (K.card_number == holder.card_number)
    if holder.policy.agency_list_by_card.value and holder.organisation_id is not None:
        mine |= K.organisation_id == holder.organisation_id
    rows = connection.execute(
        sa.select(K.number, K.kind, K.state, K.opened_at, K.card_number)
        .where(mine, K.ca == str(holder.ca))
        .order_by(K.opened_at.desc(), K.id.desc())
        .limit(MOST_CASES)
    )
    return tuple(
        CaseOfHolder(
            number=row.number,
            kind=CaseKind(row.kind),
            state=TABLES[CaseKind(row.kind)].states(row.state),
            opened_at=row.opened_at,
            card_number=row.card_number or "",
        )
        for row in rows
    )


def _seen(connection: sa.Connection, *where: Any) -> tuple[CertificateSeen, ...]:
    rows = connection.execute(
        sa.select(C.serial, C.purpose, C.status, C.not_before, C.not_after, C.card_number, D.number, K.rank)
        .join(t.case, K.id == C.case_id)
        .join(t.card, D.csn == C.csn, isouter=True)
        .where(*where, C.status != str(CertificateStatus.INTENDED))
        .order_by(C.not_before.desc(), C.id)
    )
    return tuple(
        CertificateSeen(
            serial=row.serial,
            purpose=row.purpose,
            status=CertificateStatus(row.status),
            not_before=row.not_before,
            not_after=row.not_after,
            card_number=row.number or row.card_number or "",
            rank=Rank(row.rank) if row.rank else None,
        )
        for row in rows
    )
