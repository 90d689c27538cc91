"""Labels and values in rows, running on over as many pages as the values need."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from forms.sheets.page import BODY, QUIET, Box, Paper

LEADING = 15.5
PADDING = 3.5
LABEL_SIZE = 11.0
ENGLISH_SIZE = 7.0
ENGLISH_GAP = 6.0
DROP = 4.0
"""How far a baseline stands above the lower end of its line."""
LABEL_GROUND = 0.955


@dataclass(frozen=True, slots=True)
class Field:
    """One row: the label as people read it, the value as it was typed, and the label in English where it helps."""

    label: str
    value: str
    english: str = ""


class Flow:
    """A column of content that runs down the page and on to the next.

    `begin_page` is called for each further page, after it was put down, and returns the column on it.
    """

    def __init__(self, paper: Paper, column: Box, begin_page: Callable[[], Box]) -> None:
        self.paper = paper
        self.column = column
        self.y = column.top
        self._begin_page = begin_page

    @property
    def left_over(self) -> float:
        """The height that remains on this page."""
        return self.column.bottom - self.y

    def turn_page(self) -> None:
        """Go on at the top of a new page."""
        self.paper.new_page()
        self.column = self._begin_page()
        self.y = self.column.top

    def need(self, height: float) -> None:
        """Go to a new page unless this height remains."""
        if self.left_over < height and self.y > self.column.top:
            self.turn_page()

    def lines(self, text: str, size: float, leading: float, *, indent: float = 0, shade: float = 0) -> None:
        """Write text over the width of the column."""
        for line in self.paper.wrap(text, self.column.width - indent, size):
            self.need(leading)
            self.y += leading
            self.paper.text(self.column.left + indent, self.y - leading * 0.25, line, size, shade=shade)


def field_rows(flow: Flow, rows: Sequence[Field], label_width: float) -> None:
    """Draw the rows; a value too long for what remains of the page goes on in a further row of its label."""
    for row in rows:
        label = _Label.of(flow.paper, row, label_width)
        lines = flow.paper.wrap(row.value, flow.column.width - label_width - 2 * PADDING, BODY)
        whole = max(label.height, _height(lines))
        if whole <= flow.column.height:
            flow.need(whole)
        while lines:
            flow.need(label.height)
            room = max(1, int((flow.left_over - 2 * PADDING) // LEADING))
            part, lines = lines[:room], lines[room:]
            _cells(flow, label, part)


@dataclass(frozen=True, slots=True)
class _Label:
    """A label broken into lines; the English stands behind the last one, or below it where there is no room."""

    lines: list[str]
    english: str
    below: bool
    width: float

    @classmethod
    def of(cls, paper: Paper, row: Field, width: float) -> "_Label":
        lines = paper.wrap(row.label, width - 2 * PADDING, LABEL_SIZE)
        used = paper.width(lines[-1], LABEL_SIZE) + ENGLISH_GAP + paper.width(row.english, ENGLISH_SIZE)
        return cls(lines, row.english, bool(row.english) and used > width - 2 * PADDING, width)

    @property
    def height(self) -> float:
        return _height(self.lines) + (ENGLISH_SIZE if self.below else 0)

    def write(self, paper: Paper, left: float, top: float) -> None:
        baseline = top + PADDING - DROP
        for line in self.lines:
            baseline += LEADING
            paper.text(left + PADDING, baseline, line, LABEL_SIZE)
        if self.below:
            paper.text(left + PADDING, baseline + ENGLISH_SIZE + 2, self.english, ENGLISH_SIZE, shade=QUIET)
        else:
            paper.flush_right(left + self.width - PADDING, baseline, self.english, ENGLISH_SIZE, shade=QUIET)


def _cells(flow: Flow, label: _Label, lines: list[str]) -> None:
    paper, left, top = flow.paper, flow.column.left, flow.y
    height = max(label.height, _height(lines))
    paper.frame(Box(left, top, label.width, height), fill=LABEL_GROUND)
    paper.frame(Box(left + label.width, top, flow.column.width - label.width, height))
    label.write(paper, left, top + (height - label.height) / 2)
    baseline = top + (height - len(lines) * LEADING) / 2 - DROP
    for line in lines:
        baseline += LEADING
        paper.text(left + label.width + PADDING, baseline, line)
    flow.y += height


def _height(lines: Sequence[str]) -> float:
    return len(lines) * LEADING + 2 * PADDING
