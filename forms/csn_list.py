"""The card maker's list of a delivery: which chips lie in which box of which order (CSV or plain text).

A table begins with a line of heads (`order`, `box`, and `csn` or `first` and `last`; Chinese heads too). Without heads
each line begins with a serial number, or with `first..last`, and order and box are those that the reader was given.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MOST = 20_000
"""Cards of one list."""
CSN = re.compile(r"[0-9a-f]{8,64}")
LONGEST_NAME = 40
_HEADS: Mapping[str, str] = {
    **dict.fromkeys(("order", "order number", "order_number", "訂單", "訂單編號"), "order"),
    **dict.fromkeys(("box", "box number", "box_number", "盒號", "箱號"), "box"),
    **dict.fromkeys(("csn", "serial", "serial number", "serial_number", "晶片序號", "序號"), "csn"),
    **dict.fromkeys(("first", "from", "起號", "起始序號"), "first"),
    **dict.fromkeys(("last", "to", "迄號", "結束序號"), "last"),
}
_SIGNS = (",", "\t", ";")


@dataclass(frozen=True, slots=True)
class LineProblem:
    """What is wrong with one line of a list; line 0 is the list as a whole."""

    line: int
    zh: str
    en: str


class BadList(ValueError):  # noqa: N818 - it says what is bad, as the other forms do.
    """A list that can't be taken in; `problems` names its lines, in their order."""

    def __init__(self, problems: Sequence[LineProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"line {one.line}: {one.en}" for one in self.problems))


@dataclass(frozen=True, slots=True)
class ListedBox:
    """A box with its cards: (line of the list, serial number in lower-case hexadecimal digits)."""

    order: str
    number: str
    cards: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """One line: where it stands, its box, and what it names."""

    line: int
    order: str
    box: str
    first: str
    last: str


def read_csn_list(text: str, order: str = "", box: str = "") -> tuple[ListedBox, ...]:
    r"""Return the boxes of a list; `order` and `box` stand for what its lines do not say. Raises BadList.

    >>> read_csn_list("order,box,first,last\nA7,B1,00a0,00a2".replace("00a", "0000000a"))[0].cards
    ((2, '0000000a0'), (2, '0000000a1'), (2, '0000000a2'))
    """
    problems: list[LineProblem] = []
    boxes: dict[tuple[str, str], list[tuple[int, str]]] = {}
    seen: dict[str, int] = {}
    for row in _rows(text, order.strip(), box.strip()):
        cards = _named(row, MOST - len(seen))
        if isinstance(cards, LineProblem):
            problems.append(cards)
            continue
        for csn in cards:
            if csn in seen:
                problems.append(_twice(row.line, csn, seen[csn]))
            else:
                seen[csn] = row.line
                boxes.setdefault((row.order, row.box), []).append((row.line, csn))
    if not seen and not problems:
        problems.append(LineProblem(0, "清單中沒有卡片", "the list names no card"))
    if problems:
        raise BadList(problems)
    return tuple(ListedBox(*names, tuple(cards)) for names, cards in boxes.items())


def _rows(text: str, order: str, box: str) -> Iterator[_Row]:
    """Give the lines that name cards; empty ones and those that begin with # are passed over."""
    lines = [
        (number, line)
        for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        return
    sign = next((sign for sign in _SIGNS if sign in lines[0][1]), ",")
    heads = [_HEADS.get(cell.casefold()) for cell in _cells(lines[0][1], sign)]
    if not any(heads):
        for number, line in lines:
            first, _, last = re.split(r"[\s,;]", line.strip(), maxsplit=1)[0].partition("..")
            yield _Row(number, order, box, first, last)
        return
    for number, line in lines[1:]:
        found = {head: cell for head, cell in zip(heads, _cells(line, sign), strict=False) if head}
        first = found.get("csn") or found.get("first", "")
        yield _Row(number, found.get("order") or order, found.get("box") or box, first, found.get("last", ""))


def _cells(line: str, sign: str) -> list[str]:
    # A quote that is opened and never closed is a cell like another here, not a reason to swallow the lines below.
    return [cell.strip() for cell in next(csv.reader([line], delimiter=sign), [])]


def _named(row: _Row, room: int) -> tuple[str, ...] | LineProblem:
    """Return the serial numbers that a line names, or what is wrong with it."""
    if not all(0 < len(part) <= LONGEST_NAME for part in (row.order, row.box)):
        return LineProblem(
            row.line,
            f"缺少訂單編號或盒號，或超過 {LONGEST_NAME} 字",
            f"order number or box number is missing, or longer than {LONGEST_NAME} letters",
        )
    first, last = row.first.lower(), (row.last or row.first).lower()
    for one in (first, last):
        if not CSN.fullmatch(one):
            shown = one[:64] or "—"
            return LineProblem(
                row.line,
                f"{shown} 不是 8 至 64 位的十六進位序號",
                f"{shown} is no serial number of 8 to 64 hex digits",
            )
    count = int(last, 16) - int(first, 16) + 1
    if len(first) != len(last) or count < 1:
        return LineProblem(row.line, "起迄序號位數不同或順序相反", "first and last differ in length or order")
    if count > room:
        return LineProblem(row.line, f"一份清單最多 {MOST} 張", f"a list holds {MOST} cards at most")
    start = int(first, 16)
    return tuple(f"{number:0{len(first)}x}" for number in range(start, start + count))


def _twice(line: int, csn: str, before: int) -> LineProblem:
    return LineProblem(line, f"{csn} 與第 {before} 行重複", f"{csn} stands in line {before} already")
