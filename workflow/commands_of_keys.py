"""Commands about keys: those never to be certified, the master keys of cards, and what was made for nothing."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.commands import Command


@dataclass(frozen=True, kw_only=True)
class ListCompromisedKeys(Command):
    """Put keys on the list of those never to be certified, by the SHA-256 of their SubjectPublicKeyInfo in hexadecimal."""

    digests: tuple[str, ...]
    source: str
    """Where they are known from, such as a file's name or an incident's number."""


@dataclass(frozen=True, kw_only=True)
class RecordMasterKey(Command):
    """Write down that a master key of cards is about to be made, with `name` that it was, or that it came `back`."""

    label: str
    place: str
    name: str = ""
    back: bool = False
    """Whether it came back from its copy."""


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
