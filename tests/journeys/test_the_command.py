"""`guanfang journey` as an installer runs it, with real servers, twice on one database."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


def journey(out, *options, url=""):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUANFANG_")}
    environment = kept | ({"GUANFANG_DATABASE_URL": url} if url else {})
    command = [sys.executable, "-m", "ops.cli", "journey", "--out", str(out), *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((out / "summary.json").read_text(encoding="utf-8"))


def test_a_card_lapses_and_all_papers_lie_in_the_folder(tmp_path):
    summary = journey(tmp_path, "--ca", "xca", "--lapse")
    assert summary["states"][-1]["state"] == "revoked_unactivated"
    assert summary["card"]["pin"] is None
    assert all((tmp_path / name).stat().st_size for name in summary["files"].values())
    assert summary["audit"]["entries"] == summary["audit"]["checkpoint"]["size"]
    assert list((tmp_path / "mails").glob("*.eml"))
    done = subprocess.run(
        [sys.executable, "-m", "ops.verifier", str(tmp_path / "audit")],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request):
    return request.getfixturevalue(f"{request.param}_url")


def test_an_empty_database_is_migrated_and_used_again(empty_url, tmp_path):
    first = journey(tmp_path / "first", "--ca", "gca", url=empty_url)
    second = journey(tmp_path / "second", "--ca", "gca", url=empty_url)
    assert first["case_number"] != second["case_number"]
    assert second["card"]["pin"]
    assert second["audit"]["entries"] > first["audit"]["entries"]
