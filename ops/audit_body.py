"""Reads the body of an audit entry for comparison."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any


def parse_body(body: str | None) -> dict[str, Any]:
    """Return what a body says; nothing when it is not a JSON object."""
    try:
        said = json.loads(body or "{}")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def same_moment(said: object, moment: datetime) -> bool:
    """Tell whether a body's time is a column's."""
    try:
        return isinstance(said, str) and datetime.fromisoformat(said) == moment
    except ValueError:
        return False
