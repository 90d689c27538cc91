"""Whole numbers as letters write them: digits of both widths, everyday numerals (十二) and those of contracts (拾貳)."""

from typing import Final

from forms.typed import ascii_digits

_DIGITS: Final = {
    character: value
    for value, characters in enumerate(
        ("〇零○", "一壹", "二貳兩", "三參叁", "四肆", "五伍", "六陸", "七柒", "八捌", "九玖")
    )
    for character in characters
}
_UNITS: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_PLAIN: Final = "〇一二三四五六七八九"
_LIMIT: Final = 10_000

#: All characters of numerals, for use inside a regular expression's brackets.
NUMERAL_CHARACTERS: Final = "0-9０-９" + "".join((*_DIGITS, *_UNITS))


def number_of(text: str) -> int | None:
    """Return the number that a text of numerals means, below 10,000, or None if it means none.

    >>> number_of("二十三"), number_of("拾貳"), number_of("１０"), number_of("一〇五")
    (23, 12, 10, 105)
    """
    plain = ascii_digits(text)
    if not plain or len(plain) > len("九千九百九十九"):
        return None
    if plain.isascii():
        value = int(plain) if plain.isdigit() else _LIMIT
    elif any(character in _UNITS for character in plain):
        value = _by_units(plain)
    else:
        value = _by_places(plain)
    return value if value < _LIMIT else None


def _by_places(text: str) -> int:
    if not set(text) <= set(_DIGITS):
        return _LIMIT
    return int("".join(str(_DIGITS[character]) for character in text))


def _by_units(text: str) -> int:
    total, digit, last = 0, None, _LIMIT
    for character in text:
        unit = _UNITS.get(character)
        if unit is None:
            if digit or character not in _DIGITS:
                return _LIMIT
            digit = _DIGITS[character]
        elif unit >= last or digit == 0 or (digit is None and total):
            return _LIMIT
        else:
            total, digit, last = total + (1 if digit is None else digit) * unit, None, unit
    return total + (digit or 0)


def chinese(number: int) -> str:
    """Return 1 to 99 in everyday numerals, as items of letters are numbered.

    >>> chinese(1), chinese(10), chinese(21)
    ('一', '十', '二十一')
    """
    tens, ones = divmod(number, 10)
    if not 0 < number < len(_PLAIN) ** 2:
        raise ValueError("items are numbered from 1 to 99")
    head = "" if tens == 0 else ("十" if tens == 1 else f"{_PLAIN[tens]}十")
    return head + (_PLAIN[ones] if ones else "")
