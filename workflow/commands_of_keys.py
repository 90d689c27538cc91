"""Commands about keys that must not be certified, and about the master keys of cards."""

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
    """Write down that a master key of cards is about to be made, and with `name` that it was."""

    label: str
    place: str
    name: str = ""
