"""Whether a command can be written down: no database takes every text and number that a request may carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from workflow.errors import BadInput, FieldProblem

if TYPE_CHECKING:
    from workflow.commands import Command

LARGEST = 2**63 - 1


def require_storable(command: Command) -> None:
    """Raise BadInput for a text with NUL or half a character, or a number beyond 64 bits; it names the fields."""
    problems = [
        FieldProblem(
            field.name,
            "unstorable",
            "含有無法儲存的字元或數字，請刪除後重新輸入。",
            "This holds a character or a number that can't be stored. Remove it and type it again.",
        )
        for field in fields(command)
        if not _fits(getattr(command, field.name))
    ]
    if problems:
        raise BadInput(*problems)


def _fits(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, int):
        return -LARGEST <= value <= LARGEST
    if isinstance(value, Mapping):
        return all(_fits(name) and _fits(inner) for name, inner in value.items())
    if isinstance(value, (tuple, list)):
        return all(_fits(inner) for inner in value)
    return True
