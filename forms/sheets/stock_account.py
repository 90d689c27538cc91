"""Records of the card stock: the account of a place at the end of a day (庫存日結表), and of cards destroyed (銷毀紀錄)."""

from dataclasses import dataclass

from forms.fonts import KaiFonts
from forms.sheets.page import PAGE_WIDTH, QUIET, SMALL, Box, Paper, millimetres, require_printable
from forms.sheets.table import Field, Flow, field_rows

MARGIN = millimetres(18)
WIDTH = PAGE_WIDTH - 2 * MARGIN
LABEL_WIDTH = millimetres(58)
SIGNING_HEIGHT = millimetres(16)


@dataclass(frozen=True, slots=True)
class StockRecord:
    """What stands on the sheet: figures in rows, serial numbers below, and who signs in which part."""

    title: str
    english: str
    number: str
    day: str
    rows: tuple[Field, ...]
    cards_title: str
    cards: tuple[str, ...]
    people: tuple[tuple[str, str], ...]
    """(part, name) of each person, such as ("盤點 Counted by", "center1")."""


def stock_record(record: StockRecord, fonts: KaiFonts) -> bytes:
    """Return the PDF; the forms' refusal for a character without a glyph."""
    require_printable(record, fonts)
    paper = Paper(fonts, record.title)
    flow = Flow(paper, _column(), _column)
    _head(flow, record)
    field_rows(flow, record.rows, LABEL_WIDTH)
    flow.y += 10
    for part, name in record.people:
        _signing_row(flow, part, name)
    if record.cards:
        flow.y += 14
        flow.lines(record.cards_title, 12, 18)
        flow.lines("、".join(record.cards), SMALL + 1, 13)
    return paper.finish()


def _column() -> Box:
    return Box(MARGIN, millimetres(18), WIDTH, millimetres(261))


def _head(flow: Flow, record: StockRecord) -> None:
    for text, size, leading, shade in (
        (record.title, 20.0, 30.0, 0.0),
        (record.english, SMALL + 1, 15.0, QUIET),
    ):
        flow.y += leading
        flow.paper.centred(PAGE_WIDTH / 2, flow.y, text, size, shade=shade)
    flow.y += 22
    flow.paper.text(MARGIN, flow.y, f"編號：{record.number}")
    flow.paper.flush_right(PAGE_WIDTH - MARGIN, flow.y, f"日期：{record.day}")
    flow.y += 8


def _signing_row(flow: Flow, part: str, name: str) -> None:
    """Draw a row with the person on the left and room for the pen on the right."""
    flow.need(SIGNING_HEIGHT)
    left, half = flow.column.left, WIDTH * 0.62
    flow.paper.frame(Box(left, flow.y, half, SIGNING_HEIGHT))
    flow.paper.frame(Box(left + half, flow.y, WIDTH - half, SIGNING_HEIGHT))
    flow.paper.text(left + 4, flow.y + 14, part, SMALL, shade=QUIET)
    flow.paper.text(left + 4, flow.y + 34, name, 12)
    flow.paper.text(left + half + 4, flow.y + 14, "親簽 Signature", SMALL, shade=QUIET)
    flow.y += SIGNING_HEIGHT
