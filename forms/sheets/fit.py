"""Putting a value of unknown length into a place of fixed size: smaller type and more lines, never a cut."""

from collections.abc import Sequence
from dataclasses import dataclass

from forms.sheets.page import Box, Paper, TextTooLong

SMALLEST = 5.0
"""Points; smaller Chinese type cannot be read on paper."""
STEP = 0.5
LINE = 1.12
"""The distance of lines in a tight place, in type sizes."""
DESCENT = 0.2
"""How far 全字庫 reaches below its baseline, in type sizes."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines and the type size at which they fit."""

    lines: Sequence[str]
    size: float

    @property
    def height(self) -> float:
        """The height of the lines in points."""
        return len(self.lines) * self.size * LINE


def fit(paper: Paper, text: str, box: Box, largest: float, where: str) -> Fitted:
    """Choose the largest type in which the whole text fits the box; `TextTooLong` names `where`."""
    size = largest
    while size >= SMALLEST:
        fitted = Fitted(paper.wrap(text, box.width, size), size)
        if fitted.height <= box.height:
            return fitted
        size -= STEP
    raise TextTooLong(where)


def write_fitted(paper: Paper, fitted: Fitted, box: Box, *, centred: bool = False) -> None:
    """Write the lines into the box, in the middle of its height."""
    baseline = box.top + (box.height - fitted.height) / 2
    for line in fitted.lines:
        baseline += fitted.size * LINE
        place = baseline - fitted.size * DESCENT
        if centred:
            paper.centred(box.left + box.width / 2, place, line, fitted.size)
        else:
            paper.text(box.left, place, line, fitted.size)
