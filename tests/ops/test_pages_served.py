"""The server under the pages: what it tells them, and that nobody who says nothing keeps others from being served."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ops.demo.mail_folder import free_port
from ops.pages.bodies import IN_MEMORY
from tests.ops.told_pages import ROOM, THREADS
from web.security import LARGEST_UPLOAD

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
"""For an answer that comes at once on a machine that is not busy."""


@contextmanager
def running(command, port, environment=None):
    """Run a server until it listens, and end it."""
    process = subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while process.poll() is None and not _listens(port):
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        assert process.poll() is None
        yield
    finally:
        process.terminate()
        process.wait(SECONDS)


def _listens(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def port():
    """Serve `told_pages`."""
    place = free_port()
    program = [sys.executable, "-m", "granian", "--interface", "rsgi", "--factory", "--host", "127.0.0.1"]
    with running([*program, "--port", str(place), "tests.ops.told_pages:application"], place):
        yield place


@pytest.fixture
def ask(port):
    def call(method, path, body=None, headers=(), **more):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        connection.request(method, path, body, dict(headers), **more)
        answer = connection.getresponse()
        answer.said = answer.read()
        connection.close()
        return answer

    return call


def opened(port, head, body=b""):
    connection = socket.create_connection(("127.0.0.1", port), SECONDS)
    connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
    return connection


def test_a_page_is_told_address_names_and_forms_as_they_were_sent(ask, port):
    form = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": "a=1; b=2"}
    answer = ask("POST", "/told/%E9%97%9C%E9%98%B2/%2B?q=%E9%98%B2&q=2", "name=%E7%8E%8B&name=b", form)
    told = json.loads(answer.said)
    assert (told["rest"], told["args"], told["form"]) == ("關防/+", {"q": ["防", "2"]}, {"name": ["王", "b"]})
    assert (told["cookies"], told["address"]) == ({"a": "1", "b": "2"}, "127.0.0.1")
    assert told["url"].startswith(f"http://127.0.0.1:{port}/told/")
    assert answer.headers.get_all("Set-Cookie") == ["one=1; Path=/", "two=2; Path=/"]
    assert ask("GET", "/told/%ff%fe").status == 200


@pytest.mark.parametrize("octets", ["防".encode(), b"\xff\xfe"])
def test_octets_that_should_have_been_encoded_break_nothing(port, octets):
    line = b"GET /told/" + octets + b"?q=" + octets + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        connection.sendall(line + b"Cookie: a=" + octets + b"\r\nX-Name: " + octets + b"\r\n\r\n")
        assert connection.recv(12) in {b"HTTP/1.1 200", b"HTTP/1.1 400"}


def test_a_header_with_an_underscore_does_not_pass_for_another(port):
    head = "GET /told/x HTTP/1.1\nHost: x\nX_Forwarded_For: 192.0.2.1\nX-Two: 1\nX-Two: 2\nConnection: close"
    with opened(port, head) as connection:
        said = connection.makefile("rb").read()
    headers = dict(json.loads(said.partition(b"\r\n\r\n")[2])["headers"])
    assert "X-Forwarded-For" not in headers
    assert headers["X-Two"] == "1,2"


def test_uploads_come_whole_and_too_large_ones_are_refused(ask, port):
    content = os.urandom(3_000_000)
    parts = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + content + b"\r\n--b--\r\n"
    )
    sent = ask("POST", "/told/x", parts, {"Content-Type": "multipart/form-data; boundary=b"})
    assert json.loads(sent.said)["sizes"] == [len(content)]
    # In chunks, so that no length is told beforehand.
    chunks = (content[at : at + 100_000] for at in range(0, len(content), 100_000))
    assert ask("POST", "/length/", chunks, encode_chunked=True).said == b"3000000"
    with opened(port, f"POST /length/ HTTP/1.1\nHost: x\nContent-Length: {LARGEST_UPLOAD + 1}") as connection:
        assert connection.recv(12) == b"HTTP/1.1 413"
    assert ask("POST", "/length/").said == b"0"


def test_answers_without_a_body_have_none(ask):
    head = ask("HEAD", "/told/x")
    assert (head.status, head.said, int(head.headers["Content-Length"]) > 100) == (200, b"", True)
    assert ask("GET", "/nothing/").status == 304
    assert ask("GET", "/nowhere/").status == 404


def test_an_answer_in_pieces_is_sent_whole_and_ended_when_nobody_listens(ask, port):
    assert ask("GET", "/pieces/?count=3").said == b"0 True\n1 True\n2 True\n"
    with opened(port, "GET /pieces/?count=100000000 HTTP/1.1\nHost: x") as connection:
        assert connection.recv(12) == b"HTTP/1.1 200"
    while ask("GET", "/ended/").said != b"True":
        pass


def test_a_body_that_was_cut_short_reaches_no_page(ask, port):
    head = "POST /pieces/ HTTP/1.1\nHost: x\nContent-Length: 100"
    with opened(port, head, b"name=") as connection:
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(12) in {b"", b"HTTP/1.1 400"}
    assert ask("GET", "/told/x").status == 200


def test_more_bodies_at_once_than_there_is_room_for_are_refused_unless_they_are_small(ask, port):
    whole = IN_MEMORY + ROOM
    half = f"POST /length/ HTTP/1.1\nHost: x\nContent-Length: {whole}"
    with opened(port, half, bytes(whole - 1)) as waiting:
        while ask("GET", "/room/").said != b"1":
            pass
        answer = ask("POST", "/length/", bytes(IN_MEMORY + 2))
        assert (answer.status, answer.headers["Connection"]) == (503, "close")
        assert ask("POST", "/length/", b"here").said == b"4"
        waiting.sendall(b"x")
        assert waiting.recv(12) == b"HTTP/1.1 200"
    while ask("GET", "/room/").said != str(ROOM).encode():
        pass
    assert ask("POST", "/length/", b"here").said == b"4"


def test_those_who_send_nothing_keep_nobody_waiting_and_are_sent_away(ask, port):
    half = "POST /length/ HTTP/1.1\nHost: x\nContent-Length: 100"
    silent = [opened(port, half, b"name=") for _ in range(THREADS * 20)]
    assert ask("POST", "/length/", b"here").said == b"4"
    for connection in silent:
        assert connection.recv(12) == b"HTTP/1.1 408"
        connection.close()
    assert ask("POST", "/length/", b"here").said == b"4"


def test_the_program_serves_its_pages_so(migrated_sqlite_url, tmp_path):
    place = free_port()
    environment = {
        "PATH": os.environ["PATH"], "GUANFANG_DATABASE_URL": migrated_sqlite_url, "GUANFANG_DATA_DIR": str(tmp_path),
        "GUANFANG_SECRET_KEY": "x" * 40, "GUANFANG_KEY_PASSPHRASE": "a passphrase only for these tests",
    }  # fmt: skip
    command = [sys.executable, "-m", "ops.cli", "serve", "--port", str(place), "--workers", "1"]
    with running(command, place, environment):
        half = "POST /login/ HTTP/1.1\nHost: x\nContent-Length: 100"
        silent = [opened(place, half, b"login=") for _ in range(40)]
        connection = http.client.HTTPConnection("127.0.0.1", place, timeout=SECONDS)
        connection.request("GET", "/login/")
        answer = connection.getresponse()
        assert (answer.status, b"csrf_token" in answer.read()) == (200, True)
        connection.close()
        for one in silent:
            one.close()
