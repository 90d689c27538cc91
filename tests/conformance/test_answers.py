"""Each kind of OCSP answer, before judges that nobody here wrote."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from pki.ocsp import NotRevoked, Status, answer
from pki.reasons import RevocationReason
from tests.conformance.judges import NSS_REVOKED, VALID, Bench, Evidence, certvalidator, nss_chain, pkilint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.house import House

SCHOOL = "school_signature"
_FRESH_ANSWER = ("-g", "leaf", "-h", "requireFreshInfo", "-m", "ocsp", "-s", "failIfNoInfo")
_STATUSES = ("good", "superseded", "hold", "unspecified", "unknown")


def status_named(name: str, house: House) -> Status:
    return {
        "good": NotRevoked.GOOD,
        "superseded": house.revoked(RevocationReason.SUPERSEDED),
        "hold": house.revoked(RevocationReason.CERTIFICATE_HOLD),
        "unspecified": house.revoked(RevocationReason.UNSPECIFIED),
        "unknown": NotRevoked.UNKNOWN,
    }[name]


def ask(bench: Bench, leaf: bytes, *options: str) -> tuple[str, str]:
    """Let openssl write a question; returns the paths of certificate and question."""
    path, question = bench.put(leaf, pem="CERTIFICATE"), bench.put(b"")
    issuer = bench.put(bench.house.authority, pem="CERTIFICATE")
    code, said = bench.run("openssl", "ocsp", *options, "-issuer", issuer, "-cert", path, "-reqout", question)
    assert code == 0, said
    return path, question


@pytest.mark.rule("CRL-05")
@pytest.mark.parametrize("nonce", ["-nonce", "-no_nonce"])
@pytest.mark.parametrize("digest", ["-sha1", "-sha256"])
@pytest.mark.parametrize("name", _STATUSES)
def test_openssl_verifies_each_status_under_each_hash_with_and_without_nonce(
    name: str, digest: str, nonce: str, house: House, bench: Bench
) -> None:
    order = house.order(SCHOOL)
    _, question = ask(bench, house.issue(order), digest, nonce)
    status = status_named(name, house)
    response = bench.put(house.answer(Path(question).read_bytes(), status, order.serial))
    anchor = bench.put(house.root, pem="CERTIFICATE")
    code, said = bench.run(
        "openssl", "ocsp", "-reqin", question, "-respin", response, "-resp_text", "-CAfile", anchor,
        "-verify_other", bench.put(house.authority, pem="CERTIFICATE"),
    )  # fmt: skip
    assert code == 0
    assert "Response verify OK" in said, said
    assert "WARNING" not in said
    assert ("OCSP Nonce" in said) == (nonce == "-nonce")
    wanted = {"good": "good", "unknown": "unknown"}.get(name, "revoked")
    assert f"Cert Status: {wanted}" in said


@pytest.mark.parametrize("name", _STATUSES)
def test_gnutls_verifies_each_status_and_reads_the_same(name: str, house: House, bench: Bench) -> None:
    order = house.order(SCHOOL)
    leaf = house.issue(order)
    issuer, question = bench.put(house.authority, pem="CERTIFICATE"), bench.put(b"")
    command = ("ocsptool", "--generate-request", "--nonce", "--load-issuer", issuer)
    code, said = bench.run(
        *command, "--load-cert", bench.put(leaf, pem="CERTIFICATE"), "--outder", "--outfile", question
    )
    assert code == 0, said
    response = house.answer(Path(question).read_bytes(), status_named(name, house), order.serial)
    verify = ("ocsptool", "--verify-response", "--load-trust", issuer, "--load-response")
    _, said = bench.run(*verify, bench.put(response))
    assert "Verifying OCSP Response: Success" in said, said
    _, shown = bench.run("ocsptool", "--response-info", "--load-response", bench.put(response))
    wanted = {"good": "good", "unknown": "unknown"}.get(name, "revoked")
    assert f"Certificate Status: {wanted}" in shown
    assert ("Revocation time" in shown) == (wanted == "revoked")
    assert pkilint(bench, "lint_ocsp_response", response) == VALID


@pytest.mark.parametrize("name", _STATUSES)
@pytest.mark.parametrize("digest", ["-sha1", "-sha256"])
def test_a_hard_failing_judge_is_content_with_good_alone(
    name: str, digest: str, house: House, bench: Bench
) -> None:
    order = house.order(SCHOOL)
    leaf = house.issue(order)
    _, question = ask(bench, leaf, digest, "-no_nonce")
    response = house.answer(Path(question).read_bytes(), status_named(name, house), order.serial)
    said = certvalidator(house, leaf, Evidence((house.root_list(),), (response,)))
    assert (said == VALID) == (name == "good"), said


@pytest.fixture(scope="module")
def counter(house: House) -> Iterator[tuple[str, dict[int, Status]]]:
    """Answer over HTTP on loopback from a register that the test fills; NSS fetches its answers itself."""
    register: dict[int, Status] = {}

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))

            def lookup(serial: int) -> Status:
                return register.get(serial, NotRevoked.UNKNOWN)

            body = answer(asked, lookup, house.responder, house.now)
            self.send_response(200)
            self.send_header("Content-Type", "application/ocsp-response")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the test speaks."""

    server = HTTPServer(("127.0.0.1", 0), Desk)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/ocsp", register
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ["good", "superseded", "hold", "unknown"])
def test_nss_fetches_the_answer_and_believes_it(
    name: str, house: House, bench: Bench, counter: tuple[str, dict[int, Status]]
) -> None:
    address, register = counter
    order = house.order(SCHOOL, address)
    register[order.serial] = status_named(name, house)
    database = bench.nss_database(f"nss-ocsp-{name}")
    said = nss_chain(bench, house.issue(order), "4", database, *_FRESH_ANSWER)
    # NSS has one number for revoked and for unknown.
    assert said == VALID if name == "good" else NSS_REVOKED in said, said
