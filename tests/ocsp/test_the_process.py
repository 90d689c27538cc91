"""`guanfang ocsp serve` as relying parties and operators meet it."""

from __future__ import annotations

import base64
import http.client
import json
import os
import resource
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from pki.certificates import read_certificate
from pki.ocsp_request import MOST_OCTETS, parse_request
from tests.activations import until
from tests.ocsp.responding import NAMES, path_of, question
from tests.workflow.people import hands, key_workers
from workflow.authorities import OCSP_PATH, certificate_of
from workflow.commands_of_authorities import RevokeAuthority
from workflow.vocabulary import AuthorityRevocationReason

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ocsp.responding import Responder

WORKERS = 2
TRIES = 20
MALFORMED = bytes.fromhex("30030a0101")


@pytest.mark.rule("CRL-05")
def test_a_certificate_is_answered_by_get_and_post_with_every_hash(standing, serial, responder):
    for name in NAMES:
        asked = question(standing.office, "xca", serial, hash_name=name)
        plain = base64.b64encode(asked).decode()
        for reply in (
            responder.post(asked, **{"content-type": "text/plain"}),
            responder.get(asked),
            responder.ask("GET", f"{OCSP_PATH}/{plain}"),
            responder.ask("GET", f"{OCSP_PATH}//{plain.rstrip('=')}"),
            responder.ask("GET", f"{OCSP_PATH}/{plain.replace('+', '-').replace('/', '_')}"),
        ):
            assert reply.word == "good"
            assert reply.headers["content-type"] == "application/ocsp-response"


@pytest.mark.rule("CRL-05")
def test_an_answer_without_nonce_is_made_once_for_get_and_post(standing, serial, responder):
    asked = question(standing.office, "xca", serial)
    ways = [("POST", OCSP_PATH, asked), ("GET", path_of(asked))] * 8
    # On a busy machine the lease of what is kept may run out, and the next answer is made anew.
    assert any(len({responder.ask(*way).body for way in ways}) == 1 for _ in range(TRIES))
    one, other = (
        responder.post(question(standing.office, "xca", serial, nonce)) for nonce in (b"1", b"2" * 128)
    )
    for reply, nonce in ((one, b"1"), (other, b"2" * 128)):
        assert reply.ocsp.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce
        assert reply.headers["cache-control"] == "no-store"
        assert "etag" not in reply.headers


def test_the_headers_let_caches_ask_whether_anything_changed(standing, serial, responder):
    asked = question(standing.office, "xca", serial)
    first = responder.get(asked)
    assert first.headers["cache-control"] == "max-age=0, public, no-transform, must-revalidate"
    assert parsedate_to_datetime(first.headers["last-modified"]) == first.ocsp.this_update_utc
    assert parsedate_to_datetime(first.headers["expires"]) == first.ocsp.next_update_utc
    assert first.ocsp.next_update_utc - first.ocsp.this_update_utc == timedelta(hours=1)
    tags = (responder.get(asked).headers["etag"] for _ in range(TRIES))
    again = (responder.get(asked, **{"if-none-match": tag}) for tag in tags)
    assert any((one.status, one.body) == (304, b"") for one in again)
    head = responder.ask("HEAD", path_of(asked))
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(first.body))


@pytest.mark.rule("CRL-05")
def test_what_was_never_issued_is_unknown(standing, serial, responder):
    assert responder.post(question(standing.office, "xca", serial + 1)).word == "unknown"
    # The same serial under another authority is another certificate.
    assert responder.post(question(standing.office, "gca", serial)).word == "unknown"
    stranger = parse_request(question(standing.office, "xca", serial)).certificates[0].issuer_key_hash
    foreign = question(standing.office, "xca", serial).replace(stranger, bytes(20))
    assert responder.post(foreign).word == "unknown"


