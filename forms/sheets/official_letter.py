"""The official letter that goes out (函), in the layout of the 文書處理手冊 (LTR-03)."""

from collections.abc import Sequence
from dataclasses import dataclass

from forms.fonts import KaiFonts
from forms.sheets.numerals import item_mark
from forms.sheets.page import PAGE_HEIGHT, PAGE_WIDTH, QUIET, Box, Paper, millimetres, require_printable
from forms.sheets.table import Flow

LEFT = millimetres(25)
RIGHT = PAGE_WIDTH - millimetres(22.1)
TOP = millimetres(20)
BOTTOM = PAGE_HEIGHT - millimetres(24)
CONTACT_LEFT = millimetres(105)
BINDING = millimetres(13)
BODY_SIZE, BODY_LEADING = 16.0, millimetres(8.8)
FIELD_SIZE, FIELD_LEADING = 12.0, millimetres(6)
TITLE_SIZE, TITLE_LEADING = 20.0, millimetres(11)
SMALL_SIZE, SMALL_LEADING = 10.0, millimetres(4.6)
SIGNATURE_GAP = millimetres(26)
INDENT = 1.0
"""How far each level begins to the right of the one above it, in type sizes."""


@dataclass(frozen=True, slots=True)
class LetterItem:
    """One numbered item with the items below it; its number comes from its place."""

    text: str
    children: tuple["LetterItem", ...] = ()


@dataclass(frozen=True, slots=True)
class LetterSection:
    """A section such as 說明 or 擬辦; a single paragraph goes into `text`, several points into `items`."""

    name: str
    items: tuple[LetterItem, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class OfficialLetter:
    """A letter ready to be sent: its number and date are given, because numbers are drawn at dispatch.

    `mark` is 正本 or 副本 and stands at the top left. An empty `speed`, `secrecy` or `attachments` prints its
    label alone, as the layout wants.
    """

    agency: str
    date: str
    number: str
    recipient: str
    subject: str
    sections: tuple[LetterSection, ...]
    originals: tuple[str, ...]
    signature: str
    copies: tuple[str, ...] = ()
    kind: str = "函"
    mark: str = ""
    file_number: str = ""
    retention: str = ""
    address: str = ""
    contact: tuple[tuple[str, str], ...] = ()
    recipient_address: str = ""
    speed: str = "普通件"
    secrecy: str = ""
    attachments: str = ""


def official_letter(letter: OfficialLetter, fonts: KaiFonts) -> bytes:
    """Return the PDF; long letters run over as many pages as they need."""
    require_printable(letter, fonts)
    paper = Paper(fonts, f"{letter.agency}{letter.kind} {letter.number}")
    flow = Flow(paper, _column(), _column)
    _head(flow, letter)
    _reference(flow, letter)
    flow.y += 6
    _hanging(flow, "主旨：", letter.subject, 0)
    for section in letter.sections:
        _section(flow, section)
    _copies(flow, letter)
    _signature(flow, letter.signature)
    for page in range(paper.page_count):
        paper.turn_to(page)
        _margins(paper, page + 1)
    return paper.finish()


def _column() -> Box:
    return Box(LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP)


def _head(flow: Flow, letter: OfficialLetter) -> None:
    paper = flow.paper
    if letter.mark:
        paper.text(LEFT, flow.y + 12, letter.mark, 14)
    for label, value in (("檔　　號", letter.file_number), ("保存年限", letter.retention)):
        _block(flow, f"{label}：{value}", millimetres(140), (SMALL_SIZE, SMALL_LEADING))
    flow.y += 8
    for line in paper.wrap(f"{letter.agency}　{letter.kind}", RIGHT - LEFT, TITLE_SIZE):
        flow.y += TITLE_LEADING
        paper.centred((LEFT + RIGHT) / 2, flow.y - 6, line, TITLE_SIZE)
    flow.y += 8
    for label, value in (("地址", letter.address), *letter.contact):
        _block(flow, f"{label}：{value}", CONTACT_LEFT, (SMALL_SIZE + 1, millimetres(5)))
    flow.y += 8


def _block(flow: Flow, text: str, left: float, type_and_leading: tuple[float, float]) -> None:
    size, leading = type_and_leading
    for line in flow.paper.wrap(text, RIGHT - left, size):
        flow.y += leading
        flow.paper.text(left, flow.y, line, size)


def _reference(flow: Flow, letter: OfficialLetter) -> None:
    if letter.recipient_address:
        flow.lines(letter.recipient_address, FIELD_SIZE, FIELD_LEADING)
        flow.y += 6
    _hanging(flow, "受文者：", letter.recipient, 0)
    for label, value in (
        ("發文日期", letter.date),
        ("發文字號", letter.number),
        ("速別", letter.speed),
        ("密等及解密條件或保密期限", letter.secrecy),
        ("附件", letter.attachments),
    ):
        _hanging(flow, f"{label}：", value, 0, (FIELD_SIZE, FIELD_LEADING))


def _section(flow: Flow, section: LetterSection) -> None:
    _hanging(flow, f"{section.name}：", section.text, 0)
    _items(flow, section.items, 1)


def _items(flow: Flow, items: Sequence[LetterItem], level: int) -> None:
    for place, item in enumerate(items, 1):
        _hanging(flow, item_mark(level, place), item.text, (level - 1) * INDENT * BODY_SIZE)
        _items(flow, item.children, level + 1)


def _hanging(
    flow: Flow,
    head: str,
    text: str,
    indent: float,
    type_and_leading: tuple[float, float] = (BODY_SIZE, BODY_LEADING),
) -> None:
    """Write the text beside its head, all its lines beginning at the same place."""
    size, leading = type_and_leading
    hang = indent + flow.paper.width(head, size)
    lines = flow.paper.wrap(text, flow.column.width - hang, size)
    # Head and first line are one string, so that a search finds 主旨 with its words.
    for place, line in enumerate(lines):
        flow.need(leading)
        flow.y += leading
        start, written = (indent, head + line) if place == 0 else (hang, line)
        flow.paper.text(flow.column.left + start, flow.y - leading * 0.25, written, size)


def _copies(flow: Flow, letter: OfficialLetter) -> None:
    flow.y += 10
    for label, names in (("正本", letter.originals), ("副本", letter.copies)):
        if names or label == "正本":
            _hanging(flow, f"{label}：", "、".join(names), 0, (FIELD_SIZE, FIELD_LEADING))


def _signature(flow: Flow, signature: str) -> None:
    # A signature never stands alone at the head of a page beneath nothing but its gap.
    flow.need(SIGNATURE_GAP)
    flow.y += SIGNATURE_GAP - TITLE_LEADING
    flow.lines(signature, TITLE_SIZE, TITLE_LEADING)


def _margins(paper: Paper, page: int) -> None:
    """Draw the binding line (裝訂線) down the left margin, and the number of the page at its foot."""
    top, bottom, third = millimetres(25), PAGE_HEIGHT - millimetres(25), PAGE_HEIGHT / 4
    marks = [(third * place, word) for place, word in enumerate("裝訂線", 1)]
    edges = [top, *(y + shift for y, _ in marks for shift in (-9, 6)), bottom]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        for y in range(int(start), int(end) - 2, 7):
            paper.rule((BINDING, y), (BINDING, y + 2), 0.5)
    for y, word in marks:
        paper.centred(BINDING, y + 2, word, SMALL_SIZE, shade=QUIET)
    foot = f"第 {page} 頁　共 {paper.page_count} 頁"
    paper.centred((LEFT + RIGHT) / 2, PAGE_HEIGHT - millimetres(12), foot, SMALL_SIZE)
