"""The fonts as one: each character is taken from the first file that draws it."""

import hashlib
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from forms.fonts.refusals import FontsMissing, FontUnusable, UncoveredCharacter
from forms.fonts.truetype import Glyph, GlyphFile, Metrics

SEARCH_PATH = (
    Path("/usr/share/fonts/truetype/cns11643"),
    Path("/usr/local/share/fonts/cns11643"),
    Path("/usr/share/fonts/cns11643"),
)
"""Where Debian and its relatives install 全字庫."""

PATTERNS = ("TW-Kai-[0-9]*.ttf", "TW-Kai-Plus-*.ttf", "TW-Kai-Ext-B-*.ttf")
"""The basic font and its companions, in the order in which they are asked."""

CACHED_GLYPHS = 16_384
"""About 6 MB: more than the characters of Big5, so that common names never touch the files again."""

REPLACEMENT_CHARACTER = "\ufffd"
VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
CONTROLS = {"Cc", "Cf", "Cs"}
"""Unicode categories that shape other text or none; the fonts draw placeholders for some of them."""


class KaiFonts:
    """全字庫正楷體 and its companions, opened once in a process and shared by its threads.

    A companion is opened at the first character that the files before it cannot draw.
    """

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self.paths = paths
        self._opened: dict[Path, GlyphFile] = {}
        self._advances: dict[str, int] = {}
        self.glyph = lru_cache(maxsize=CACHED_GLYPHS)(self._find_glyph)
        self.metrics: Metrics = self._file(paths[0]).metrics
        self.key = _fingerprint(paths)

    @classmethod
    def find(cls, directory: Path | None = None) -> "KaiFonts":
        """Open the fonts of `directory`, or of the first usual place that holds the basic one.

        A missing companion narrows the coverage and no more; a missing basic font is `FontsMissing`.
        """
        searched = (directory,) if directory else SEARCH_PATH
        for place in searched:
            paths = tuple(found[-1] for pattern in PATTERNS if (found := sorted(place.glob(pattern))))
            if paths and paths[0].match(PATTERNS[0]):
                return cls(paths)
        raise FontsMissing(searched)

    def uncovered(self, text: str) -> str:
        """Return the distinct characters of the text that no font draws, in order of appearance."""
        return "".join(char for char in dict.fromkeys(text) if not self._covers(char))

    def require(self, text: str, where: str) -> None:
        """Refuse text that cannot be printed in full; line feeds are layout and pass."""
        missing = self.uncovered(text.replace("\n", ""))
        if missing:
            raise UncoveredCharacter(missing[0], where)

    def width(self, text: str, size: float) -> float:
        """Return the width of one line of text in points, at a type size in points."""
        return sum(map(self._advance, text)) * size / self.metrics.units_per_em

    def missing_glyph(self) -> Glyph:
        """Return the glyph that stands first in every embedded font program."""
        return self._file(self.paths[0]).missing_glyph()

    def _covers(self, char: str) -> bool:
        try:
            self._advance(char)
        except UncoveredCharacter:
            return False
        return True

    def _advance(self, char: str) -> int:
        advance = self._advances.get(char)
        if advance is None:
            advance = self._advances[char] = self.glyph(char).advance
        return advance

    def _find_glyph(self, char: str) -> Glyph:
        if not _is_unprintable(char):
            for file in self._files():
                if file.draws(ord(char)):
                    return file.glyph(ord(char))
        raise UncoveredCharacter(char, "text")

    def _files(self) -> Iterator[GlyphFile]:
        return map(self._file, self.paths)

    def _file(self, path: Path) -> GlyphFile:
        if path not in self._opened:
            file = GlyphFile(path)
            first = self._opened.get(self.paths[0], file)
            if file.metrics.units_per_em != first.metrics.units_per_em:
                raise FontUnusable(path, "its units differ from those of the basic font")
            self._opened[path] = file
        return self._opened[path]


def _is_unprintable(char: str) -> bool:
    """Tell characters that a font may draw, but that do not mean a drawing.

    A replacement character stands for something lost on the way here; printing it would hide the loss. A variation
    selector asks for another shape of the character before it, which these fonts cannot give.
    """
    selects = any(ord(char) in selectors for selectors in VARIATION_SELECTORS)
    return selects or char == REPLACEMENT_CHARACTER or unicodedata.category(char) in CONTROLS


def _fingerprint(paths: tuple[Path, ...]) -> str:
    """Name exactly these files, so that two font sets never share a name inside reportlab."""
    facts = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]