@pytest.mark.rule("CRL-05")
def test_the_root_answers_for_the_certificates_of_authorities(standing, responder, tmp_path):
    subordinate, root = (certificate_of(standing.office, name) for name in ("xca", "root"))
    asked = question(standing.office, "root", read_certificate(subordinate).serial)
    reply = responder.get(asked)
    assert reply.word == "good"
    assert responder.get(question(standing.office, "root", 7)).word == "unknown"
    (tmp_path / "q").write_bytes(asked)
    (tmp_path / "r").write_bytes(reply.body)
    (tmp_path / "root.pem").write_text(ssl.DER_cert_to_PEM_cert(root), encoding="ascii")
    said = subprocess.run(
        ["openssl", "ocsp", "-reqin", tmp_path / "q", "-respin", tmp_path / "r", "-CAfile", tmp_path / "root.pem"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Response verify OK" in said.stdout + said.stderr


@pytest.mark.parametrize("path", ["", "!!", "AAAA", "%ff%fe", "MDMw"])
def test_what_is_no_request_is_answered_as_malformed(responder, path):
    reply = responder.ask("GET", f"{OCSP_PATH}/{path}")
    assert (reply.status, reply.body) == (200, MALFORMED)
    assert reply.headers["cache-control"] == "no-store"
    assert responder.post(path.encode()).body == MALFORMED


def test_wrong_methods_paths_and_sizes_are_refused(responder):
    assert responder.ask("GET", "/").status == responder.ask("POST", "/elsewhere", b"").status == 404
    wrong = responder.ask("PUT", OCSP_PATH, b"")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD, POST")
    assert responder.post(bytes(MOST_OCTETS)).body == MALFORMED
    assert responder.post(bytes(MOST_OCTETS + 1)).status == 413
    assert _chunked(responder, MOST_OCTETS + 1) == 413


def _chunked(responder: Responder, octets: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", responder.port, timeout=20)
    connection.request("POST", OCSP_PATH, iter([bytes(octets)]), encode_chunked=True)
    status = connection.getresponse().status
    connection.close()
    return status


def test_who_hangs_up_in_the_middle_disturbs_nobody(standing, serial, responder):
    request = question(standing.office, "xca", serial, nonce=b"n" * 16)
    head = f"POST {OCSP_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(request)}\r\n\r\n".encode()
    chunked = head.replace(b"Content-Length: %d" % len(request), b"Transfer-Encoding: chunked")
    for torn in (head + request[:20], head, chunked + b"ffff\r\nabc", head[:30]):
        with socket.create_connection(("127.0.0.1", responder.port), timeout=10) as connection:
            connection.sendall(torn)
            # A reset, as of a process that was killed.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert responder.post(request).word == "good"
    assert "Traceback" not in responder.log.read_text()


def _ended_at_last(connection: socket.socket, octets: bytes) -> bool:
    """Send an octet every half second until there is an answer; False if none came before the last octet."""
    answer = select.poll()
    answer.register(connection, select.POLLIN)
    for octet in octets:
        connection.sendall(bytes([octet]))
        if answer.poll(500):
            return True
    return False


@pytest.mark.rule("CRL-04")
def test_a_thousand_who_promise_a_request_keep_nobody_waiting(standing, serial, responder):
    request = question(standing.office, "xca", serial)
    head = f"POST {OCSP_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(request)}\r\n\r\n".encode()
    chunked = head.replace(b"Content-Length: %d" % len(request), b"Transfer-Encoding: chunked")
    openings = (head, head + request[:9], chunked, chunked + b"1\r\n0\r\n")
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    with ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection(("127.0.0.1", responder.port), timeout=20))
            for _ in range(1100)
        ]
        for number, connection in enumerate(silent):
            connection.sendall(openings[number % len(openings)])
        assert responder.post(request).word == "good"
        trickle = next(one for number, one in enumerate(silent) if openings[number % len(openings)] == head)
        assert _ended_at_last(trickle, request)
        assert {connection.recv(4096)[:12] for connection in silent} == {b"HTTP/1.1 408"}
    assert responder.post(request).word == "good"
    assert "Traceback" not in responder.log.read_text()


@pytest.mark.rule("CRL-05")
def test_an_authoritys_revocation_reaches_kept_answers_within_a_second(registry, start_responder):
    responder = start_responder().wait()
    asked = question(registry.office, "root", read_certificate(certificate_of(registry.office, "gca")).serial)
    people = key_workers(registry)
    assert {responder.get(asked).word for _ in range(20)} == {"good"}
    reason = AuthorityRevocationReason.CA_COMPROMISE
    command = RevokeAuthority(name="gca", reason=reason, explanation="外洩", hands=hands(*people))
    registry.do(command, people[0])
    time.sleep(1)
    said = [responder.get(asked).ocsp for _ in range(20)]
    assert {one.certificate_status.name for one in said} == {"REVOKED"}
    assert {one.revocation_reason.value for one in said} == {"cACompromise"}


def metrics(responder: Responder) -> str:
    return responder.ask("GET", "/metrics").body.decode()


def counted(responder: Responder) -> float:
    """How many requests all workers say that they have answered."""
    lines = metrics(responder).splitlines()
    return sum(
        float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("guanfang_ocsp_requests_total{")
    )


def test_the_operator_sees_health_and_the_numbers_of_all_workers(registry, start_responder):
    responder = start_responder(workers=WORKERS).wait()
    for _ in range(4):
        responder.post(question(registry.office, "xca", 5))
    ready = {"status": "ready", "following": True, "missing_responders": [], "keys": "activated"}
    assert until(lambda: json.loads(responder.ask("GET", "/health").body) == ready)
    assert responder.ask("GET", "/metrics", **{"x-forwarded-for": "192.0.2.1"}).status == 404
    # Each worker writes down its numbers once in a while, and either tells those of both.
    assert until(lambda: counted(responder) == 4), metrics(responder)
    said = metrics(responder)
    assert "guanfang_ocsp_feed_age_seconds" in said
    assert 'guanfang_ocsp_responder_left_seconds{authority="root"}' in said


def test_a_stopped_responder_ends_in_peace(registry, start_responder):
    responder = start_responder().wait()
    os.kill(responder.process.pid, signal.SIGTERM)
    assert responder.process.wait(20) == 0
    assert "Traceback" not in responder.log.read_text()


def test_an_address_that_is_none_is_refused_in_a_sentence(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "ops.cli", "ocsp", "serve", "--bind", "nowhere"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "is not HOST:PORT" in done.stderr
