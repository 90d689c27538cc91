"""A card that the line made goes over PC/SC: a browser activates and unblocks it, OpenSC uses it, openssl checks it."""

from __future__ import annotations

import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.browsing import WIDE
from tests.hardware.card_rig import PcscRig
from tests.hardware.opensc import OpenSc
from tests.hardware.pcscd_daemon import shared_daemon
from tests.holders.screen import Holder
from tests.holders.stand import Stand
from tests.workflow.registry import CODE
from workflow.store import schema as t

pytestmark = [pytest.mark.browser, pytest.mark.card_stack]

PKCS11 = ("pkcs11-tool", "--login", "--pin")
SIGNATURE, ENCIPHERMENT = "02", "03"
WRONG, NEW_PIN = "864209", "246813"


@pytest.fixture
def stand(holders_line):
    """Serve the pages, and an agent whose only readers are those of a real PC/SC service."""
    with holders_line.copy() as bench:
        rig = PcscRig(bench.station, shared_daemon())
        rig.insert(bench.card.csn)
        stand = Stand(bench, rig.station)
        stand.start()
        yield stand
        stand.stop()
        rig.remove()


@pytest.fixture
def holder(stand, chromium):
    context = chromium.new_context(locale="zh-TW", viewport={"width": WIDE, "height": 900})
    holder = Holder(stand, context)
    yield holder
    context.close()
    assert holder.wrong == []


class Tools:
    """OpenSC and openssl in a folder, with the certificates that the registry issued for the card."""

    def __init__(self, folder, bench):
        self.folder = folder
        self.opensc = OpenSc(shared_daemon(), folder)
        for row in bench.rows(t.certificate, t.certificate.c.csn == bench.card.csn):
            pem = x509.load_der_x509_certificate(row.der).public_bytes(Encoding.PEM)
            (folder / f"{row.purpose}.pem").write_bytes(pem)

    def openssl(self, *arguments):
        done = subprocess.run(
            ["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def signs(self, pin):
        """Sign with 9C; returns what openssl says of it before the issued certificate."""
        (self.folder / "data").write_bytes("決定".encode())
        self.opensc(
            *PKCS11, pin, "--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", SIGNATURE,
            "--input-file", str(self.folder / "data"), "--output-file", str(self.folder / "signature"),
        )  # fmt: skip
        key = self.openssl("x509", "-in", "signature.pem", "-noout", "-pubkey")
        (self.folder / "signature.pub").write_text(key, encoding="ascii")
        return self.openssl("dgst", "-sha256", "-verify", "signature.pub", "-signature", "signature", "data")

    def opens(self, pin, letter):
        """Return what 9D makes of a letter that openssl closed with the issued certificate."""
        (self.folder / "letter").write_bytes(letter)
        self.openssl(
            "pkeyutl", "-encrypt", "-certin", "-inkey", "encipherment.pem", "-in", "letter", "-out", "closed"
        )
        self.opensc(
            *PKCS11, pin, "--decrypt", "--mechanism", "RSA-PKCS", "--id", ENCIPHERMENT,
            "--input-file", str(self.folder / "closed"), "--output-file", str(self.folder / "opened"),
        )  # fmt: skip
        return (self.folder / "opened").read_bytes()


@pytest.mark.rule("ACT-02", "PIN-01", "PIN-02")
def test_opensc_uses_what_a_browser_activated_and_unblocked(holder, stand, tmp_path):
    holder.go("/card/activate/")
    holder.pair()
    holder.read_card()
    holder.send(user_code=CODE)
    assert "開卡成功" in holder.result()
    pin = holder.page.inner_text(".big-secret")

    tools = Tools(tmp_path, stand.bench)
    assert "No errors" in tools.opensc(*PKCS11, pin, "--test")
    assert tools.opensc("pkcs15-tool", "--list-certificates").count("X.509 Certificate") == 2
    assert "Verified OK" in tools.signs(pin)
    assert tools.opens(pin, "公文".encode()) == "公文".encode()

    for _ in range(3):
        tools.opensc(*PKCS11, WRONG, "--list-objects", expected=1)
    assert "LOCKED" in tools.opensc(*PKCS11, pin, "--list-objects", expected=1)
    holder.errand("/card/unblock/", user_code=CODE, new_pin=NEW_PIN, new_pin_again=NEW_PIN)
    assert "新 PIN 碼已設定" in holder.result()
    assert "Verified OK" in tools.signs(NEW_PIN)
