"""Records of the card stock: the account of a place at the end of a day (庫存日結表), and of cards destroyed (銷毀紀錄)."""

from dataclasses import dataclass

from forms.fonts import KaiFonts
from forms.sheets.page import QUIET, SMALL, Paper, millimetres, require_printable
from forms.sheets.record import Heads, head_rows, record_column, signing_frames
from forms.sheets.table import Field, Flow, field_rows

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
    """(part, name) of each person, such as ("盤點 Counted by", "王小明")."""


def stock_record(record: StockRecord, fonts: KaiFonts) -> bytes:
    """Return the PDF; the forms' refusal for a character without a glyph."""
    require_printable(record, fonts)
    paper = Paper(fonts, record.title)
    flow = Flow(paper, record_column(), record_column)
    head_rows(flow, Heads(record.title, record.english, record.number, record.day))
    flow.y += 8
    field_rows(flow, record.rows, LABEL_WIDTH)
    flow.y += 10
    for part, name in record.people:
        _signing_row(flow, part, name)
    if record.cards:
        flow.y += 14
        flow.lines(record.cards_title, 12, 18)
        flow.lines("、".join(record.cards), SMALL + 1, 13)
    return paper.finish()


def _signing_row(flow: Flow, part: str, name: str) -> None:
    """Draw a row with the person on the left and room for the pen on the right."""
    flow.need(SIGNING_HEIGHT)
    signing_frames(flow, SIGNING_HEIGHT)
    left = flow.column.left
    flow.paper.text(left + 4, flow.y + 14, part, SMALL, shade=QUIET)
    flow.paper.text(left + 4, flow.y + 34, name, 12)
    flow.y += SIGNING_HEIGHT
