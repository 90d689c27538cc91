"""The shape of an audit entry: what is hashed into the log, and what never enters it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from workflow.commands import SECRET, Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.facts import Actor

# The form itself is kept in its revision; the log holds the hash of it.
_BULKY = frozenset({"form", "files"})


@cache
def _open_fields(kind: type[Any]) -> tuple[str, ...]:
    """Return the fields of a command that may be logged."""
    hidden = SECRET | _BULKY | {"case_id", "seen_version"}
    return tuple(item.name for item in fields(kind) if item.name not in hidden and item.repr)


def speak(command: Command) -> dict[str, Any]:
    """Return what the log may say of a command."""
    kind: Any = type(command)
    return {name: getattr(command, name) for name in _open_fields(kind)}


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (frozenset, set)):
        return sorted(str(item) for item in value)
    raise TypeError(f"{type(value).__name__} can't be logged")


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain).encode


def canonical(body: Mapping[str, Any]) -> str:
    """Return a body as canonical JSON: sorted keys, no spaces."""
    return _encode(body)


def entry(
    at: datetime,
    kind: str,
    actor: Actor,
    body: Mapping[str, Any],
    case: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """Return a row of the audit log. `case` is (id, version after the change); the body says all the row says."""
    case_id, case_version = case or (None, None)
    said = {
        **body,
        "at": at.isoformat(),
        "kind": kind,
        "actor": actor.name,
        "person": actor.person_id,
        "channel": actor.channel,
        "case": case_id,
        "version": case_version,
    }
    return {
        "at": at,
        "kind": kind,
        "actor": actor.name,
        "case_id": case_id,
        "case_version": case_version,
        "body": canonical(said),
    }


def leaf_hash(body: str) -> bytes:
    """Return the Merkle leaf of an entry (RFC 6962 §2.1)."""
    return hashlib.sha256(b"\x00" + body.encode()).digest()
