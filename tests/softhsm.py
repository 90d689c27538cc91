"""SoftHSM2 tokens for the tests."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "guanfang-tests"
SO_PIN = secrets.token_hex(8)


def make_token(folder: Path, label: str) -> None:
    """Initialise a token in the store that SOFTHSM2_CONF names."""
    command = ["softhsm2-util", "--init-token", "--free", "--label", label]
    command += ["--so-pin", SO_PIN, "--pin", PIN]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)


def write_configuration(folder: Path) -> Path:
    """Write a configuration whose tokens lie in the folder; returns its path."""
    (folder / "tokens").mkdir(parents=True, exist_ok=True)
    path = folder / "softhsm2.conf"
    path.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    return path
