"""One piece of paper after another: what is drawn is kept until the end, so that pages know how many they are."""

import io
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from forms.fonts import KaiFonts
from forms.fonts.embedded import register
from forms.sheets.wrap import wrap

PAGE_WIDTH, PAGE_HEIGHT = A4
BODY = 12.0
SMALL = 8.5
INK, QUIET, RULE = 0.0, 0.38, 0.45
"""Shades of grey: text, secondary text, lines. Official paper is black on white."""

Draw = Callable[[Canvas], None]


class TextTooLong(ValueError):  # noqa: N818 - a refusal is named by what was refused
    """A value that does not fit its place on the paper even in the smallest readable type."""

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(f"{where} does not fit its place on the paper")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in points; `top` is counted from the upper edge of the paper downwards."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge, counted from the upper edge of the paper."""
        return self.top + self.height


class Paper:
    """A document in the making; all lengths are points, heights are counted from the upper edge of the paper."""

    def __init__(self, fonts: KaiFonts, title: str) -> None:
        self.fonts = fonts
        self._title = title
        self._pages: list[list[Draw]] = [[]]
        self._current = 0

    @property
    def page_count(self) -> int:
        """How many pages there are so far."""
        return len(self._pages)

    def new_page(self) -> None:
        """Put an empty page behind the others and turn to it."""
        self._pages.append([])
        self._current = len(self._pages) - 1

    def turn_to(self, page: int) -> None:
        """Draw what follows on this page, counted from 0."""
        self._current = page

    def draw(self, draw: Draw) -> None:
        """Keep a drawing for the current page; it gets reportlab's canvas with heights from the lower edge."""
        self._pages[self._current].append(draw)

    def text(
        self, left: float, baseline: float, text: str, size: float = BODY, *, shade: float = INK
    ) -> None:
        """Write one line from its left end."""
        # An empty line would leave an empty text object behind.
        if text:
            self.draw(lambda canvas: _write(canvas, (left, PAGE_HEIGHT - baseline), text, size, shade))

    def centred(
        self, middle: float, baseline: float, text: str, size: float = BODY, *, shade: float = INK
    ) -> None:
        """Write one line around its middle."""
        self.text(middle - self.width(text, size) / 2, baseline, text, size, shade=shade)

    def flush_right(
        self, right: float, baseline: float, text: str, size: float = BODY, *, shade: float = INK
    ) -> None:
        """Write one line up to its right end."""
        self.text(right - self.width(text, size), baseline, text, size, shade=shade)

    def rule(self, start: tuple[float, float], end: tuple[float, float], thickness: float = 0.6) -> None:
        """Draw a straight line."""

        def stroke(canvas: Canvas) -> None:
            canvas.setLineWidth(thickness)
            canvas.setStrokeGray(RULE)
            canvas.line(start[0], PAGE_HEIGHT - start[1], end[0], PAGE_HEIGHT - end[1])

        self.draw(stroke)

    def frame(self, box: Box, thickness: float = 0.6, *, fill: float | None = None) -> None:
        """Draw a rectangle, on a ground of grey where `fill` gives its shade."""

        def stroke(canvas: Canvas) -> None:
            canvas.setLineWidth(thickness)
            canvas.setStrokeGray(RULE)
            if fill is not None:
                canvas.setFillGray(fill)
            bottom = PAGE_HEIGHT - box.bottom
            canvas.rect(box.left, bottom, box.width, box.height, fill=int(fill is not None))

        self.draw(stroke)

    def width(self, text: str, size: float) -> float:
        """Return the width of one line."""
        return self.fonts.width(text, size)

    def wrap(self, text: str, width: float, size: float) -> list[str]:
        """Break text into lines of at most this width."""
        return wrap(text, width, lambda part: self.fonts.width(part, size))

    def finish(self) -> bytes:
        """Draw all pages and return the PDF; its bytes depend on nothing but what was drawn."""
        name = register(self.fonts)
        out = io.BytesIO()
        canvas = Canvas(
            out,
            pagesize=A4,
            invariant=1,
            pageCompression=1,
            lang="zh-TW",
            initialFontName=name,
            pdfVersion=(1, 4),
        )
        canvas.setTitle(self._title)
        canvas.setAuthor("")
        canvas.setSubject("")
        canvas.setCreator("Guanfang")
        canvas.setProducer("Guanfang")
        canvas.setViewerPreference("DisplayDocTitle", "true")
        for page in self._pages:
            for draw in page:
                draw(canvas)
            canvas.showPage()
        canvas.save()
        return out.getvalue()


def _write(canvas: Canvas, place: tuple[float, float], text: str, size: float, shade: float) -> None:
    canvas.setFont(canvas._initialFontName, size)  # noqa: SLF001 - the name that finish() gave to this canvas
    canvas.setFillGray(shade)
    canvas.drawString(*place, text)


def require_printable(sheet: object, fonts: KaiFonts, where: str = "") -> None:
    """Refuse a sheet that holds a character without a glyph, naming the value, before anything is drawn."""
    if isinstance(sheet, str):
        fonts.require(sheet, where)
    elif isinstance(sheet, tuple):
        for place, part in enumerate(sheet, 1):
            require_printable(part, fonts, f"{where}[{place}]")
    elif is_dataclass(sheet):
        # A row of a table is known to people by its label, not by its place in our dataclass.
        known_as = getattr(sheet, "label", "")
        for field in fields(sheet):
            inner = known_as or (f"{where}.{field.name}" if where else field.name)
            require_printable(getattr(sheet, field.name), fonts, inner)


def millimetres(length: float) -> float:
    """Return a length in points."""
    return float(length * mm)
