"""A SoftHSM2 token in the folder of a journey: PKCS#11 without a device. It proves the interface, not the protection."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from ops.journey.pages import JourneyError
from ops.settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
LABEL = "journey"
_FOLDER = "softhsm"
_PIN_FILE = "pin"


def settings(out: Path) -> dict[str, Any]:
    """Return the settings that put new keys into the token; the PIN is random and lies beside it."""
    from pathlib import Path

    module = next((Path(one) for one in MODULES if Path(one).exists()), None)
    tool = shutil.which("softhsm2-util")
    if module is None or tool is None:
        raise SettingsError("--keystore softhsm: SoftHSM2 is not installed (Debian: softhsm2)")
    folder = out / _FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pin = folder / _PIN_FILE
    pin.touch(mode=0o600)
    pin.write_text(secrets.token_hex(12), encoding="ascii")
    return {
        "keystore": "pkcs11",
        "pkcs11_module": module,
        "pkcs11_token": LABEL,
        "pkcs11_pin": pin.read_text(encoding="ascii"),
    }


def prepare(out: Path) -> None:
    """Make the token; the module reads where it lies from this process's environment."""
    folder = out / _FOLDER
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    pin = (folder / _PIN_FILE).read_text(encoding="ascii")
    command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL]
    command += ["--so-pin", secrets.token_hex(12), "--pin", pin]
    made = subprocess.run(command, capture_output=True, check=False)
    if made.returncode:
        raise JourneyError(f"softhsm2-util made no token: {made.stderr.decode(errors='replace').strip()}")
