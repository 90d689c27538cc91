"""Counties, districts and three-digit postal codes of Taiwan.

The table is `data/postal.csv` (see `data/README.md`). 台 and 臺 count as one character, and the counties that became
special municipalities in 2010 and 2014 are still understood by their old names.
"""

import csv
import re
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from forms.problems import Problem
from forms.typed import narrow

OLD_COUNTIES: Final = MappingProxyType(
    {
        "臺北縣": "新北市",
        "臺中縣": "臺中市",
        "臺南縣": "臺南市",
        "高雄縣": "高雄市",
        "桃園縣": "桃園市",
    }
)
_FORMER_SUFFIX: Final = "鄉鎮市"
_CODE: Final = re.compile(r"[0-9]{3}(?:[0-9]{2,3})?")


class UnknownPlaceError(LookupError):
    """There is no such county, or no such district in the county."""


@cache
def _table() -> MappingProxyType[str, MappingProxyType[str, str]]:
    text = files("forms").joinpath("data/postal.csv").read_text(encoding="utf-8")
    table: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(text.splitlines()):
        table.setdefault(row["county"], {})[row["district"]] = row["code"]
    return MappingProxyType({county: MappingProxyType(rows) for county, rows in table.items()})


def _same_tai(name: str) -> str:
    return "".join(name.split()).replace("台", "臺")


def counties() -> tuple[str, ...]:
    """Return the 22 counties in the order of their postal codes, from 臺北市."""
    return tuple(_table())


def districts(county: str) -> tuple[str, ...]:
    """Return the districts of a county; old county names are understood; an unknown county raises."""
    return tuple(_table()[county_name(county)])


def county_name(county: str) -> str:
    """Return today's name of a county.

    >>> county_name("台北縣")
    '新北市'
    """
    name = _same_tai(county)
    name = OLD_COUNTIES.get(name, name)
    if name not in _table():
        raise UnknownPlaceError(county)
    return name


def district_name(county: str, district: str) -> str:
    """Return today's name of a district; 板橋市 of 台北縣 is 板橋區 of 新北市 now."""
    today = {_same_tai(name): name for name in _table()[county_name(county)]}
    name = _same_tai(district)
    if name in today:
        return today[name]
    became_special = _same_tai(county) in OLD_COUNTIES or county_name(county) in OLD_COUNTIES.values()
    if became_special and name and name[-1] in _FORMER_SUFFIX and f"{name[:-1]}區" in today:
        return today[f"{name[:-1]}區"]
    raise UnknownPlaceError(f"{county}{district}")


def code_of(county: str, district: str) -> str:
    """Return the three-digit code of a district; an unknown place raises.

    >>> code_of("基隆市", "七堵區")
    '206'
    """
    return _table()[county_name(county)][district_name(county, district)]


def check(county: str, district: str, code: str, field: str = "postal_code") -> tuple[Problem, ...]:
    """Say whether county, district and code (3, 5 or 6 digits) agree; an empty tuple means that they do."""
    try:
        name = county_name(county)
    except UnknownPlaceError:
        return (
            Problem(
                field,
                "unknown_county",
                f"沒有「{county}」這個縣市，請由清單選擇。",
                "No such county or city; choose one from the list.",
            ),
        )
    try:
        expected = code_of(county, district)
    except UnknownPlaceError:
        return (
            Problem(
                field,
                "unknown_district",
                f"「{name}」沒有「{district}」，請由清單選擇鄉鎮市區。",
                "No such district in this county; choose one from the list.",
            ),
        )
    digits = narrow(code)
    if not _CODE.fullmatch(digits):
        return (
            Problem(
                field,
                "postal_shape",
                "郵遞區號應為 3、5 或 6 位數字。",
                "A postal code has 3, 5 or 6 digits.",
            ),
        )
    if digits[:3] != expected:
        return (
            Problem(
                field,
                "postal_mismatch",
                f"「{name}{district_name(county, district)}」的郵遞區號前三碼是 {expected}，不是 {digits[:3]}。",
                f"The code of this district begins with {expected}, not {digits[:3]}.",
            ),
        )
    return ()
