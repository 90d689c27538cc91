"""A finished card before third-party software (OpenSC), and the mishaps that only real readers have."""

import pytest

from hardware.errors import CardRemoved, ReaderTimeout
from hardware.folder_station import FolderStation
from hardware.pcsc import PcscTransport
from hardware.piv import Algorithm
from hardware.scripts.steps import select
from hardware.scripts.unlock import PukChange, activate
from hardware.station import Session
from hardware.virtual.card import Fault, FaultKind
from tests.hardware.card_rig import PcscRig
from tests.hardware.opensc import OpenSc
from tests.hardware.pcscd_daemon import shared_daemon
from tests.hardware.registry_hands import make_card

pytestmark = pytest.mark.card_stack

HOLDERS_PIN = "975318"


@pytest.fixture
def rig(tmp_path):
    made = PcscRig(FolderStation(tmp_path / "cards"), shared_daemon())
    yield made
    made.remove()


@pytest.fixture
def opensc(rig, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return OpenSc(rig.daemon, home)


@pytest.fixture
def activated(rig):
    def activated(signature=Algorithm.RSA_2048, encipherment=Algorithm.RSA_2048):
        rig.insert(rig.new_blank())
        with rig.station.open_session(rig.reader) as session:
            made = make_card(session, signature, encipherment)
            session.run(activate(PukChange(made.secrets.puk, "ABCD2345"), HOLDERS_PIN))
        return made

    return activated


@pytest.mark.parametrize("algorithm", [Algorithm.RSA_2048, Algorithm.P256, Algorithm.P384])
def test_opensc_tests_every_key_of_an_activated_card(activated, opensc, algorithm):
    activated(algorithm, algorithm)
    printed = opensc("pkcs11-tool", "--test", "--login", "--pin", HOLDERS_PIN)
    assert "No errors" in printed


def test_a_card_torn_out_of_a_reader_in_mid_command_is_named_as_removed(rig):
    rig.fault = Fault(1, FaultKind.TORN_AFTER)
    rig.insert(rig.new_blank())
    with rig.station.open_session(rig.reader) as session:
        session.run(select())
        with pytest.raises(CardRemoved):
            session.run(select())


def test_a_card_that_falls_silent_is_given_up_and_the_reader_serves_the_next(rig):
    rig.fault = Fault(0, FaultKind.SILENT)
    rig.insert(rig.new_blank())
    with Session(PcscTransport(rig.reader), 0.3) as session, pytest.raises(ReaderTimeout):
        session.run(select())
    rig.remove()
    rig.fault = None
    rig.insert(rig.new_blank())
    with rig.station.open_session(rig.reader) as session:
        session.run(select())
