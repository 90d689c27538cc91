"""Dates of the Republic of China calendar (民國), as forms and official letters write them.

The ROC year is the common-era year less 1911; years before 1912 are counted backwards as 民國前.
"""

import re
from datetime import date
from enum import Enum

from forms.typed import ascii_digits

_OFFSET = 1911
_LONG = re.compile(
    r"(?:中華民國|民國)?(?P<before>前)?(?P<year>[0-9]{1,4})年(?P<month>[0-9]{1,2})月(?P<day>[0-9]{1,2})日"
)
_PARTED = re.compile(r"(?P<year>[0-9]{1,3})(?P<mark>[/.\-])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})")
_COMPACT = re.compile(r"(?P<year>[0-9]{2,3})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
_LONGEST_TEXT = 64


class ShortStyle(Enum):
    """The two short ways of writing a date; the value says which is printed where."""

    WORDS = "115年11月20日"
    SLASHES = "115/11/20"


class RocDateError(ValueError):
    """A text that is not a ROC date; `zh` and `en` say what was expected."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class UnreadableRocDateError(RocDateError):
    """The text has none of the accepted shapes."""


class ImpossibleRocDateError(RocDateError):
    """The text has the shape of a date, but there is no such day."""


def _year_words(day: date) -> str:
    year = day.year - _OFFSET
    return f"{year}年" if year > 0 else f"前{1 - year}年"


def roc_year(day: date) -> int:
    """Return the ROC year of a day: 115 for 2026; zero and below for the years before 1912."""
    return day.year - _OFFSET


def roc_long(day: date) -> str:
    """Return the full form of official letters.

    >>> roc_long(date(2026, 11, 20))
    '中華民國115年11月20日'
    """
    return f"中華民國{_year_words(day)}{day.month}月{day.day}日"


def roc_short(day: date, style: ShortStyle = ShortStyle.WORDS) -> str:
    """Return the short form in words, or with slashes; days before 1912 are always written in words.

    >>> roc_short(date(2026, 11, 20), ShortStyle.SLASHES)
    '115/11/20'
    """
    if roc_year(day) < 1:
        return f"民國{_year_words(day)}{day.month}月{day.day}日"
    if style is ShortStyle.SLASHES:
        return f"{roc_year(day)}/{day.month:02}/{day.day:02}"
    return f"{_year_words(day)}{day.month}月{day.day}日"


def roc_compact(day: date) -> str:
    """Return seven digits, as file names and registers use; refuses days before 1912.

    >>> roc_compact(date(2026, 11, 20))
    '1151120'
    """
    if roc_year(day) < 1:
        raise ImpossibleRocDateError(
            "民國前的日期不能寫成七位數字。", "A date before 1912 has no seven-digit form."
        )
    return f"{roc_year(day):03}{day.month:02}{day.day:02}"


def parse_roc(text: str) -> date:
    """Read a ROC date in any of the shapes that this module writes, with or without 民國, full-width digits too.

    >>> parse_roc('民國前１年１０月１０日')
    datetime.date(1911, 10, 10)
    """
    plain = "".join(ascii_digits(text[: _LONGEST_TEXT + 1]).split()).replace("／", "/")
    if len(text) <= _LONGEST_TEXT:
        for shape in (_LONG, _PARTED, _COMPACT):
            found = shape.fullmatch(plain)
            if found:
                return _day(found, text)
    raise UnreadableRocDateError(
        f"「{text[:20]}」不是民國日期，請寫成「115年11月20日」、「115/11/20」或「1151120」。",
        f"“{text[:20]}” is not an ROC date; write 115年11月20日, 115/11/20 or 1151120.",
    )


def _day(found: re.Match[str], text: str) -> date:
    number = int(found["year"])
    before = bool(found.groupdict().get("before"))
    year = _OFFSET + 1 - number if before else _OFFSET + number
    if number == 0:
        # Year 0 does not exist: the year before 民國1年 is 民國前1年. Year 0 of `date` is refused below.
        year = 0
    try:
        return date(year, int(found["month"]), int(found["day"]))
    except ValueError as error:
        raise ImpossibleRocDateError(
            f"沒有「{text}」這一天，請檢查年、月、日。",
            f"There is no such day as “{text}”; check year, month and day.",
        ) from error
