"""The fonts as reportlab sees them: one composite font in each document, whatever files its glyphs come from.

reportlab's own TTFont cuts text into fonts of 256 characters, walks the whole font file for each of them, and
writes ToUnicode entries beyond the BMP wrongly (seen in 5.1: `<%04X>` of the code point, where ISO 32000-1
§9.10.3 asks for UTF-16BE). This class takes its place through the same protocol of a "dynamic" font. Text is
written as two-byte glyph numbers (Identity-H), so a name that mixes files stays one string in one font, and is
found by a search.
"""

import hashlib
from types import SimpleNamespace
from weakref import WeakKeyDictionary

from reportlab.pdfbase import pdfdoc, pdfmetrics

from forms.fonts.library import KaiFonts
from forms.fonts.program import font_program
from forms.fonts.truetype import Glyph

BASE_NAME = "TW-Kai"
CMAP_BLOCK = 100
"""The largest number of entries in one bfchar block (Adobe Technical Note 5411)."""
SYMBOLIC = 4
STEM_WIDTH = 60


class DocumentGlyphs:
    """The characters that one document uses, numbered from 1 in the order in which they came."""

    def __init__(self, fonts: KaiFonts) -> None:
        self._fonts = fonts
        self._codes: dict[str, bytes] = {}

    @property
    def text(self) -> str:
        """Each character once; its place plus 1 is its glyph number."""
        return "".join(self._codes)

    def encode(self, text: str) -> bytes:
        """Return the two-byte glyph numbers of the text; a character without a glyph is refused here at the latest."""
        codes = self._codes
        for char in text:
            if char not in codes:
                self._fonts.glyph(char)
                codes[char] = (len(codes) + 1).to_bytes(2, "big")
        return b"".join([codes[char] for char in text])

    def glyphs(self) -> list[Glyph]:
        """Return the glyphs by number."""
        return [self._fonts.missing_glyph(), *map(self._fonts.glyph, self._codes)]


