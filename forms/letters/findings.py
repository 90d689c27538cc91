"""What the registry looks for in a letter: case serial numbers, and how many cards are asked for (APP-03, APP-04).

Nothing is guessed: digits that could be cut in two ways are no case number, and counts that contradict one another
are reported as such for a person to look at.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from forms.letters.letter import Attachment, Letter
from forms.letters.numerals import NUMERAL_CHARACTERS, number_of
from forms.typed import ascii_digits

_DIGITS_OF_A_CASE: Final = 25
_GAP: Final = r"[\s\-\u2010-\u2015\u2212－_.]"
# Five groups of five is how the number is printed; shorter groups than four are other numbers beside it.
_RUN: Final = re.compile(rf"[0-9]+(?:{_GAP}{{1,3}}[0-9]+)*")
_GROUP: Final = re.compile(r"[0-9]+")
_GROUP_SHORTEST: Final = 4
_NUMERAL: Final = f"[{NUMERAL_CHARACTERS}]{{1,9}}"
_FILLER: Final = r"[\s：:（(「共計為]{0,4}"
_BEFORE: Final = re.compile(rf"(?P<rank>正卡|附卡){_FILLER}(?P<number>{_NUMERAL})\s?[張枚]")
_AFTER: Final = re.compile(rf"(?P<number>{_NUMERAL})\s?[張枚](?:IC)?(?P<rank>正卡|附卡)")
_TOTAL: Final = re.compile(rf"(?:總計|合計|總共|共計|共){_FILLER}(?P<number>{_NUMERAL})\s?[張份枚件]")


class Where(Enum):
    """The part of the letter in which something stood."""

    SUBJECT = "subject"
    EXPLANATION = "explanation"
    ATTACHMENT_NAME = "attachment_name"
    ATTACHMENT_TEXT = "attachment_text"


@dataclass(frozen=True, slots=True)
class Found:
    """A case number and where it stood; `attachment` is the file's name, if it stood in one."""

    number: str
    where: Where
    attachment: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cards a letter says it asks for; None where it does not say, or says two different things."""

    primary: int | None
    secondary: int | None
    total: int | None
    contradictory: bool = False

    @property
    def expected(self) -> int | None:
        """The number of application forms to expect: the stated total, else the sum of what is stated."""
        stated = [count for count in (self.primary, self.secondary) if count is not None]
        return self.total if self.total is not None else (sum(stated) if stated else None)


def find_case_numbers(letter: Letter, pdf_text: Callable[[bytes], str] | None = None) -> tuple[Found, ...]:
    """Return each case number once per place, in reading order; `pdf_text` may turn a PDF attachment into text."""
    found = [Found(number, Where.SUBJECT) for number in _numbers(letter.subject)]
    for paragraph in letter.paragraphs:
        found += [Found(number, Where.EXPLANATION) for text in paragraph.texts() for number in _numbers(text)]
    for attachment in letter.attachments:
        texts = (
            (Where.ATTACHMENT_NAME, attachment.name),
            (Where.ATTACHMENT_TEXT, _content(attachment, pdf_text)),
        )
        found += [Found(number, where, attachment.name) for where, text in texts for number in _numbers(text)]
    return tuple(dict.fromkeys(found))


def _content(attachment: Attachment, pdf_text: Callable[[bytes], str] | None) -> str:
    if attachment.media_type in {"text/plain", "text/csv"}:
        for encoding in ("utf-8-sig", "cp950"):
            try:
                return attachment.content.decode(encoding)
            except UnicodeDecodeError:
                continue
    if attachment.media_type == "application/pdf" and pdf_text:
        return pdf_text(attachment.content)
    return ""


def _numbers(text: str) -> Iterator[str]:
    for run in _RUN.finditer(ascii_digits(text)):
        groups = _GROUP.findall(run.group())
        yield from _cut(groups) or (group for group in groups if len(group) == _DIGITS_OF_A_CASE)


def _cut(groups: list[str]) -> list[str]:
    """Join neighbouring groups into case numbers if they go in without remainder; else return nothing."""
    numbers: list[str] = []
    pending = ""
    for group in groups:
        pending += group
        if len(group) < _GROUP_SHORTEST or len(pending) > _DIGITS_OF_A_CASE:
            return []
        if len(pending) == _DIGITS_OF_A_CASE:
            numbers.append(pending)
            pending = ""
    return [] if pending else numbers


def read_counts(letter: Letter) -> Counts:
    """Read how many primary and secondary cards, and how many in all, subject and body say that they ask for."""
    said: dict[str, set[int]] = {"正卡": set(), "附卡": set(), "total": set()}
    body = [text for paragraph in letter.paragraphs for text in paragraph.texts()]
    for text in (letter.subject, *body):
        for pattern in (_BEFORE, _AFTER, _TOTAL):
            for match in pattern.finditer(text):
                number = number_of(match["number"])
                if number is not None:
                    said[match.groupdict().get("rank") or "total"].add(number)
    single = {name: next(iter(numbers)) if len(numbers) == 1 else None for name, numbers in said.items()}
    primary, secondary, total = single["正卡"], single["附卡"], single["total"]
    several = any(len(numbers) > 1 for numbers in said.values())
    stated = [count for count in (primary, secondary) if count is not None]
    # A total may also count forms that the letter does not break down, but never fewer than it names.
    short = total is not None and sum(stated) > total
    uneven = None not in {primary, secondary, total} and sum(stated) != total
    return Counts(primary, secondary, total, contradictory=several or short or uneven)
