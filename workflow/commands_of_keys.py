"""Commands about keys: those never to be certified, the master keys of cards, and what was made for nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workflow.commands import Command

if TYPE_CHECKING:
    from workflow.commands_of_authorities import Hand


@dataclass(frozen=True, kw_only=True)
class ListCompromisedKeys(Command):
    """Put keys on the list of those never to be certified, by the SHA-256 of their SubjectPublicKeyInfo in hexadecimal."""

    digests: tuple[str, ...]
    source: str
    """Where they are known from, such as a file's name or an incident's number."""


@dataclass(frozen=True, kw_only=True)
class RecordMasterKey(Command):
    """Write down that a master key of cards is about to be made, with `name` that it was, or that it came `back`.

    The people present sign it, as they do at a ceremony; a demonstration alone may do without any (ROL-02, ROL-08).
    """

    label: str
    place: str
    name: str = ""
    back: bool = False
    """Whether it came back from its copy."""
    found: bool = False
    """Whether it lay there already, made by a run that was killed before it could write that down."""
    hands: tuple[Hand, ...] = field(default=(), repr=False)
    holders: tuple[str, ...] = ()
    """Logins of those who hold shares of its copy; where people are present, each is checked to be fit for it."""


@dataclass(frozen=True, kw_only=True)
class ClearKeyIntent(Command):
    """Give up a key that was to be made and is on no record; it can't be recorded any more, and is destroyed next.

    With a `left_reason` it is not: the place where it may lie is gone, and the intent ends with that.
    """

    number: int
    left_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class EndKeyIntent(Command):
    """Record that the key of an intent is gone from the place where it was made, if it was made at all."""

    number: int
    place: str