class EmbeddedKai:
    """The font object that reportlab calls; its method names are reportlab's."""

    _multiByte = 1  # noqa: N815 - reportlab's name
    _dynamicFont = 1  # noqa: N815 - reportlab's name
    shapable = False

    def __init__(self, fonts: KaiFonts) -> None:
        self.fontName = f"{BASE_NAME}-{fonts.key}"  # reportlab's name
        self.face = SimpleNamespace(
            name=self.fontName,
            ascent=self._permille(fonts, fonts.metrics.ascent),
            descent=self._permille(fonts, fonts.metrics.descent),
            builtIn=False,
        )
        self.encoding = SimpleNamespace(name="UTF-8")
        self._fonts = fonts
        self._documents: WeakKeyDictionary[object, DocumentGlyphs] = WeakKeyDictionary()

    @staticmethod
    def _permille(fonts: KaiFonts, units: int) -> int:
        return round(units * 1000 / fonts.metrics.units_per_em)

    def stringWidth(self, text: str, size: float, encoding: str = "utf8") -> float:  # noqa: N802, ARG002 - reportlab's name and signature
        """Return the width of a line in points."""
        return self._fonts.width(text, size)

    def splitString(self, text: str, doc: object, encoding: str = "utf-8") -> list[tuple[int, bytes]]:  # noqa: N802, ARG002 - reportlab's name and signature
        """Return the text as glyph numbers, always in one piece."""
        if doc not in self._documents:
            self._documents[doc] = DocumentGlyphs(self._fonts)
        return [(0, self._documents[doc].encode(text))]

    def getSubsetInternalName(self, subset: int, doc: pdfdoc.PDFDocument) -> str:  # noqa: N802, ARG002 - reportlab's name and signature
        """Return the name by which the pages call the font; the first call asks the document to embed it at its end."""
        if self.fontName not in doc.fontMapping:
            doc.fontMapping[self.fontName] = f"/F{len(doc.fontMapping) + 1}"
            doc.delayedFonts.append(self)
        return str(doc.fontMapping[self.fontName])

    def addObjects(self, doc: pdfdoc.PDFDocument) -> None:  # noqa: N802 - reportlab's name
        """Write the font, its glyphs, widths and Unicode values into the document."""
        used = self._documents.pop(doc)
        glyphs, text = used.glyphs(), used.text
        name = f"{_subset_tag(text)}+{BASE_NAME}"
        internal = doc.fontMapping[self.fontName][1:]
        font = pdfdoc.PDFDictionary(
            {
                "Type": "/Font",
                "Subtype": "/Type0",
                "BaseFont": pdfdoc.PDFName(name),
                "Encoding": "/Identity-H",
                "DescendantFonts": pdfdoc.PDFArray([self._descendant(doc, name, glyphs)]),
                "ToUnicode": doc.Reference(_stream(doc, to_unicode(text))),
            }
        )
        # An indirect object: poppler cannot tell the Unicode values of a font written inside its dictionary.
        doc.idToObject["BasicFonts"].dict[internal] = doc.Reference(font, internal)

    def _descendant(self, doc: pdfdoc.PDFDocument, name: str, glyphs: list[Glyph]) -> pdfdoc.PDFDictionary:
        widths = [self._permille(self._fonts, glyph.advance) for glyph in glyphs]
        return pdfdoc.PDFDictionary(
            {
                "Type": "/Font",
                "Subtype": "/CIDFontType2",
                "BaseFont": pdfdoc.PDFName(name),
                "CIDSystemInfo": pdfdoc.PDFDictionary(
                    {
                        "Registry": pdfdoc.PDFString("Adobe"),
                        "Ordering": pdfdoc.PDFString("Identity"),
                        "Supplement": 0,
                    }
                ),
                "CIDToGIDMap": "/Identity",
                "DW": 1000,
                "W": pdfdoc.PDFArray([0, pdfdoc.PDFArray(widths)]),
                "FontDescriptor": doc.Reference(self._descriptor(doc, name, glyphs)),
            }
        )

    def _descriptor(self, doc: pdfdoc.PDFDocument, name: str, glyphs: list[Glyph]) -> pdfdoc.PDFDictionary:
        metrics = self._fonts.metrics
        program = font_program(glyphs, metrics)
        return pdfdoc.PDFDictionary(
            {
                "Type": "/FontDescriptor",
                "FontName": pdfdoc.PDFName(name),
                "Flags": SYMBOLIC,
                "FontBBox": pdfdoc.PDFArray([self._permille(self._fonts, side) for side in metrics.box]),
                "ItalicAngle": 0,
                "Ascent": self.face.ascent,
                "Descent": self.face.descent,
                "CapHeight": self.face.ascent,
                "StemV": STEM_WIDTH,
                "FontFile2": doc.Reference(_stream(doc, program, Length1=len(program))),
            }
        )


def register(fonts: KaiFonts) -> str:
    """Make the fonts known to reportlab, once, and return the name to give to `Canvas.setFont`."""
    font = EmbeddedKai(fonts)
    if font.fontName not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(font)
    return font.fontName


def to_unicode(text: str) -> bytes:
    """Write a ToUnicode CMap (ISO 32000-1 §9.10.3) for glyph numbers 1, 2, … standing for the characters of the text."""
    entries = [
        f"<{code:04X}> <{char.encode('utf-16-be').hex().upper()}>" for code, char in enumerate(text, 1)
    ]
    blocks = [entries[at : at + CMAP_BLOCK] for at in range(0, len(entries), CMAP_BLOCK)]
    lines = [
        "/CIDInit /ProcSet findresource begin",
        "12 dict begin",
        "begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def",
        "/CMapType 2 def",
        "1 begincodespacerange",
        "<0000> <FFFF>",
        "endcodespacerange",
    ]
    for block in blocks:
        lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
    return "\n".join(lines).encode("ascii")


def _stream(doc: pdfdoc.PDFDocument, content: bytes, **entries: int) -> pdfdoc.PDFStream:
    stream = pdfdoc.PDFStream(content=content, filters=[pdfdoc.PDFZCompress] if doc.compression else None)
    for key, value in entries.items():
        stream.dictionary[key] = value
    return stream


def _subset_tag(text: str) -> str:
    """Six capital letters that differ between subsets (ISO 32000-1 §9.6.4), taken from the text for stable bytes."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return "".join(chr(ord("A") + byte % 26) for byte in digest[:6])
