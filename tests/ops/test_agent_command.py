"""`guanfang agent` as a process of its own, and the one that the demonstration starts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from click.testing import CliRunner

from hardware.folder_station import FolderStation
from ops.cli import main
from ops.demo import holders_agent
from ops.settings import Settings

PAGE = "https://registry.example.tw"


def asked(address, path, body=None, token=""):
    headers = {"Origin": PAGE, "Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    connection = HTTPConnection(address.removeprefix("http://"), timeout=10)
    try:
        connection.request("POST", path, json.dumps(body or {}), headers)
        return json.load(connection.getresponse())
    finally:
        connection.close()


AS_WINDOWS = (
    "import sys; sys.modules.update(dict.fromkeys(['fcntl', 'resource', 'pwd', 'grp', 'termios']));"
    "from ops.cli import main; main(prog_name='guanfang')"
)
"""Runs the command line on a Python without the modules that Windows lacks."""


@contextmanager
def running(*arguments):
    """Run an agent on a free port; gives its process and address."""
    command = [sys.executable, *arguments, "--port", "0", "--allow-origin", PAGE + "/"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=Path(__file__).parents[2]
    )
    try:
        yield process, re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def started(tmp_path):
    FolderStation(tmp_path / "cards", ("card centre", "holder"))
    place = ("--reader-folder", str(tmp_path / "cards"), "--reader-prefix", "holder")
    code = ("--code-file", str(tmp_path / holders_agent.CODE_FILE))
    with running("-m", "ops.cli", "agent", *place, *code) as (process, address):
        yield process, address, tmp_path


def test_the_agent_answers_shows_its_code_and_ends_when_told(started):
    process, address, folder = started
    assert asked(address, "/version")["name"] == "guanfang-agent"
    assert holders_agent.newest_code(folder) == ""
    asked(address, "/pairing", {})
    code = holders_agent.newest_code(folder)
    assert re.fullmatch(r"\d{4} \d{4}", code)
    token = asked(address, "/pairing/code", {"code": code})["token"]
    readers = asked(address, "/readers", token=token)["readers"]
    assert [one["name"] for one in readers] == ["holder"]
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=15)
    assert process.returncode == 0
    assert code in said


def test_the_agent_starts_where_there_is_nothing_of_unix():
    with running("-c", AS_WINDOWS, "agent") as (_process, address):
        assert asked(address, "/version")["name"] == "guanfang-agent"


@pytest.mark.parametrize(
    "origin", ["registry.example.tw", "https://a.example/path", "file:///x", "https://u@a.example"]
)
def test_an_origin_that_is_none_is_refused_in_words(origin):
    result = CliRunner().invoke(main, ["agent", "--port", "0", "--allow-origin", origin])
    assert result.exit_code == 2
    assert "--allow-origin" in result.output


def test_a_port_that_is_taken_is_said_in_words(started):
    _process, address, _ = started
    port = address.rsplit(":", 1)[1]
    result = CliRunner().invoke(main, ["agent", "--port", port, "--allow-origin", PAGE])
    assert result.exit_code == 2
    assert "is an agent running already" in result.output


def test_the_demonstrations_agent_has_the_holders_reader_alone(tmp_path):
    settings = Settings(
        data_dir=tmp_path, card_folder=tmp_path / "cards", base_url="http://127.0.0.1:8080", agent_port=61000
    )
    given = holders_agent.arguments(settings, "持卡人讀卡機")
    assert given[:3] == ("agent", "--port", "61000")
    assert {"http://127.0.0.1:8080", "http://localhost:8080", "持卡人讀卡機"} <= set(given)
