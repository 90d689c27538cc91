"""An activation that a test switches, and a keeper in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from ops.activation import KeeperClient
from pki.activation import not_activated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = b"the secret of several people"
_PROGRAM = "import pathlib, sys; from ops.activation import run; run(pathlib.Path(sys.argv[1]))"


class Switch:
    """Activated or not, as the test says."""

    def __init__(self, secret: bytes = SECRET, *, on: bool = True) -> None:
        self.on = on
        self._secret = secret
        self._forget: list[Callable[[], None]] = []

    def active(self) -> bool:
        return self.on

    def secret(self) -> bytearray:
        if not self.on:
            raise not_activated()
        return bytearray(self._secret)

    def when_ended(self, forget: Callable[[], None]) -> None:
        self._forget.append(forget)

    def off(self) -> None:
        self.on = False
        for forget in self._forget:
            forget()


def until(true: Callable[[], bool], seconds: float = 90) -> bool:
    """Wait until something is true; False when it does not come."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class KeeperProcess:
    """A keeper as an operator runs it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(path)], stderr=subprocess.DEVNULL
        )
        assert until(lambda: KeeperClient(path).state().running or self.process.poll() is not None)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
