"""A card personalised by our scripts in the hands of others: OpenSC uses it, openssl checks what came out."""

from __future__ import annotations

import re
import subprocess
from datetime import date
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hardware.errors import SecretRefused
from hardware.folder_station import FolderStation
from hardware.piv import Algorithm, Slot
from hardware.scripts.change_pin import change_pin
from hardware.scripts.personalise import Personalisation, complete, ensure_key, take_over
from hardware.scripts.unlock import PukChange, activate, unblock
from hardware.virtual.card import CardProtocol
from tests.hardware.card_rig import PcscRig
from tests.hardware.opensc import OpenSc
from tests.hardware.pcscd_daemon import shared_daemon
from tests.hardware.registry_hands import CARD_NUMBER, a_certificate, a_challenge, some_secrets

pytestmark = pytest.mark.card_stack

PIN, NEW_PIN, WRONG = "975318", "246813", "864209"
NEXT_PUK, PUK_AFTER = "ABCD2345", "WXYZ6789"
SIGNATURE, ENCIPHERMENT = "02", "03"
PKCS11 = ("pkcs11-tool", "--login", "--pin")


class Desk:
    """A finished card in a PC/SC reader, and the tools around it."""

    def __init__(self, folder, daemon, protocol) -> None:
        self.folder = folder
        self.rig = PcscRig(FolderStation(folder / "cards"), daemon, protocol=protocol)
        self.opensc = OpenSc(daemon, folder)
        self.certificates: dict[Slot, bytes] = {}

    def personalise(self, algorithm) -> None:
        csn = self.rig.new_blank()
        self.rig.insert(csn)
        plan = Personalisation(csn, CARD_NUMBER, date(2099, 12, 31), some_secrets())
        with self.rig.station.open_session(self.rig.reader) as session:
            session.run(take_over(plan, a_challenge()))
            for slot in (Slot.SIGNATURE, Slot.ENCIPHERMENT):
                spki = session.run(ensure_key(slot, algorithm, None))
                self.certificates[slot] = a_certificate(spki, slot, algorithm)
            session.run(complete(self.certificates, a_challenge() * 2, plan.secrets.pin))
            session.run(activate(PukChange(plan.secrets.puk, NEXT_PUK), PIN))

    def run(self, script) -> None:
        with self.rig.station.open_session(self.rig.reader) as session:
            session.run(script)

    def file(self, name, content=None):
        path = self.folder / name
        if content is not None:
            path.write_bytes(content)
        return str(path)

    def pem(self, slot):
        certificate = x509.load_der_x509_certificate(self.certificates[slot])
        return self.file(f"{slot:X}.pem", certificate.public_bytes(Encoding.PEM))

    def public_key(self, slot):
        said = self.openssl("x509", "-in", self.pem(slot), "-noout", "-pubkey")
        return self.file(f"{slot:X}.pub", said.encode())

    def openssl(self, *arguments):
        done = subprocess.run(
            ["openssl", *arguments], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def desk(tmp_path):
    """Lend a desk whose card is personalised with keys of a kind, over a protocol."""
    opened = []

    def desk(algorithm=Algorithm.RSA_2048, protocol=CardProtocol.T1):
        opened.append(Desk(tmp_path, shared_daemon(), protocol))
        opened[-1].personalise(algorithm)
        return opened[-1]

    yield desk
    for one in opened:
        one.rig.remove()


@pytest.mark.rule("CRD-01", "CRD-03")
@pytest.mark.parametrize("protocol", list(CardProtocol))
def test_pkcs15_tool_lists_two_keys_two_certificates_and_the_pin(desk, protocol):
    made = desk(protocol=protocol)
    for option in ("--list-certificates", "--list-keys", "--list-public-keys"):
        listed = made.opensc("pkcs15-tool", option)
        assert re.findall(r"^\s+ID\s+: (\w+)$", listed, re.MULTILINE) == [SIGNATURE, ENCIPHERMENT], listed
    assert "PIN" in made.opensc("pkcs15-tool", "--list-pins")
    assert made.opensc("pkcs15-tool", "--list-info")
    read = made.opensc("pkcs15-tool", "--read-certificate", SIGNATURE)
    assert Path(made.pem(Slot.SIGNATURE)).read_text(encoding="ascii").strip() in read


@pytest.mark.parametrize("algorithm", [Algorithm.RSA_2048, Algorithm.P256])
@pytest.mark.parametrize("protocol", list(CardProtocol))
def test_pkcs11_tool_finds_no_error_in_either_protocol(desk, algorithm, protocol):
    assert "No errors" in desk(algorithm, protocol).opensc(*PKCS11, PIN, "--test")


@pytest.mark.parametrize(
    ("algorithm", "mechanism"),
    [
        (Algorithm.RSA_2048, "SHA256-RSA-PKCS"),
        (Algorithm.RSA_3072, "SHA256-RSA-PKCS"),
        (Algorithm.P256, "ECDSA-SHA256"),
        (Algorithm.P384, "ECDSA-SHA256"),
    ],
)
def test_openssl_verifies_what_9c_signed_against_its_certificate(desk, algorithm, mechanism):
    made = desk(algorithm)
    data, signature = made.file("data", b"decision"), made.file("signature")
    made.opensc(
        *PKCS11, PIN, "--sign", "--mechanism", mechanism, "--id", SIGNATURE, "--signature-format", "openssl",
        "--input-file", data, "--output-file", signature,
    )  # fmt: skip
    key = made.public_key(Slot.SIGNATURE)
    assert "Verified OK" in made.openssl("dgst", "-sha256", "-verify", key, "-signature", signature, data)


@pytest.mark.parametrize("algorithm", [Algorithm.RSA_2048, Algorithm.RSA_3072])
def test_9d_opens_what_openssl_closed_with_its_certificate(desk, algorithm):
    made = desk(algorithm)
    closed, opened = made.file("closed"), made.file("opened")
    made.openssl(
        "pkeyutl", "-encrypt", "-certin", "-inkey", made.pem(Slot.ENCIPHERMENT),
        "-in", made.file("letter", "公文".encode()), "-out", closed,
    )  # fmt: skip
    made.opensc(
        *PKCS11, PIN, "--decrypt", "--mechanism", "RSA-PKCS", "--id", ENCIPHERMENT,
        "--input-file", closed, "--output-file", opened,
    )  # fmt: skip
    assert Path(opened).read_bytes() == "公文".encode()


@pytest.mark.parametrize(("algorithm", "curve"), [(Algorithm.P256, "P-256"), (Algorithm.P384, "P-384")])
def test_9d_agrees_on_a_secret_with_a_key_of_openssl(desk, algorithm, curve):
    made = desk(algorithm)
    theirs, agreed = made.file("theirs.pem"), made.file("agreed")
    made.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", theirs)
    public = made.file("theirs.der")
    made.openssl("pkey", "-in", theirs, "-pubout", "-outform", "DER", "-out", public)
    made.opensc(
        *PKCS11, PIN, "--derive", "--mechanism", "ECDH1-COFACTOR-DERIVE", "--id", ENCIPHERMENT,
        "--input-file", public, "--output-file", agreed,
    )  # fmt: skip
    expected = made.file("expected")
    made.openssl(
        "pkeyutl",
        "-derive",
        "-inkey",
        theirs,
        "-peerkey",
        made.public_key(Slot.ENCIPHERMENT),
        "-out",
        expected,
    )
    assert Path(agreed).read_bytes() == Path(expected).read_bytes()


@pytest.mark.rule("PIN-01", "PIN-02")
def test_three_wrong_pins_block_and_the_unblocking_script_gives_the_card_back(desk):
    made = desk(Algorithm.P256)
    for _ in range(3):
        made.opensc(*PKCS11, WRONG, "--list-objects", expected=1)
    assert "LOCKED" in made.opensc(*PKCS11, PIN, "--list-objects", expected=1)
    made.run(unblock(PukChange(NEXT_PUK, PUK_AFTER), NEW_PIN))
    assert "No errors" in made.opensc(*PKCS11, NEW_PIN, "--test")
    with pytest.raises(SecretRefused):
        made.run(unblock(PukChange(NEXT_PUK, "QQQQ2222"), PIN))


@pytest.mark.rule("PCH-01")
def test_a_pin_changed_by_our_script_is_the_one_that_opensc_takes(desk):
    made = desk(Algorithm.P256)
    made.run(change_pin(PIN, NEW_PIN))
    made.opensc(*PKCS11, NEW_PIN, "--list-objects")
    made.opensc(*PKCS11, PIN, "--list-objects", expected=1)
