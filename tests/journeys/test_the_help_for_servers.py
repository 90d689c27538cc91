"""What the pages of help tell people to type is typed here, against a registry that answers at the addresses they name."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest
from lxml import html

from ops import wiring
from ops.journey import reviewing
from ops.journey.house import House
from tests.browsing import Pages
from tests.journeys.conftest import settings_of
from tests.journeys.counter import Counter
from workflow.commands_of_performers import PublishCrl
from workflow.facts import SYSTEM
from workflow.handlers import handle

TLS = "gca:tls_single_domain"
DOMAIN = "www.example.gov.tw"
PASSWORD = "correct-horse\n"


@pytest.fixture
def house(filled_sqlite, tmp_path, mails):
    """A registry that is served where its certificates say it is."""
    folder, pages = tmp_path / "house", Pages()
    shutil.copytree(filled_sqlite, folder)
    settings = settings_of(f"sqlite:///{folder / 'guanfang.sqlite'}", folder)
    settings = replace(settings, base_url=pages.address, repository_url=pages.address)
    office = wiring.build_office(settings, mailer=mails)
    pages.start(wiring.build_web(settings, office))

    def connect():
        return httpx.Client(base_url=pages.address, follow_redirects=True, timeout=30, trust_env=False)

    made = House(settings, office, wiring.folder_station(settings), connect, works=False)
    yield made
    made.close()
    pages.stop()
    office.engine.dispose()


class Typist:
    """Somebody at a server who does what the pages say, line by line, in a folder of their own."""

    def __init__(self, house, folder) -> None:
        self.house = house
        self.folder = folder

    def told(self, page, command):
        """Return what a page says to type under a heading's id."""
        with self.house.connect() as browser:
            tree = html.fromstring(browser.get(f"/help/{page}/").text)
        return str(tree.get_element_by_id(command).text_content())

    def type(self, page, command, given="", **other):
        """Type it line by line, each answered with `given`, and return what the programs say; none may fail."""
        lines = self.told(page, command)
        for old, new in other.items():
            lines = lines.replace(old.replace("_", " "), new)
        return "".join(self._run(line, given) for line in lines.splitlines())

    def _run(self, line, given):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line], cwd=self.folder, input=given, capture_output=True, text=True,
            check=False, timeout=60, start_new_session=True, env=os.environ | {"no_proxy": "127.0.0.1", "LC_ALL": "C"},
        )  # fmt: skip
        assert done.returncode == 0, line + done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def typist(house, tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()
    return Typist(house, folder)


def certified(house, typist):
    """Hand the request in and save the certificate, as the server's people do."""
    counter = Counter(house)
    counter.submit({"server.csr": (typist.folder / "server.csr").read_bytes()}, profile=TLS)
    counter.approve_twice()
    house.wait_for_state(counter.number, "issued")
    der = counter.download(reviewing.DESK, counter.page(reviewing.DESK), "DER")
    (typist.folder / "server.cer").write_bytes(der)


@contextmanager
def serving(folder):
    """Serve TLS with what was installed; gives the address for one visitor at a time."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "fullchain.pem", folder / "server.key")
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            visitor, _ = listening.accept()
            with context.wrap_socket(visitor, server_side=True) as talk:
                talk.recv(1)

        # A daemon, so that a test that failed does not wait for a visitor who never comes.
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join(30)
        assert not thread.is_alive()


@pytest.mark.rule("CSR-01", "CSR-07", "CSR-08", "CSR-10")
def test_a_server_is_set_up_with_openssl_as_the_page_says(house, typist):
    page = "server-certificates"
    assert f"DNS:{DOMAIN}" in typist.type(page, "openssl-request")
    assert (typist.folder / "server.key").stat().st_mode & 0o077 == 0
    certified(house, typist)
    typist.type(page, "fetch")
    assert "server.pem: OK" in typist.type(page, "verify")
    of_certificate, of_key = typist.type(page, "same-key").splitlines()
    assert of_certificate == of_key
    with serving(typist.folder) as address:
        said = typist.type(page, "connect", **{f"-connect_{DOMAIN}:443": f"-connect {address}"})
    assert "Verify return code: 0 (ok)" in said
    assert said.count("BEGIN CERTIFICATE") >= 2
    typist.type(page, "pfx", given=PASSWORD * 2)
    assert (typist.folder / "server.pfx").stat().st_size
    for software, word in (("nginx", "ssl_stapling on;"), ("apache", "SSLUseStapling on")):
        assert word in typist.told(page, software)


@pytest.mark.rule("STA-04")
def test_the_status_of_a_certificate_is_checked_as_the_page_says(house, typist):
    typist.type("server-certificates", "openssl-request")
    certified(house, typist)
    typist.type("server-certificates", "fetch")
    typist.type("certificate-status", "fetch")
    said = typist.type("certificate-status", "ocsp")
    assert "Response verify OK" in said
    assert "server.pem: good" in said
    handle(house.office, PublishCrl(authority="gca"), SYSTEM)
    assert "verify OK" in typist.type("certificate-status", "crl")
    words = house.visitor().open("/help/certificate-status/").words
    assert "狀態是「有效」：憑證沒有問題。" in words
    assert "請聯絡該應用服務的客服人員" in words


@pytest.mark.skipif(shutil.which("keytool") is None, reason="needs a Java runtime's keytool")
@pytest.mark.rule("CSR-08")
def test_a_java_key_store_is_filled_as_the_page_says(house, typist):
    page = "server-certificates"
    typist.type(page, "keytool-request", given=PASSWORD * 2)
    certified(house, typist)
    typist.type(page, "fetch")
    said = typist.type(page, "keytool-import", given=PASSWORD * 2)
    assert "Certificate reply was installed in keystore" in said
    listed = subprocess.run(
        ["keytool", "-list", "-v", "-alias", "server", "-keystore", "server.p12", "-storepass", PASSWORD.strip()],
        cwd=typist.folder, capture_output=True, text=True, check=True, timeout=60, env=os.environ | {"LC_ALL": "C"},
    )  # fmt: skip
    assert "Certificate chain length: 3" in listed.stdout
