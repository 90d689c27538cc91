"""`guanfang journey --reader`: the card is made and activated over PC/SC, and other people's software takes it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from hardware.folder_station import FolderStation
from hardware.piv import DataObject
from tests.hardware.card_rig import PcscRig
from tests.hardware.opensc import OpenSc
from tests.hardware.pcscd_daemon import READERS, shared_daemon

pytestmark = pytest.mark.card_stack


def journey(daemon, out):
    kept = {name: value for name, value in daemon.environment.items() if not name.startswith("GUANFANG_")}
    command = [
        sys.executable, "-m", "ops.cli", "journey", "--ca", "xca", "--out", str(out),
        "--reader", READERS[0], "--vpcd-port", str(daemon.ports[0]),
    ]  # fmt: skip
    done = subprocess.run(command, env=kept, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((out / "summary.json").read_text(encoding="utf-8"))


def with_number(folder, number):
    """Find the card that bears a number, among all that the house has."""
    written = {
        csn: folder.card_file(csn).load().objects.get(DataObject.CARD_NUMBER, b"") for csn in folder.cards()
    }
    return next(csn for csn, content in written.items() if number.encode() in content)


def test_a_card_made_over_pcsc_signs_in_opensc_with_the_holders_pin(tmp_path):
    daemon = shared_daemon()
    out = tmp_path / "out"
    summary = journey(daemon, out)
    folder = FolderStation(out / "cards")
    rig = PcscRig(folder, daemon)
    rig.insert(with_number(folder, summary["card"]["number"]))
    try:
        printed = OpenSc(daemon, tmp_path)(
            "pkcs11-tool", "--test", "--login", "--pin", summary["card"]["pin"]
        )
    finally:
        rig.remove()
    assert summary["card"]["reader"] == READERS[0]
    assert "No errors" in printed
