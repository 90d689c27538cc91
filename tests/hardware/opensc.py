"""Runs OpenSC's programs on the cards behind a private pcscd."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hardware.pcscd_daemon import Daemon


@dataclass(frozen=True)
class OpenSc:
    """OpenSC with a home of its own, so that nothing it remembers of one card is taken for another's."""

    daemon: Daemon
    home: Path

    def __call__(self, *command: str, expected: int = 0) -> str:
        """Run a program; returns all that it printed."""
        done = subprocess.run(
            command,
            env=self.daemon.environment | {"HOME": str(self.home), "XDG_CACHE_HOME": str(self.home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        printed = done.stdout.decode(errors="replace")
        assert done.returncode == expected, printed
        return printed
