"""Numbering of the items of an official letter: 一、（一）1、(1) (文書處理手冊)."""

DIGITS = "〇一二三四五六七八九"
LARGEST = 99


def chinese_number(number: int) -> str:
    """Return 1 to 99 in Chinese as items are counted: 十, 十一, 二十三.

    >>> [chinese_number(number) for number in (1, 10, 19, 20, 99)]
    ['一', '十', '十九', '二十', '九十九']
    """
    if not 1 <= number <= LARGEST:
        raise ValueError(f"an item number is 1 to {LARGEST}, not {number}")
    tens, ones = divmod(number, 10)
    lead = "" if tens == 0 else "十" if tens == 1 else DIGITS[tens] + "十"
    return lead + (DIGITS[ones] if ones else "")


def item_mark(level: int, place: int) -> str:
    """Return the mark before an item, by its level (1 is the outermost) and its place among its siblings."""
    match level:
        case 1:
            return f"{chinese_number(place)}、"
        case 2:
            return f"（{chinese_number(place)}）"
        case 3:
            return f"{place}、"
        case 4:
            return f"({place})"
        case _:
            raise ValueError("an official letter has four levels of items")
