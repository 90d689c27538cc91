"""Model letters: the applicant's (APP-04, LTR-03) and the one with which a first-review window forwards it (LTR-02)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from forms.identifiers import is_case_number
from forms.letters.errors import refuse
from forms.letters.letter import (
    Attachment,
    DocumentNumber,
    Item,
    OutgoingLetter,
    Paragraph,
    Party,
    Receiver,
    Speed,
)
from forms.letters.numerals import chinese
from forms.rocdate import roc_long


@dataclass(frozen=True, slots=True)
class LetterHead:
    """Who writes, from where, to whom, on which day and under which number."""

    sender: Party
    address: str
    contact_lines: tuple[str, ...]
    date: date
    number: DocumentNumber
    receiver: Party
    signature: str
    speed: Speed = Speed.ORDINARY


@dataclass(frozen=True, slots=True)
class CardsAskedFor:
    """The cases of one letter: kind of certificate in words, and the case numbers of primary and secondary cards.

    No case may stand twice, each number has 25 digits, and there is at least one; else LetterError.
    """

    certificate_kind: str
    primary: tuple[str, ...]
    secondary: tuple[str, ...]

    def __post_init__(self) -> None:
        numbers = self.numbers
        if not numbers or len(set(numbers)) != len(numbers) or not all(map(is_case_number, numbers)):
            refuse("write", f"case numbers {numbers}")

    @property
    def numbers(self) -> tuple[str, ...]:
        """All case numbers, primary cards first."""
        return (*self.primary, *self.secondary)

    def in_short(self) -> str:
        """Return kind and counts for the subject."""
        counts = [f"{rank}{len(cases)}張" for rank, cases in self._ranks() if cases]
        return f"{self.certificate_kind}（{'、'.join(counts)}，案件流水號如說明）"

    def sentences(self) -> list[str]:
        """Return one sentence for each rank, with its case numbers."""
        return [
            f"擬申請{rank}{len(cases)}張，" + "、".join(f"案件流水號為{case}號" for case in cases) + "。"
            for rank, cases in self._ranks()
            if cases
        ]

    def _ranks(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return (("正卡", self.primary), ("附卡", self.secondary))


@dataclass(frozen=True, slots=True)
class ForwardedLetter:
    """The applicant's letter that a window forwards."""

    applicant: str
    date: date
    number: DocumentNumber


def application_letter(
    head: LetterHead, purpose: str, cards: CardsAskedFor, attachments: tuple[Attachment, ...]
) -> OutgoingLetter:
    """Return the letter that asks for cards: use, kind and counts in the subject, one item for each rank (APP-03, APP-04)."""
    subject = (
        f"為利辦理{purpose}作業相關事宜，擬申請{cards.in_short()}，"
        f"隨文檢送申請書共{len(cards.numbers)}份，請查照。"
    )
    return _letter(head, subject, cards.sentences(), attachments)


def forwarding_letter(
    head: LetterHead, forwarded: ForwardedLetter, cards: CardsAskedFor, attachments: tuple[Attachment, ...]
) -> OutgoingLetter:
    """Return the window's letter to the authority: the first review was passed, please review and issue (LTR-02, RV1-03)."""
    subject = (
        f"檢送{forwarded.applicant}申請{cards.in_short()}之申請書共{len(cards.numbers)}份，"
        "業經本機關初審合格，請查照惠予複審及簽發憑證。"
    )
    basis = f"依{forwarded.applicant}{roc_long(forwarded.date)}{forwarded.number.raw}函辦理。"
    return _letter(head, subject, [basis, *cards.sentences()], attachments)


def _letter(
    head: LetterHead, subject: str, items: Sequence[str], attachments: tuple[Attachment, ...]
) -> OutgoingLetter:
    numbered = tuple(Item(f"{chinese(place)}、", text) for place, text in enumerate(items, start=1))
    printed = Party(head.receiver.kind, head.receiver.name, title=head.receiver.title)
    return OutgoingLetter(
        senders=(head.sender,),
        address=head.address,
        contact_lines=head.contact_lines,
        date=head.date,
        numbers=(head.number,),
        speed=head.speed,
        attachment_note="如文",
        subject=subject,
        paragraphs=(Paragraph("說明：", items=numbered),),
        originals=(Receiver(printed),),
        signatures=(head.signature,),
        exchange=(Receiver(head.receiver, "正本", "如文"),),
        attachments=attachments,
    )
