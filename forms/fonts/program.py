"""Writing a TrueType font program that holds only the glyphs of one document.

PDF (ISO 32000-1 §9.9) asks of an embedded CIDFontType2 the tables glyf, head, hhea, hmtx, loca and maxp, and
neither names nor a cmap, because the text names its glyphs by number.
"""

import struct
from collections.abc import Sequence

from forms.fonts.truetype import Glyph, Metrics

CHECKSUM_MAGIC = 0xB1B0AFBA
ADJUSTMENT_AT = 8
"""The place of checkSumAdjustment inside the head table."""


def font_program(glyphs: Sequence[Glyph], metrics: Metrics) -> bytes:
    """Return the bytes of a font file whose glyph numbers are the places in `glyphs`."""
    outlines = [glyph.outline + b"\0" * (-len(glyph.outline) % 4) for glyph in glyphs]
    tables = {
        b"glyf": b"".join(outlines),
        b"head": _head(metrics),
        b"hhea": _hhea(glyphs, metrics),
        b"hmtx": b"".join(struct.pack(">Hh", glyph.advance, glyph.bearing) for glyph in glyphs),
        b"loca": _loca(outlines),
        b"maxp": _maxp(glyphs),
    }
    return _assemble(tables)


def _head(metrics: Metrics) -> bytes:
    # Dates are zero, so that the same text gives the same bytes; the last fields say long offsets.
    fixed = struct.pack(">IIIIHHqq", 0x00010000, 0x00010000, 0, 0x5F0F3CF5, 0b11, metrics.units_per_em, 0, 0)
    return fixed + struct.pack(">hhhhHHhhh", *metrics.box, 0, 8, 2, 1, 0)


def _hhea(glyphs: Sequence[Glyph], metrics: Metrics) -> bytes:
    widest = max(glyph.advance for glyph in glyphs)
    left, _, right, _ = metrics.box
    start = struct.pack(">IhhhHhhh", 0x00010000, metrics.ascent, metrics.descent, 0, widest, left, 0, right)
    return start + struct.pack(">hhhhhhhhH", 1, 0, 0, 0, 0, 0, 0, 0, len(glyphs))


def _loca(outlines: Sequence[bytes]) -> bytes:
    offsets = [0]
    for outline in outlines:
        offsets.append(offsets[-1] + len(outline))
    return struct.pack(f">{len(offsets)}I", *offsets)


def _maxp(glyphs: Sequence[Glyph]) -> bytes:
    points = max(glyph.points for glyph in glyphs)
    contours = max(glyph.contours for glyph in glyphs)
    no_instructions = (0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0)
    return struct.pack(">IHHH11H", 0x00010000, len(glyphs), points, contours, *no_instructions)


def _assemble(tables: dict[bytes, bytes]) -> bytes:
    count = len(tables)
    power = count.bit_length() - 1
    header = struct.pack(">IHHHH", 0x00010000, count, 16 << power, power, 16 * count - (16 << power))
    offset, directory, bodies = 12 + 16 * count, b"", []
    for tag, table in tables.items():
        body = table + b"\0" * (-len(table) % 4)
        directory += struct.pack(">4sIII", tag, _checksum(body), offset, len(table))
        bodies.append(body)
        offset += len(body)
    whole = bytearray(header + directory + b"".join(bodies))
    head_at = 12 + 16 * count + len(bodies[0])
    adjustment = (CHECKSUM_MAGIC - _checksum(whole)) & 0xFFFFFFFF
    struct.pack_into(">I", whole, head_at + ADJUSTMENT_AT, adjustment)
    return bytes(whole)


def _checksum(body: bytes | bytearray) -> int:
    words: tuple[int, ...] = struct.unpack(f">{len(body) // 4}I", body)
    return sum(words) & 0xFFFFFFFF
