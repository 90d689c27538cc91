"""What records of the house have in common: their page, the heads, and rows in which people sign by hand."""

from dataclasses import dataclass

from forms.sheets.page import PAGE_WIDTH, QUIET, SMALL, Box, millimetres
from forms.sheets.table import Flow

MARGIN = millimetres(18)
WIDTH = PAGE_WIDTH - 2 * MARGIN
_SHARE_OF_PERSON = 0.62


@dataclass(frozen=True, slots=True)
class Heads:
    """The head rows of a record: its title in both languages, its number and its day."""

    title: str
    english: str
    number: str
    day: str


def record_column() -> Box:
    """Return where a record's text stands on its page."""
    return Box(MARGIN, millimetres(18), WIDTH, millimetres(261))


def head_rows(flow: Flow, heads: Heads) -> None:
    """Draw the head rows."""
    for text, size, leading, shade in (
        (heads.title, 20.0, 30.0, 0.0),
        (heads.english, SMALL + 1, 15.0, QUIET),
    ):
        flow.y += leading
        flow.paper.centred(PAGE_WIDTH / 2, flow.y, text, size, shade=shade)
    flow.y += 22
    flow.paper.text(MARGIN, flow.y, f"編號：{heads.number}")
    flow.paper.flush_right(PAGE_WIDTH - MARGIN, flow.y, f"日期：{heads.day}")


def signing_frames(flow: Flow, height: float) -> None:
    """Draw the frames of a signing row, which must fit: the person on the left, room for the pen on the right."""
    left, person = flow.column.left, WIDTH * _SHARE_OF_PERSON
    flow.paper.frame(Box(left, flow.y, person, height))
    flow.paper.frame(Box(left + person, flow.y, WIDTH - person, height))
    flow.paper.text(left + person + 4, flow.y + 14, "親簽 Signature", SMALL, shade=QUIET)
