"""What happens at PC/SC readers is told, named, and never waited for without an end."""

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from hardware.errors import ApduError, CardRefused, CardRemoved, ReaderBusy, ReaderGone, ReaderTimeout
from hardware.folder_station import FolderStation
from hardware.pcsc import PcscTransport
from hardware.piv import FACTORY_PIN, DataObject
from hardware.reader_monitor import Happening, ReaderEvent, ReaderMonitor, events_between
from hardware.scripts.steps import read_object, select, verify_pin
from hardware.station import Session
from hardware.virtual.card import CardProtocol
from tests.hardware.card_rig import PcscRig
from tests.hardware.pcscd_daemon import PATIENCE, READERS, shared_daemon

PRESENT, EMPTY = 0x20, 0x10


def moved(times, flags):
    return times << 16 | flags


@pytest.mark.card_stack
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"a": PRESENT}, [Happening.READER_CAME, Happening.CARD_IN]),
        ({"a": PRESENT}, {}, [Happening.READER_WENT]),
        ({"a": moved(1, PRESENT)}, {"a": moved(3, PRESENT)}, [Happening.CARD_OUT, Happening.CARD_IN]),
        ({"a": moved(1, PRESENT)}, {"a": moved(2, EMPTY)}, [Happening.CARD_OUT]),
        ({"a": moved(1, PRESENT)}, {"a": moved(1, PRESENT)}, []),
    ],
)
def test_two_looks_at_a_reader_tell_what_lies_between(before, after, expected):
    assert [event.what for event in events_between(before, after)] == expected


@pytest.fixture
def rig(tmp_path):
    made = PcscRig(FolderStation(tmp_path / "cards"), shared_daemon())
    yield made
    made.remove()


def told(monitor, wanted):
    """Wait until the monitor tells it."""
    return any(wanted in monitor.wait(0.5) for _ in range(40))


@pytest.mark.card_stack
def test_a_monitor_tells_of_readers_and_of_cards_put_in_and_taken_out(rig):
    with closing(ReaderMonitor()) as monitor:
        assert {event.reader for event in monitor.wait(0)} == set(READERS)
        assert monitor.wait(0.2) == ()
        rig.insert(rig.new_blank())
        assert told(monitor, ReaderEvent(rig.reader, Happening.CARD_IN))
        rig.remove()
        assert told(monitor, ReaderEvent(rig.reader, Happening.CARD_OUT))


@pytest.mark.card_stack
def test_a_card_reset_in_hand_forgets_what_was_proven(rig):
    rig.insert(rig.new_blank())
    transport = PcscTransport(rig.reader)
    with Session(transport) as session:
        session.run(select())
        session.run(verify_pin(FACTORY_PIN))
        transport.reset()
        session.run(select())
        with pytest.raises(CardRefused):
            session.run(read_object(DataObject.PRINTED_INFORMATION))
    with pytest.raises(CardRemoved):
        transport.reset()


@pytest.mark.card_stack
def test_an_extended_command_is_refused_before_a_card_of_t0_sees_it(rig):
    rig.protocol = CardProtocol.T0
    rig.insert(rig.new_blank())
    with rig.station.open_session(rig.reader) as session, pytest.raises(ApduError):
        session.transmit(bytes.fromhex("00cb3fff000003") + b"abc" * 100)


def opened_soon(rig):
    """Open a session as soon as nobody holds the card any more; ReaderBusy when that takes seconds."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return rig.station.open_session(rig.reader)
        except ReaderBusy:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@pytest.mark.card_stack
def test_a_reader_that_took_too_long_to_open_does_not_keep_its_card(rig):
    rig.insert(rig.new_blank())
    with pytest.raises(ReaderTimeout):
        PcscTransport(rig.reader, timeout=0)
    with opened_soon(rig) as session:
        session.run(select())


ENDED = """
import sys
from pathlib import Path
from hardware.errors import TransportError
from hardware.folder_station import FolderStation
from hardware.reader_monitor import ReaderMonitor
from hardware.scripts.steps import select
from tests.hardware.card_rig import PcscRig
from tests.hardware.pcscd_daemon import shared_daemon

rig = PcscRig(FolderStation(Path(sys.argv[1])), shared_daemon())
rig.insert(rig.new_blank())
monitor = ReaderMonitor()
monitor.wait(0)
with rig.station.open_session(rig.reader) as session:
    session.run(select())
    rig.daemon.process.kill()
    rig.daemon.process.wait()
    for attempt in (lambda: session.run(select()), lambda: monitor.wait(1), rig.station.readers):
        try:
            attempt()
        except TransportError as error:
            print(type(error).__name__)
"""


@pytest.mark.card_stack
def test_a_service_that_ends_under_a_session_is_named_as_down(tmp_path):
    shared_daemon()
    kept = {name: value for name, value in os.environ.items() if name != "PCSCLITE_CSOCK_NAME"}
    done = subprocess.run(
        [sys.executable, "-c", ENDED, str(tmp_path / "cards")],
        env=kept | {"PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.split() == ["ReaderServiceDown"] * 3, done.stdout + done.stderr


def test_a_reader_that_went_took_its_card_along():
    assert issubclass(ReaderGone, CardRemoved)
