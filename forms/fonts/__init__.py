"""The typefaces of official paper: 全字庫正楷體 (TW-Kai) with its Ext-B and Plus companions.

Lives here: finding the font files, saying which characters they cover, and embedding the few glyphs that a
document uses. Called by `forms.sheets`, and by whoever wants to refuse an unprintable name early. It never
draws a box in place of a character that no font covers: that is the error `UncoveredCharacter`. It never
writes a file, and never changes reportlab's own classes.
"""

from forms.fonts.library import KaiFonts
from forms.fonts.refusals import FontsMissing, FontUnusable, UncoveredCharacter
from forms.fonts.truetype import Glyph

__all__ = ["FontUnusable", "FontsMissing", "Glyph", "KaiFonts", "UncoveredCharacter"]
