"""Empty boxes in which seals are stamped."""

from collections.abc import Sequence
from dataclasses import dataclass

from forms.sheets.fit import fit, write_fitted
from forms.sheets.page import BODY, QUIET, SMALL, Box, millimetres
from forms.sheets.table import LABEL_GROUND, Flow

HEAD_HEIGHT = millimetres(8)
SPACE_HEIGHT = millimetres(38)
INSET = 4.0


@dataclass(frozen=True, slots=True)
class SealBox:
    """Whose seal belongs here, such as 設立登記印鑑（圖記）, with a remark in small type inside the box."""

    label: str
    remark: str = ""


def seal_boxes(flow: Flow, seals: Sequence[SealBox]) -> None:
    """Draw the boxes side by side and keep them together on one page; no seals, no boxes."""
    if not seals:
        return
    flow.need(HEAD_HEIGHT + SPACE_HEIGHT)
    width = flow.column.width / len(seals)
    for place, seal in enumerate(seals):
        _box(flow, seal, flow.column.left + place * width, width)
    flow.y += HEAD_HEIGHT + SPACE_HEIGHT


def _box(flow: Flow, seal: SealBox, left: float, width: float) -> None:
    paper = flow.paper
    head = Box(left, flow.y, width, HEAD_HEIGHT)
    paper.frame(head, fill=LABEL_GROUND)
    inner = Box(left + INSET, head.top, width - 2 * INSET, head.height)
    write_fitted(paper, fit(paper, seal.label, inner, BODY, seal.label), inner, centred=True)
    space = Box(left, head.bottom, width, SPACE_HEIGHT)
    paper.frame(space)
    lines = paper.wrap(seal.remark, inner.width, SMALL)
    baseline = space.bottom - INSET - (len(lines) - 1) * SMALL * 1.3
    for line in lines:
        paper.text(inner.left, baseline, line, SMALL, shade=QUIET)
        baseline += SMALL * 1.3
