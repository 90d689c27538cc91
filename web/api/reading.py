"""Reading a JSON body into a declared shape; everything that does not fit is named by its place, such as `items[3].csr`."""

from __future__ import annotations

import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any

from web.api.shapes import MOST_IN_AN_ARRAY
from workflow.errors import BadInput, FieldProblem

MOST_PROBLEMS = 50
LONGEST_NAME = 40
_hints = cache(typing.get_type_hints)


def read(shape: type[Any], given: Any) -> Any:
    """Return a value of a shape; raises BadInput with one problem for each place that does not fit, 50 at most."""
    problems: list[FieldProblem] = []
    found = _object(shape, given, "", problems)
    if problems:
        raise BadInput(*problems[:MOST_PROBLEMS])
    return found


def _object(shape: Any, given: Any, where: str, problems: list[FieldProblem]) -> Any:
    if not isinstance(given, dict):
        problems.append(_wrong(where or "body", "應為 JSON 物件。", "This is a JSON object."))
        return None
    hints = _hints(shape)
    problems.extend(
        _wrong(_join(where, name[:LONGEST_NAME]), "沒有這個欄位。", "There is no such field.")
        for name in sorted(set(given) - set(hints))[:MOST_PROBLEMS]
    )
    values = {}
    for item in fields(shape):
        place = _join(where, item.name)
        if item.name in given:
            values[item.name] = _value(hints[item.name], given[item.name], place, problems)
        elif item.default is MISSING:
            problems.append(
                FieldProblem(place, "required", f"缺少欄位 {place}。", f"The field {place} is missing.")
            )
    return shape(**values) if len(problems) == 0 else None


def _value(hint: Any, given: Any, where: str, problems: list[FieldProblem]) -> Any:
    if isinstance(hint, types.UnionType):
        kind = next(one for one in typing.get_args(hint) if one is not type(None))
        return None if given is None else _value(kind, given, where, problems)
    if is_dataclass(hint):
        return _object(hint, given, where, problems)
    if typing.get_origin(hint) is tuple:
        return _array(typing.get_args(hint)[0], given, where, problems)
    if not isinstance(given, str):
        problems.append(_wrong(where, "應為文字。", "This is a string."))
        return given
    return _choice(hint, given, where, problems) if issubclass(hint, Enum) else given


def _array(kind: Any, given: Any, where: str, problems: list[FieldProblem]) -> tuple[Any, ...]:
    if not isinstance(given, list):
        problems.append(_wrong(where, "應為陣列。", "This is an array."))
        return ()
    if len(given) > MOST_IN_AN_ARRAY:
        problems.append(_wrong(where, f"最多 {MOST_IN_AN_ARRAY} 筆。", f"At most {MOST_IN_AN_ARRAY} items."))
        return ()
    return tuple(_value(kind, one, f"{where}[{at}]", problems) for at, one in enumerate(given))


def _choice(words: type[Enum], given: str, where: str, problems: list[FieldProblem]) -> Enum | None:
    if given in list(map(str, words)):
        return words(given)
    known = ", ".join(map(str, words))
    problems.append(_wrong(where, f"須為 {known} 之一。", f"This is one of {known}."))
    return None


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _wrong(where: str, zh: str, en: str) -> FieldProblem:
    return FieldProblem(where, "shape", f"{where}：{zh}", f"{where}: {en}")
