"""Breaking text into lines as Chinese typesetting does, without losing a character.

Chinese breaks between any two characters, but closing punctuation never begins a line and opening brackets never end
one (避頭尾). Latin words and numbers stay whole where a line can hold them. Only spaces at a break disappear.
"""

import re
from collections.abc import Callable, Iterator

CLOSING = "，。、；：？！）」』】》〉〕”’％…—,.;:?!)]}%"
OPENING = "（「『【《〈〔“‘([{"

_ATOM = re.compile(rf"[{re.escape(OPENING)}]*(?:[\u0021-\u024f]+|\S)[{re.escape(CLOSING)}]*|\s+")

Measure = Callable[[str], float]


def wrap(text: str, width: float, measure: Measure) -> list[str]:
    """Return the lines of the text, none wider than `width`; line feeds begin a new line; at least one line."""
    return [line for paragraph in text.split("\n") for line in _paragraph(paragraph, width, measure)]


def _paragraph(text: str, width: float, measure: Measure) -> list[str]:
    if measure(text) <= width:
        return [text.rstrip()]
    lines: list[str] = []
    line, used = "", 0.0
    for atom in _atoms(text, width, measure):
        if line and used + measure(atom.rstrip()) > width:
            lines.append(line.rstrip())
            line, used = "", 0.0
            atom = atom.lstrip()  # noqa: PLW2901 - spaces vanish at a break
        line += atom
        used += measure(atom)
    return [*lines, line.rstrip()] if line or not lines else lines


def _atoms(text: str, width: float, measure: Measure) -> Iterator[str]:
    """Yield pieces that should not be broken; one that is wider than a line comes character by character."""
    for found in _ATOM.finditer(text):
        atom = found.group()
        if measure(atom) <= width:
            yield atom
        else:
            yield from atom
