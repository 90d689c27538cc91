"""Whether a command can be written down: no database takes every text and number that a request may carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from workflow.errors import BadInput, FieldProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from workflow.commands import Command

LARGEST = 2**63 - 1
LONGEST = 100_000
"""Characters of one text: many pages, and far less than what fills a disk."""


def require_storable(command: Command) -> None:
    """Raise BadInput for a text that is too long or has NUL or half a character, or a number beyond 64 bits; it names the fields."""
    problems = [
        *(_unstorable(name) for name in _names(command, _fits)),
        *map(_too_long, _names(command, _is_short)),
    ]
    if problems:
        raise BadInput(*problems)


def _names(command: Command, passes: Callable[[Any], bool]) -> list[str]:
    return [field.name for field in fields(command) if not passes(getattr(command, field.name))]


def _unstorable(name: str) -> FieldProblem:
    return FieldProblem(
        name,
        "unstorable",
        "含有無法儲存的字元或數字，請刪除後重新輸入。",
        "This holds a character or a number that can't be stored. Remove it and type it again.",
    )


def _too_long(name: str) -> FieldProblem:
    return FieldProblem(
        name,
        "too_long",
        f"文字過長，最多 {LONGEST} 字，請縮短後再試。",
        f"This text is too long. Shorten it to {LONGEST} characters at most.",
    )


def _is_whole(text: str) -> bool:
    """Tell whether a text holds no half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_short(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST
    if isinstance(value, Mapping):
        return all(_is_short(inner) for pair in value.items() for inner in pair)
    if isinstance(value, (tuple, list)):
        return all(map(_is_short, value))
    return True


def _fits(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and (value.isascii() or _is_whole(value))
    if isinstance(value, int):
        return -LARGEST <= value <= LARGEST
    if isinstance(value, Mapping):
        return all(_fits(name) and _fits(inner) for name, inner in value.items())
    if isinstance(value, (tuple, list)):
        return all(_fits(inner) for inner in value)
    return True
