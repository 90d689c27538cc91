"""A finished card before third-party software (OpenSC), and the mishaps that only real readers have."""

import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hardware.errors import CardRemoved, ReaderTimeout
from hardware.folder_station import FolderStation
from hardware.pcsc import PcscTransport
from hardware.piv import Algorithm, Slot
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


@pytest.mark.rule("CRD-03")
def test_opensc_finds_both_certificates(activated, opensc):
    activated()
    printed = opensc("pkcs15-tool", "--list-certificates")
    assert len(re.findall(r"^X\.509 Certificate", printed, re.MULTILINE)) == 2


def test_opensc_signs_what_the_certificate_verifies(activated, opensc, tmp_path):
    made = activated()
    (tmp_path / "data").write_bytes(b"decision")
    opensc(
        "pkcs11-tool", "--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", "02", "--login", "--pin", HOLDERS_PIN,
        "--input-file", str(tmp_path / "data"), "--output-file", str(tmp_path / "signature"),
    )  # fmt: skip
    key = load_der_public_key(made.public_keys[Slot.SIGNATURE])
    key.verify((tmp_path / "signature").read_bytes(), b"decision", padding.PKCS1v15(), SHA256())
    certificate = x509.load_der_x509_certificate(made.certificates[Slot.SIGNATURE])
    assert certificate.public_key() == key


@pytest.mark.rule("PIN-01")
def test_three_wrong_pins_through_opensc_lock_the_card(activated, opensc, rig):
    made = activated()
    for _ in range(3):
        opensc("pkcs11-tool", "--login", "--pin", "864209", "--list-objects", expected=1)
    assert "LOCKED" in opensc("pkcs11-tool", "--login", "--pin", HOLDERS_PIN, "--list-objects", expected=1)
    with rig.station.open_session(rig.reader) as session:
        session.run(activate(PukChange("ABCD2345", "WXYZ6789"), "246813"))
    opensc("pkcs11-tool", "--login", "--pin", "246813", "--list-objects")
    assert made.secrets.pin != HOLDERS_PIN


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
