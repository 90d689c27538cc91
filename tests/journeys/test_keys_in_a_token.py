"""The whole journey with every key of a CA and of a responder in a token."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys

import pytest


@pytest.mark.rule("ROL-08")
def test_a_card_is_issued_under_keys_that_lie_in_a_token(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUANFANG_")}
    command = [
        sys.executable,
        "-m",
        "ops.cli",
        "journey",
        "--ca",
        "xca",
        "--keystore",
        "softhsm",
        "--out",
        tmp_path,
    ]
    walked = subprocess.run(command, env=kept, capture_output=True, timeout=180, check=False)
    assert walked.returncode == 0, walked.stderr.decode()
    with sqlite3.connect(tmp_path / "registry.db") as database:
        keys = database.execute("SELECT name, sealed_key, key_reference FROM authority").fetchall()
    database.close()
    assert {"root", "gca", "xca", "moica"} <= {name for name, _, _ in keys}
    assert all(sealed is None and reference.startswith("pkcs11:") for _, sealed, reference in keys)
    pin = (tmp_path / "softhsm" / "pin").read_text()
    assert pin.encode() not in (tmp_path / "registry.db").read_bytes()
    assert pin not in walked.stdout.decode() + walked.stderr.decode()
