"""The first-review window's own letter to the CA agency, as DI files and as PDF in the official layout (LTR-02)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forms.letters import OutgoingLetter, write
from forms.letters.letter import DocumentNumber, Party, PartyKind
from forms.letters.models import CardsAskedFor, ForwardedLetter, LetterHead, forwarding_letter
from forms.rocdate import roc_long
from forms.sheets.official_letter import LetterItem, LetterSection, OfficialLetter, official_letter
from workflow.agencies import AGENCIES
from workflow.days import taipei_day
from workflow.errors import Refused
from workflow.store import schema as t
from workflow.store.numbers import take
from workflow.views.accounts import person_of
from workflow.vocabulary import LetterDirection, Rank

if TYPE_CHECKING:
    from workflow.facts import Actor, CaseFacts
    from workflow.store.unit_of_work import UnitOfWork

XML = "application/xml"


@dataclass(frozen=True)
class Papers:
    """A letter of our own with its files."""

    sender_name: str
    sender_code: str
    number: str
    subject: str
    explanation: str
    files: tuple[tuple[str, str, bytes], ...]


def forwarding_documents(work: UnitOfWork, cases: tuple[CaseFacts, ...], actor: Actor) -> Papers:
    """Write the window's letter about these cases; its number is drawn at dispatch, counted by ROC year."""
    from workflow.paper import PDF, printed  # Paper reads through handlers, which import the acts.

    window = work.connection.execute(
        sa.select(t.review_window).where(t.review_window.c.id == actor.window_id)
    ).first()
    if window is None:
        raise Refused("access.not_your_organisation")
    day = taipei_day(work.now)
    year = day.year - 1911
    serial = take(work.connection, f"letter:{window.id}:{year}")
    number = DocumentNumber.of("初審", str(year), f"{serial:07d}")
    agency = AGENCIES[cases[0].ca]
    head = LetterHead(
        sender=Party(PartyKind.AGENCY, window.name, window.agency_code),
        address=window.address,
        contact_lines=(
            f"承辦人：{person_of(work.connection, actor.name) or actor.name}",
            f"電話：{window.phone}",
            f"電子信箱：{window.email}",
        ),
        date=day,
        number=number,
        receiver=Party(PartyKind.AGENCY, agency.name, agency.code),
        signature=window.name,
    )
    letter = forwarding_letter(head, _forwarded(work, cases), _cards(cases), ())
    sheet = _printed(letter, head, agency.postal_code + agency.address)
    pdf = printed(official_letter, sheet, work.office)
    files = tuple((name, XML, content) for name, content in write(letter).items())
    explanation = "\n".join(item.text for paragraph in letter.paragraphs for item in paragraph.items)
    stem = f"{year}{serial:07d}"
    return Papers(
        window.name,
        window.agency_code,
        number.raw,
        letter.subject,
        explanation,
        (*files, (f"{stem}.pdf", PDF, pdf)),
    )


def _forwarded(work: UnitOfWork, cases: tuple[CaseFacts, ...]) -> ForwardedLetter:
    """Name the applicant's letter that the cases came with; several letters are named by the first."""
    link, letter = t.letter_case.c, t.letter.c
    row: Any = work.connection.execute(
        sa.select(letter.sender_name, letter.dated, letter.number)
        .join(t.letter_case, link.letter_id == letter.id)
        .where(
            link.case_id.in_([case.id for case in cases]), letter.direction == str(LetterDirection.INCOMING)
        )
        .order_by(letter.dated, letter.id)
    ).first()
    return ForwardedLetter(row.sender_name, row.dated, DocumentNumber.parse(row.number))


def _cards(cases: tuple[CaseFacts, ...]) -> CardsAskedFor:
    def numbers(rank: Rank) -> tuple[str, ...]:
        return tuple(case.number for case in cases if case.rank is rank)

    return CardsAskedFor(f"{cases[0].ca.zh}憑證IC卡", numbers(Rank.PRIMARY), numbers(Rank.SECONDARY))


def _printed(letter: OutgoingLetter, head: LetterHead, receiver_address: str) -> OfficialLetter:
    sections = tuple(
        LetterSection(
            paragraph.name.rstrip("："),
            tuple(LetterItem(item.text) for item in paragraph.items),
            paragraph.text,
        )
        for paragraph in letter.paragraphs
    )
    contact = tuple(
        (label, value) for label, _, value in (line.partition("：") for line in head.contact_lines)
    )
    return OfficialLetter(
        agency=head.sender.name,
        date=roc_long(head.date),
        number=head.number.raw,
        recipient=head.receiver.name,
        subject=letter.subject,
        sections=sections,
        originals=(head.receiver.name,),
        signature=head.signature,
        mark="正本",
        address=head.address,
        contact=contact,
        recipient_address=receiver_address,
        attachments=letter.attachment_note,
    )
