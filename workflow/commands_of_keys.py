"""Commands about keys that must not be certified."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.commands import Command


@dataclass(frozen=True, kw_only=True)
class ListCompromisedKeys(Command):
    """Put keys on the list of those never to be certified, by the SHA-256 of their SubjectPublicKeyInfo in hexadecimal."""

    digests: tuple[str, ...]
    source: str
    """Where they are known from, such as a file's name or an incident's number."""
