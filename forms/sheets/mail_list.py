"""The receipt for registered mail in bulk (大宗掛號函件執據), twenty items on a page."""

from dataclasses import dataclass
from itertools import accumulate

from forms.fonts import KaiFonts
from forms.sheets.fit import fit, write_fitted
from forms.sheets.page import (
    PAGE_HEIGHT,
    PAGE_WIDTH,
    QUIET,
    SMALL,
    Box,
    Paper,
    millimetres,
    require_printable,
)
from forms.sheets.table import LABEL_GROUND

ITEMS_A_PAGE = 20
MARGIN = millimetres(13)
WIDTH = PAGE_WIDTH - 2 * MARGIN
TABLE_TOP = millimetres(48)
HEAD_HEIGHT = 22.0
ROW_HEIGHT = 29.0
INSET = 2.0
CELL_SIZE = 10.0
COLUMNS = (
    ("順序號碼", 28.0),
    ("掛號號碼", 108.0),
    ("收件人姓名", 104.0),
    ("收件地址", 0.0),
    ("回執", 20.0),
    ("航空", 20.0),
    ("印刷", 20.0),
    ("重量", 24.0),
    ("郵資", 24.0),
    ("備考", 34.0),
)
"""Heads and widths in points; the address takes what the others leave."""
MAIL_CLASSES = ("限時掛號", "掛號", "快捷")


@dataclass(frozen=True, slots=True)
class MailItem:
    """One envelope; its registered number is text, because the post office writes 14 or 20 digits."""

    registered_number: str
    name: str
    address: str
    return_receipt: bool = False
    remark: str = ""


@dataclass(frozen=True, slots=True)
class MailList:
    """One list of one class of mail; classes, and local and other-town mail, are never mixed in a list."""

    sender: str
    sender_address: str
    sender_phone: str
    posted_on: str
    list_number: str
    items: tuple[MailItem, ...]
    mail_class: str = "限時掛號"
    destination: str = ""


def mail_list(posting: MailList, fonts: KaiFonts) -> bytes:
    """Return the PDF; `ValueError` for an unknown class of mail, `TextTooLong` for a cell that cannot be read."""
    if posting.mail_class not in MAIL_CLASSES:
        raise ValueError(f"unknown class of mail: {posting.mail_class}")
    require_printable(posting, fonts)
    paper = Paper(fonts, f"大宗{posting.mail_class}函件執據 {posting.list_number}")
    starts = range(0, max(1, len(posting.items)), ITEMS_A_PAGE)
    for start in starts:
        if start:
            paper.new_page()
        _head(paper, posting)
        _table(paper, posting.items[start : start + ITEMS_A_PAGE], start)
        _foot(paper, posting, start // ITEMS_A_PAGE + 1, len(starts))
    return paper.finish()


def _head(paper: Paper, posting: MailList) -> None:
    paper.centred(PAGE_WIDTH / 2, millimetres(17), f"中華郵政　大宗{posting.mail_class}函件執據", 18)
    paper.centred(
        PAGE_WIDTH / 2, millimetres(22), "Receipt for Registered Mail Posted in Bulk", SMALL, shade=QUIET
    )
    right = PAGE_WIDTH - MARGIN
    for y, left_text, right_text in (
        (29, f"寄件人：{posting.sender}", f"交寄日期：{posting.posted_on}"),
        (36, f"地址：{posting.sender_address}", f"清單編號：{posting.list_number}"),
        (43, f"電話：{posting.sender_phone}", posting.destination),
    ):
        room = WIDTH - paper.width(right_text, 11) - 12
        box = Box(MARGIN, millimetres(y - 4.5), room, millimetres(6))
        write_fitted(paper, fit(paper, left_text, box, 11, "sender"), box)
        paper.flush_right(right, millimetres(y), right_text, 11)


def _edges() -> list[float]:
    """Return where the columns begin, and where the last one ends."""
    address = WIDTH - sum(width for _, width in COLUMNS)
    return list(accumulate((width or address for _, width in COLUMNS), initial=MARGIN))


def _table(paper: Paper, items: tuple[MailItem, ...], offset: int) -> None:
    edges = _edges()
    bottom = TABLE_TOP + HEAD_HEIGHT + ITEMS_A_PAGE * ROW_HEIGHT
    paper.frame(Box(MARGIN, TABLE_TOP, WIDTH, HEAD_HEIGHT), fill=LABEL_GROUND)
    _row(paper, TABLE_TOP, HEAD_HEIGHT, tuple(head for head, _ in COLUMNS))
    for place in range(ITEMS_A_PAGE + 1):
        y = TABLE_TOP + HEAD_HEIGHT + place * ROW_HEIGHT
        paper.rule((MARGIN, y), (PAGE_WIDTH - MARGIN, y), 0.4)
    for x in edges:
        paper.rule((x, TABLE_TOP), (x, bottom), 0.4)
    for place, item in enumerate(items):
        top = TABLE_TOP + HEAD_HEIGHT + place * ROW_HEIGHT
        receipt = "✓" if item.return_receipt else ""
        cells = (str(offset + place + 1), item.registered_number, item.name, item.address, receipt)
        _row(paper, top, ROW_HEIGHT, (*cells, "", "", "", "", item.remark))


def _row(paper: Paper, top: float, height: float, cells: tuple[str, ...]) -> None:
    edges = _edges()
    for cell, (head, _), left, right in zip(cells, COLUMNS, edges, edges[1:], strict=False):
        box = Box(left + INSET, top + 1, right - left - 2 * INSET, height - 2)
        centred = head not in {"收件人姓名", "收件地址"} or cell == head
        write_fitted(paper, fit(paper, cell, box, CELL_SIZE, head), box, centred=centred)


def _foot(paper: Paper, posting: MailList, page: int, pages: int) -> None:
    y = TABLE_TOP + HEAD_HEIGHT + ITEMS_A_PAGE * ROW_HEIGHT + 18
    here = len(posting.items[(page - 1) * ITEMS_A_PAGE : page * ITEMS_A_PAGE])
    paper.text(MARGIN, y, f"本頁 {here} 件，總計 {len(posting.items)} 件", 11)
    paper.text(MARGIN, y + 17, "掛號號碼末二欄（收寄局碼、郵件種類碼）由郵局填寫：□□□□□□　□□", 10)
    paper.text(MARGIN, y + 33, "查詢期間：自交寄日起六個月內", 10)
    box = Box(PAGE_WIDTH - MARGIN - millimetres(62), y - 8, millimetres(62), millimetres(17))
    paper.frame(box)
    paper.text(box.left + 4, box.top + 12, "郵局經辦員簽章及郵戳", SMALL, shade=QUIET)
    paper.centred(PAGE_WIDTH / 2, PAGE_HEIGHT - millimetres(10), f"第 {page} 頁　共 {pages} 頁", 10)
