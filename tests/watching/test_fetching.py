"""Fetching keeps its limits, follows no redirect, and tells a failure instead of raising it."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from ops.monitor import fetching
from ops.monitor.fetching import Asked, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator


class Desk(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Content-Type", "application/pkix-crl; charset=x")
        if self.path == "/moved":
            self.send_header("Location", "https://elsewhere.example/")
        body = self.headers["Host"].encode() if self.path == "/host" else bytes(3000)
        self.send_header("Content-Length", str(len(body) + (5 if self.path == "/short" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Desk)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_another_host_may_be_asked_under_the_name_in_the_certificate(host: str) -> None:
    fetched = fetch(Asked("http://repository.example.gov.tw/host"), host)
    assert (fetched.status, fetched.body) == (200, b"repository.example.gov.tw")
    assert fetched.media_type == "application/pkix-crl"


def test_a_redirect_is_told_and_not_followed(host: str) -> None:
    fetched = fetch(Asked(f"http://{host}/moved"))
    assert (fetched.status, fetched.location) == (302, "https://elsewhere.example/")


def test_too_much_and_too_little_are_failures(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "5 bytes are missing" in fetch(Asked(f"http://{host}/short")).failure
    monkeypatch.setattr(fetching, "LARGEST", 100)
    assert "more than 100" in fetch(Asked(f"http://{host}/large")).failure


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a.crl", "http://[bad/a", "ldap://x:port/a"])
def test_an_address_that_gives_nothing_is_a_failure_and_no_error(url: str) -> None:
    assert fetch(Asked(url)).failure
