"""A machine without readers starts all the same; each case needs a fresh process, as PC/SC is looked up once."""

import os
import subprocess
import sys

import pytest

LIST = """
import sys
{before}
from hardware.errors import ReaderServiceDown
from hardware.pcsc_station import PcscStation
try:
    PcscStation().readers()
except ReaderServiceDown as error:
    print("down:", error)
"""


def tried(before, **environment):
    done = subprocess.run(
        [sys.executable, "-c", LIST.format(before=before)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_a_machine_without_pyscard_says_so_when_asked_for_readers():
    assert "pyscard is not installed" in tried("sys.modules['smartcard'] = None")


@pytest.mark.card_stack
def test_a_machine_without_pcscd_says_so_when_asked_for_readers(tmp_path):
    assert "smart-card service" in tried("", PCSCLITE_CSOCK_NAME=str(tmp_path / "nobody"))


def test_importing_the_station_does_not_import_pyscard():
    assert tried(
        "import hardware.pcsc_station; assert 'smartcard' not in sys.modules; sys.modules['smartcard'] = None"
    )
