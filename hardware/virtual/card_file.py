"""Keeps a virtual card's state in a file: whole or not at all, and under one power supply at a time."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hardware.errors import CardFileError, ReaderBusy
from hardware.virtual.state import CardState

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRIVATE_MODE = 0o600


def write_atomically(path: Path, text: str) -> None:
    """Replace a file's contents so that a crash leaves the old or the new text, never a mixture."""
    content = text.encode()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextmanager
def lock_file(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold an advisory lock between processes; without `wait`, raises ReaderBusy when another holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, _PRIVATE_MODE)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise ReaderBusy("Another process uses this card.") from None
        yield
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class CardFile:
    """A virtual card lying at `path`; its lock lies beside it, since saving replaces the file itself."""

    path: Path

    def create(self, state: CardState) -> None:
        """Write a new card; refuses to write over one."""
        if self.path.exists():
            raise CardFileError(f"There is a card at {self.path} already.")
        self.save(state)

    def load(self) -> CardState:
        """Read the card; raises CardFileError when it is missing or damaged."""
        try:
            return CardState.from_json(self.path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise CardFileError(f"The card at {self.path} cannot be read.") from error

    def save(self, state: CardState) -> None:
        """Write the state; when this returns it will survive a crash."""
        write_atomically(self.path, state.to_json())

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep the card to oneself; raises ReaderBusy when someone else has it."""
        with lock_file(self.path.with_suffix(".lock"), wait=False):
            yield
