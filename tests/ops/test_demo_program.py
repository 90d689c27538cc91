"""`guanfang demo` as a visitor starts it: pages within moments, and nothing left behind after Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading

import httpx
import pytest

from ops.demo.mail_folder import free_port
from ops.demo.runner import PASSWORD
from ops.journey.pages import Visitor

PATIENCE = 90


@pytest.fixture
def program(ceremony_template, tmp_path):
    """Run a demonstration whose ceremony was held already; gives the process, its folder and its address."""
    folder, port = tmp_path / "demo", free_port()
    shutil.copytree(ceremony_template, folder)
    secrets = f'secret_key = "{"s" * 40}"\nkey_passphrase = "{"p" * 40}"\n'
    (folder / "guanfang.toml").write_text(secrets, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GUANFANG_")}
    # What the visitor's shell says of a real database must not reach the demonstration.
    environment["GUANFANG_DATABASE_URL"] = "postgresql+psycopg://127.0.0.1:1/real"
    command = [sys.executable, "-m", "ops.cli", "demo", "--port", str(port), "--data", str(folder)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        yield process, folder, port
        if process.poll() is None:
            process.kill()


def wait_until_ready(port):
    pause = threading.Event()
    for _ in range(PATIENCE * 5):
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5)
            if answer.status_code == 200:
                return
        except httpx.TransportError:
            pass
        pause.wait(0.2)
    pytest.fail("the demonstration did not become ready")


def line_of_the_card_centre(port):
    """Return the line's page once a reader stands ready on it."""
    pause = threading.Event()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True, timeout=30) as client:
        centre = Visitor(client, "centre")
        centre.send(centre.open("/login/").form("/login/"), {"login": "centre", "password": PASSWORD})
        for _ in range(PATIENCE * 5):
            words = centre.open("/centre/line/").words
            if "無待製案件" in words:
                return words
            pause.wait(0.2)
    pytest.fail("no reader stands ready on the line")


def test_a_visitor_sees_the_registry_and_ends_it_with_one_key(program):
    process, folder, port = program
    wait_until_ready(port)
    for page in ("/", "/login/", "/demo/"):
        assert httpx.get(f"http://127.0.0.1:{port}{page}", timeout=30).status_code == 200, page
    assert "製卡機 B" in line_of_the_card_centre(port)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    for word in (f"http://127.0.0.1:{port}/", "guanfang-demo", "officer1", "甄複一"):
        assert word in said
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    assert (folder / "guanfang.sqlite").exists()


def test_a_port_that_is_taken_is_said_at_once(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "ops.cli", "demo", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(
            [*command, "--data", str(tmp_path / "demo")],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 2
    assert "taken" in done.stderr
    assert not (tmp_path / "demo").exists()
