"""What a person typed, made comparable without harming names.

Only digits, signs and outer spaces are evened out. Letters and Chinese characters are never folded:
NFKC would change rare characters of names, so NFC is the most that is ever applied.
"""

import unicodedata

_DIGITS = {ord("０") + n: str(n) for n in range(10)}
_SIGNS = {
    ord("－"): "-",
    ord("＠"): "@",
    ord("．"): ".",
    ord("（"): "(",
    ord("）"): ")",
    ord("＃"): "#",
    ord("＋"): "+",
}
_LETTERS = {ord("Ａ") + n: chr(ord("A") + n) for n in range(26)} | {
    ord("ａ") + n: chr(ord("a") + n) for n in range(26)
}
_NARROW = _DIGITS | _SIGNS | _LETTERS
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_KEPT_PRIVATE = "Co"
_IDEOGRAPHIC_PLANES = range(0x20000, 0x40000)
_LAST_OF_PLANE = 0xFFFE


def ascii_digits(text: str) -> str:
    """Turn full-width digits into ASCII digits and leave all else as it is."""
    return text.translate(_DIGITS)


def narrow(text: str) -> str:
    """Turn full-width digits, Latin letters and the signs of telephone numbers and e-mail into ASCII; for codes only."""
    return text.translate(_NARROW).replace("\u3000", " ").strip()


def tidy_name(text: str) -> str:
    """Strip outer spaces and compose accents (NFC); keep each Chinese character as it was typed.

    NFC itself replaces the CJK compatibility ideographs (U+F900…, U+2F800…) by their unified twins, which are other
    glyphs on paper; those characters are therefore left out of the composition.
    """
    return "".join(_composed(text.strip()))


def _composed(text: str) -> list[str]:
    pieces: list[str] = []
    run = ""
    for character in text:
        if _is_compatibility_ideograph(character):
            pieces += [unicodedata.normalize("NFC", run), character]
            run = ""
        else:
            run += character
    return [*pieces, unicodedata.normalize("NFC", run)]


def _is_compatibility_ideograph(character: str) -> bool:
    return "\uf900" <= character <= "\ufaff" or "\U0002f800" <= character <= "\U0002fa1f"


def control_character(text: str, *, lines: bool = False) -> str | None:
    """Return the first control, direction or unassigned character as `U+0007`, or None; `lines` lets line breaks pass.

    Characters of the private use areas pass: agencies keep rare names there. Whether a font covers them is asked
    when the sheet is printed.
    """
    for character in text:
        if lines and character in "\r\n":
            continue
        kind = unicodedata.category(character)
        if kind in _INVISIBLE and kind != _KEPT_PRIVATE and not _newer_ideograph(character, kind):
            return f"U+{ord(character):04X}"
    return None


def _newer_ideograph(character: str, kind: str) -> bool:
    """Say whether an unassigned character lies in a CJK plane: the Unicode tables of Python lag behind new ideographs."""
    noncharacter = ord(character) & 0xFFFE == _LAST_OF_PLANE
    return kind == "Cn" and ord(character) in _IDEOGRAPHIC_PLANES and not noncharacter
