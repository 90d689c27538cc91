"""Reading single glyphs out of large TrueType files (OpenType specification 1.9, chapters cmap, glyf, loca, hmtx).

The files hold tens of megabytes, and a document uses a few hundred glyphs. A file is therefore mapped into
memory and each glyph is cut out by its offset; nothing walks the whole font.
"""

import mmap
import struct
import sys
from array import array
from dataclasses import dataclass
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError

from forms.fonts.refusals import FontUnusable

LONG_OFFSETS = 1
"""The value of head.indexToLocFormat for 32-bit offsets; such large fonts cannot have the short ones."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One outline without hinting instructions, its advance width and left bearing in font units."""

    outline: bytes
    advance: int
    bearing: int

    @property
    def contours(self) -> int:
        """The number of closed curves in the outline."""
        return int.from_bytes(self.outline[:2], "big", signed=True) if self.outline else 0

    @property
    def points(self) -> int:
        """The number of points on those curves."""
        last = 8 + 2 * self.contours
        return int.from_bytes(self.outline[last : last + 2], "big") + 1 if self.contours else 0


@dataclass(frozen=True, slots=True)
class Metrics:
    """The measures of a whole font, in its units."""

    units_per_em: int
    ascent: int
    descent: int
    box: tuple[int, int, int, int]


class GlyphFile:
    """One TrueType file, mapped into memory and read glyph by glyph."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file, TTFont(file, lazy=True) as font:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                self._read_tables(font)
        except (TTLibError, KeyError, ValueError, struct.error) as error:
            raise FontUnusable(path, str(error)) from error

    def _read_tables(self, font: TTFont) -> None:
        head, hhea, directory = font["head"], font["hhea"], font.reader.tables
        if head.indexToLocFormat != LONG_OFFSETS:
            raise FontUnusable(self.path, "short glyph offsets are not supported")
        self.metrics = Metrics(
            head.unitsPerEm, hhea.ascent, hhea.descent, (head.xMin, head.yMin, head.xMax, head.yMax)
        )
        self._long_metrics = hhea.numberOfHMetrics
        self._glyf, self._hmtx = directory["glyf"].offset, directory["hmtx"].offset
        self._loca = array("I", font.reader["loca"])
        if sys.byteorder == "little":
            self._loca.byteswap()
        number = font.getReverseGlyphMap()
        self._index = {code: number[name] for code, name in font.getBestCmap().items()}

    def draws(self, codepoint: int) -> bool:
        """Whether there is a glyph with something to see, or a space.

        The Plus font maps some 1,280 codes to empty outlines: a name would silently lose a character.
        """
        index = self._index.get(codepoint, 0)
        if index == 0:
            return False
        return self._loca[index] != self._loca[index + 1] or chr(codepoint).isspace()

    def glyph(self, codepoint: int) -> Glyph:
        """Return the glyph of a character that the file `draws`."""
        return self._cut(self._index[codepoint])

    def missing_glyph(self) -> Glyph:
        """Return glyph 0, which every font program must hold even though no text of ours uses it."""
        return self._cut(0)

    def _cut(self, index: int) -> Glyph:
        start, end = self._glyf + self._loca[index], self._glyf + self._loca[index + 1]
        advance, bearing = self._horizontal(index)
        return Glyph(self._without_instructions(self._data[start:end]), advance, bearing)

    def _horizontal(self, index: int) -> tuple[int, int]:
        shared = index - self._long_metrics
        if shared < 0:
            return struct.unpack_from(">Hh", self._data, self._hmtx + 4 * index)
        # Beyond the long metrics every glyph has the last advance and only a bearing of its own.
        advance = struct.unpack_from(">H", self._data, self._hmtx + 4 * (self._long_metrics - 1))[0]
        bearing = struct.unpack_from(">h", self._data, self._hmtx + 4 * self._long_metrics + 2 * shared)[0]
        return advance, bearing

    def _without_instructions(self, outline: bytes) -> bytes:
        # Instructions call functions of their own file's fpgm table; glyphs of three files share one program here.
        if not outline:
            return outline
        contours = int.from_bytes(outline[:2], "big", signed=True)
        if contours < 0:
            raise FontUnusable(self.path, "composite glyphs are not supported")
        count_at = 10 + 2 * contours
        length = int.from_bytes(outline[count_at : count_at + 2], "big")
        return outline[:count_at] + b"\0\0" + outline[count_at + 2 + length :]
