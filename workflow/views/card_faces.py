"""What is printed on the faces of a batch's cards: name, rank, card number, validity (CRD-09, CRD-10).

Only made cards are named, so that nothing is printed for a card that does not exist. Characters that a printer's font
may lack are named by their code points, so that somebody looks at those cards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.days import taipei_day
from workflow.store import schema as s
from workflow.vocabulary import Ca, CardState, CertificateStatus, JobState, Rank

if TYPE_CHECKING:
    from datetime import date

COMMON_FROM, COMMON_TO = 0x4E00, 0x9FFF
"""The block of CJK characters that every Chinese font has."""
OLDEST_RARE = 0x2E80
"""Below lie letters, digits and signs; from here on, whatever is no common character is rare."""
PUNCTUATION = range(0x3000, 0x3100)
FULL_WIDTH = range(0xFF01, 0xFFEF)


@dataclass(frozen=True, slots=True)
class CardFace:
    """The face of one card. Days are Taipei's; `rare` names unusual characters as U+XXXX."""

    position: int
    card_number: str
    csn: str
    ca: Ca
    rank: Rank | None
    name: str
    valid_from: date
    valid_to: date
    rare: tuple[str, ...]


def rare_characters(name: str) -> tuple[str, ...]:
    """Return the characters of a name that a printer's font may lack, each once, as code points.

    >>> rare_characters("陳𠮷")
    ('U+20BB7',)
    """
    rare = (
        sign
        for sign in dict.fromkeys(name)
        if ord(sign) >= OLDEST_RARE
        and not COMMON_FROM <= ord(sign) <= COMMON_TO
        and ord(sign) not in PUNCTUATION
        and ord(sign) not in FULL_WIDTH
    )
    return tuple(f"U+{ord(sign):04X}" for sign in rare)


def card_faces(connection: sa.Connection, batch_id: int) -> tuple[CardFace, ...]:
    """Return the faces of the made cards of a batch, in its order."""
    job, case, card, certificate = s.line_job.c, s.case.c, s.card.c, s.certificate.c
    query = (
        sa.select(
            job.position,
            case.ca,
            case.rank,
            case.subject_name,
            card.number,
            card.csn,
            certificate.not_before,
            certificate.not_after,
        )
        .select_from(
            s.line_job.join(s.case, case.id == job.case_id)
            .join(s.card, (card.case_id == case.id) & (card.number == case.card_number))
            .join(s.certificate, (certificate.csn == card.csn) & (certificate.purpose == "signature"))
        )
        .where(
            job.batch_id == batch_id,
            job.state == str(JobState.MADE),
            card.state.not_in([str(CardState.QUARANTINED), str(CardState.SPOILED)]),
            certificate.status != str(CertificateStatus.REVOKED),
        )
        .order_by(job.position)
    )
    return tuple(
        CardFace(
            position=row.position,
            card_number=row.number,
            csn=row.csn,
            ca=Ca(row.ca),
            rank=Rank(row.rank) if row.rank else None,
            name=row.subject_name,
            valid_from=taipei_day(row.not_before),
            valid_to=taipei_day(row.not_after),
            rare=rare_characters(row.subject_name),
        )
        for row in connection.execute(query)
    )
