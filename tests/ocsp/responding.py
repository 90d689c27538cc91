"""Responders as real processes over a migrated database, and relying parties that ask them."""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as library

from pki import der
from pki.certificates import read_certificate
from tests.workflow.registry import Registry
from workflow.authorities import OCSP_PATH, certificate_of, establish
from workflow.ocsp.responders import keep_desk
from workflow.store import schema as t

if TYPE_CHECKING:
    from pathlib import Path

    from workflow.office import Office

PATIENCE_SECONDS = 60
PASSPHRASE = "only for tests, and long enough for it"
NAMES = {
    "SHA1": hashes.SHA1(),  # noqa: S303 - RFC 5019 clients ask with SHA-1.
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}


_ceremony: list[dict[str, Any]] = []


def a_registry(url: str) -> Registry:
    """Return a registry of the present time with its authorities and their responders.

    The keys are made once a run and are the same in all registries, for keys are slow to make.
    """
    registry = Registry(url)
    object.__setattr__(registry.office, "key_passphrase", PASSPHRASE.encode())
    registry.clock.moment = datetime.now(UTC)
    if not _ceremony:
        establish(registry.office, registry.clock.moment - timedelta(days=1))
        keep_desk(registry.office)
        _ceremony.extend(row._asdict() for row in registry.rows(t.authority))
    else:
        for row in _ceremony:
            registry.insert(t.authority, **{name: value for name, value in row.items() if name != "id"})
    return registry


def question(
    office: Office, authority: str, serial: int, nonce: bytes | None = None, hash_name: str = "SHA1"
) -> bytes:
    """Return a request about one certificate."""
    issuer = read_certificate(certificate_of(office, authority))
    key = der.read(issuer.spki_der).children()[1].content[1:]
    name_hash, key_hash = (
        hashlib.new(hash_name, value, usedforsecurity=False).digest() for value in (issuer.subject_name, key)
    )
    builder = library.OCSPRequestBuilder().add_certificate_by_hash(
        name_hash, key_hash, serial, NAMES[hash_name]
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


@dataclass
class Reply:
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @cached_property
    def ocsp(self) -> library.OCSPResponse:
        assert self.status == 200, (self.status, self.body)
        return library.load_der_ocsp_response(self.body)

    @property
    def word(self) -> str:
        return self.ocsp.certificate_status.name.lower()


@dataclass
class Responder:
    """A running `guanfang ocsp serve`, in a process group of its own."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def post(self, request: bytes, **headers: str) -> Reply:
        return self.ask("POST", OCSP_PATH, request, **headers)

    def get(self, request: bytes, **headers: str) -> Reply:
        return self.ask("GET", path_of(request), **headers)

    def ready(self) -> bool:
        try:
            return self.ask("GET", "/health").status == 200
        except OSError:
            return False

    def wait(self) -> Responder:
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.ready():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)
        return self

    def send(self, number: int) -> None:
        """Send a signal to the parent and its workers."""
        os.killpg(self.process.pid, number)

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.send(signal.SIGKILL)
                self.process.wait()
        return self.process.returncode


def path_of(request: bytes) -> str:
    return f"{OCSP_PATH}/{quote(base64.b64encode(request).decode(), safe='')}"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start(url: str, folder: Path, workers: int = 1, **settings: str) -> Responder:
    """Start a responder on a free port; it may not be ready yet."""
    port = free_port()
    log = folder / f"responder-{port}.log"
    environment: dict[str, Any] = {
        "PATH": os.environ["PATH"],
        "GUANFANG_DATABASE_URL": url,
        "GUANFANG_DATA_DIR": str(folder),
        "GUANFANG_SECRET_KEY": "x" * 40,
        "GUANFANG_KEY_PASSPHRASE": PASSPHRASE,
        **{f"GUANFANG_{name.upper()}": value for name, value in settings.items()},
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ops.cli", "ocsp", "serve", "--bind", f"127.0.0.1:{port}", "--workers", str(workers)],
            env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    return Responder(port, process, log)
