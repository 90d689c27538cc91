"""Machine-readable marks: QR (ISO/IEC 18004) and Code 128 (ISO/IEC 15417), drawn as vectors.

Both carry a case number or an envelope number for the clerk's scanner, and nothing that is secret.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache

import segno
from reportlab.graphics.barcode.code128 import Code128
from reportlab.pdfgen.canvas import Canvas

from forms.sheets.page import PAGE_HEIGHT, Box, Paper

QUIET_MODULES = 4
WIDEST_BAR = 72 / 75
"""0.34 mm in points: two dots of a scanner at 150 dpi."""
QUIET_BARS = 10


def qr_code(paper: Paper, content: str, left: float, top: float, side: float) -> None:
    """Draw a QR code with error correction M, its quiet zone inside the square."""
    matrix = _qr_matrix(content)
    module = side / (len(matrix) + 2 * QUIET_MODULES)

    def shape(canvas: Canvas) -> None:
        # A shared shape is clipped below its origin, so the rows hang down from its upper edge.
        canvas.translate(0, len(matrix) * module)
        canvas.scale(module, -module)
        path = canvas.beginPath()
        for y, row in enumerate(matrix):
            for x, length in _runs(row):
                path.rect(x, y, length, 1)
        canvas.setFillGray(0)
        canvas.drawPath(path, stroke=0, fill=1)

    place = (left + QUIET_MODULES * module, PAGE_HEIGHT - top - side + QUIET_MODULES * module)
    paper.draw(lambda canvas: _stamp(canvas, f"qr {content} {side}", shape, place))


@lru_cache(maxsize=32)
def _qr_matrix(content: str) -> tuple[bytes, ...]:
    """Return the rows of modules; the copies of a form ask for the same ones again."""
    return tuple(bytes(row) for row in segno.make(content, error="m", micro=False).matrix)


def _stamp(canvas: Canvas, name: str, shape: Callable[[Canvas], None], place: tuple[float, float]) -> None:
    """Draw a shape that the pages of a document share, and that its file therefore holds once."""
    name = "mark" + hashlib.sha256(name.encode()).hexdigest()[:16]
    if not canvas.hasForm(name):
        canvas.beginForm(name)
        shape(canvas)
        canvas.endForm()
    canvas.saveState()
    canvas.translate(*place)
    canvas.doForm(name)
    canvas.restoreState()


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Return start and length of each dark run, so that no hairline shows between neighbours."""
    runs: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((x, 1))
    return runs


def bar_code(paper: Paper, content: str, box: Box) -> None:
    """Draw Code 128 at the left of the box, as wide as the box allows, at most 0.34 mm a module.

    `ValueError` for what is not printable ASCII: reportlab would leave such characters out without a word.
    """
    if not (content.isascii() and content.isprintable() and content):
        raise ValueError("Code 128 holds printable ASCII only")
    modules = Code128(content, barWidth=1, quiet=0).width
    bar = min(WIDEST_BAR, box.width / (modules + 2 * QUIET_BARS))
    symbol = Code128(content, barWidth=bar, barHeight=box.height, quiet=0, humanReadable=0)

    def shape(canvas: Canvas) -> None:
        canvas.setFillGray(0)
        symbol.drawOn(canvas, 0, 0)

    place = (box.left + QUIET_BARS * bar, PAGE_HEIGHT - box.bottom)
    paper.draw(lambda canvas: _stamp(canvas, f"bar {content} {bar} {box.height}", shape, place))
