"""What an official letter says, apart from the files that carry it."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from forms.typed import ascii_digits

_ASCII_WORD: Final = re.compile(r"[!-~]")
_NUMBER: Final = re.compile(
    r"(?P<word>[^字第]{1,30}(?:字[^第]{0,10})?)字?第(?P<year>[0-9]{3})(?P<serial>[0-9]{7})(?P<branch>[0-9A-Z]{0,4})號"
)


def tidy(text: str) -> str:
    """Take out the line breaks and indents that exporting programs put into texts; between ASCII words a space stays."""
    joined = ""
    for piece in filter(None, map(str.strip, text.splitlines())):
        words = joined and _ASCII_WORD.match(joined[-1]) and _ASCII_WORD.match(piece[0])
        joined += f" {piece}" if words else piece
    return joined


class PartyKind(Enum):
    """How a party is named; the value is the element of the DI grammar."""

    AGENCY = "全銜"
    UNIT = "單位名"
    PERSON = "姓名"
    COLLECTIVE = "總稱"


@dataclass(frozen=True, slots=True)
class Party:
    """A sender or receiver; codes and title are empty where the letter gives none."""

    kind: PartyKind
    name: str
    agency_code: str = ""
    unit_code: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A party that gets the letter; `copy` is 正本, 副本 and so on, `attachment_note` what it gets with it."""

    party: Party
    copy: str = ""
    attachment_note: str = ""


class Speed(Enum):
    """速別: how fast the letter is to be handled."""

    ORDINARY = "普通件"
    FAST = "速件"
    FASTEST = "最速件"


class Secrecy(Enum):
    """密等 of letters that are not ordinary."""

    RESTRICTED = "密"
    CONFIDENTIAL = "機密"
    SECRET = "極機密"  # noqa: S105 - a grade of secrecy, no password
    TOP_SECRET = "絕對機密"  # noqa: S105 - a grade of secrecy, no password


@dataclass(frozen=True, slots=True)
class DocumentNumber:
    """發文字號: word (字), ROC year, serial and branch number where they could be told apart, and the whole as printed."""

    raw: str
    word: str = ""
    year: str = ""
    serial: str = ""
    branch: str = ""

    @classmethod
    def of(cls, word: str, year: str, serial: str, branch: str = "") -> "DocumentNumber":
        """Join the parts as paper prints them: 府教字第1150000123號."""
        name = word if word.endswith("字") else f"{word}字"
        return cls(f"{name}第{year}{serial}{branch}號", word, year, serial, branch)

    @classmethod
    def parse(cls, raw: str) -> "DocumentNumber":
        """Take a printed number apart where it has the usual shape; else keep it as it is."""
        found = _NUMBER.fullmatch("".join(ascii_digits(raw).split()))
        if not found:
            return cls(raw)
        word = found["word"].removesuffix("字")
        return cls(raw, word, found["year"], found["serial"], found["branch"])


@dataclass(frozen=True, slots=True)
class Item:
    """條列: a numbered item (一、) with items below it."""

    number: str
    text: str
    items: tuple["Item", ...] = ()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """段落: a named part of the body (說明：) with text, items, or both."""

    name: str
    text: str = ""
    items: tuple[Item, ...] = ()

    def texts(self) -> tuple[str, ...]:
        """Return its texts in reading order."""
        return (self.text, *(text for item in self.items for text in _texts(item)))


def _texts(item: Item) -> tuple[str, ...]:
    return (item.text, *(text for inner in item.items for text in _texts(inner)))


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with the letter; `declared` says whether the letter names it."""

    name: str
    media_type: str
    content: bytes
    declared: bool = True

    @property
    def sha256(self) -> str:
        """The SHA-256 of the content, in hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Contact:
    """The contact lines (聯絡方式) taken apart; a part that no line names is empty."""

    person: str = ""
    phone: str = ""
    fax: str = ""
    email: str = ""


_CONTACT_LABEL: Final = re.compile(
    r"(承辦人|聯絡人|電話|傳真|電子信箱|電子郵件|[Ee]-?[Mm]ail)[ \u3000]{0,4}[：:]"
)
_CONTACT_FIELDS: Final = {"承辦人": "person", "聯絡人": "person", "電話": "phone", "傳真": "fax"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter as both directions know it; empty text and None mean that the letter does not say."""

    senders: tuple[Party, ...]
    date: date
    numbers: tuple[DocumentNumber, ...]
    subject: str
    originals: tuple[Receiver, ...]
    kind: str = "函"
    address: str = ""
    contact_lines: tuple[str, ...] = ("",)
    addressee: Receiver | None = None
    speed: Speed | None = None
    secrecy: Secrecy | None = None
    secrecy_condition: str = ""
    attachment_note: str = ""
    paragraphs: tuple[Paragraph, ...] = ()
    copies: tuple[Receiver, ...] = ()
    signatures: tuple[str, ...] = ()
    exchange: tuple[Receiver, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    @property
    def sender_name(self) -> str:
        """The full name of the first sender."""
        return self.senders[0].name

    @property
    def sender_code(self) -> str:
        """The agency code of the first sender, as written; it is checked against the register elsewhere."""
        return self.senders[0].agency_code

    @property
    def number(self) -> DocumentNumber:
        """The first document number."""
        return self.numbers[0]

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """Who gets the letter: the exchange list if there is one, else the addressee, else those printed below."""
        return self.exchange or ((self.addressee,) if self.addressee else (*self.originals, *self.copies))

    @property
    def contact(self) -> Contact:
        """The contact lines taken apart by their usual labels; the first of each counts."""
        parts: dict[str, str] = {}
        for line in self.contact_lines:
            _before, *pieces = _CONTACT_LABEL.split(line)
            for label, value in zip(pieces[::2], pieces[1::2], strict=True):
                parts.setdefault(_CONTACT_FIELDS.get(label, "email"), value.strip())
        return Contact(**parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingLetter(Letter):
    """A letter that was read; `grammar` names the DTD that it declared."""

    grammar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingLetter(Letter):
    """A letter to be written."""
