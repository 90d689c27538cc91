"""`guanfang card` on the readers of pcscd: two virtual cards plugged in by the command, and one looked at and retired."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from hardware.errors import HardwareError
from hardware.pcsc_station import PcscStation
from hardware.virtual.card_file import CardFile
from ops.cli import main
from tests.hardware.card_rig import LOOKING_INTERVAL
from tests.hardware.pcscd_daemon import PATIENCE, READERS, shared_daemon

pytestmark = pytest.mark.card_stack


@pytest.fixture(params=["t0", "t1"])
def cards(request, tmp_path):
    """Keep a card in each of two readers; gives their files."""
    daemon = shared_daemon()
    files = [tmp_path / f"{index}.card" for index in range(2)]
    options = [
        word
        for file, port in zip(files, daemon.ports, strict=True)
        for word in ("--state", str(file), "--vpcd-port", str(port))
    ]
    serving = subprocess.Popen(
        [sys.executable, "-m", "ops.cli", "card", "virtual", *options, "--protocol", request.param],
        stdout=subprocess.DEVNULL,
    )
    with serving:
        try:
            wait_for_cards()
            yield files
        finally:
            serving.terminate()
            assert serving.wait(PATIENCE) == 0
            time.sleep(LOOKING_INTERVAL)


def wait_for_cards():
    until, seen = time.monotonic() + PATIENCE, []
    while time.monotonic() < until:
        seen = [status.csn for status in PcscStation("Virtual PCD").readers()]
        if len(seen) == len(READERS) and all(seen):
            return
        time.sleep(0.1)
    raise HardwareError(f"the cards were not read: {seen}")


def card(*arguments, expected=0):
    result = CliRunner().invoke(main, ["card", *arguments])
    assert result.exit_code == expected, result.output
    return result.output


def test_two_cards_are_told_apart_and_one_is_retired(cards):
    shown = [json.loads(card("info", "--reader", reader, "--format", "json")) for reader in READERS]
    assert [one["csn"] for one in shown] == [CardFile(file).load().csn.hex() for file in cards]
    assert "--reader" in card("info", expected=1)
    assert "destroy it" in card("retire", "--reader", READERS[1], "--block-only", "--yes")
    assert [CardFile(file).load().pin.left for file in cards] == [3, 0]
    assert json.loads(card("info", "--reader", READERS[1], "--format", "json"))["pin_tries_left"] == 0
