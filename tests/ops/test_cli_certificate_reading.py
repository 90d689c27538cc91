"""Certificates from the command line: listed and shown, for people and for programs."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from ops import database
from ops.clock import SystemClock
from tests.certificates import a_certificate
from tests.ops.test_cli import guanfang
from workflow.store import schema as t

__all__ = ["guanfang"]
SERIAL = f"{7:032x}"


@pytest.fixture
def call(guanfang, migrated_sqlite_url):
    now = SystemClock().now()
    engine = database.open_engine(migrated_sqlite_url)
    row = {
        "purpose": "signature", "tbs": b"", "not_before": now, "not_after": now + timedelta(days=9), "status_at": now,
        "created_at": now,
    }  # fmt: skip
    rows = (
        {"ca": "xca", "authority": "xca", "serial": SERIAL, "status": "valid", "subject": "C=TW,L=金門縣,O=農會", "der": a_certificate(), "published_at": now},
        {"ca": "gca", "authority": "gca", "serial": f"{8:032x}", "status": "intended", "subject": "C=TW,O=行政院", "der": None, "published_at": None},
    )  # fmt: skip
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        for given in rows:
            keys = {"tbs_sha256": given["serial"], "spki_sha256": given["serial"]}
            connection.execute(t.certificate.insert().values(row | given | keys))
    engine.dispose()
    return lambda *arguments: guanfang("cert", *arguments, url=migrated_sqlite_url)


def test_certificates_are_listed_newest_first(call):
    lines = call("list").output.splitlines()
    assert ["行政院" in line for line in lines] == [True, False]
    assert "published" in lines[1]
    assert call("list", "--subject", "農會").output.count("\n") == 1
    assert "none" in call("list", "--status", "revoked").output


def test_programs_read_the_list_as_json(call):
    found = json.loads(call("list", "--ca", "xca", "--format", "json").output)
    assert [(one["serial"], one["status"], one["published"]) for one in found] == [(SERIAL, "valid", True)]


def test_one_certificate_is_shown_with_what_it_says(call):
    shown = call("show", "07").output
    for said in ("農會", "Key usage (critical): Digital signature", "office@example.tw", "Published"):
        assert said in shown, said
    said = json.loads(call("show", SERIAL, "--format", "json").output)[0]
    assert said["extensions"][0]["name"] == "Key usage"
    assert json.loads(call("show", "08", "--format", "json").output)[0]["der"] is None
    missing = call("show", "99")
    assert missing.exit_code == 1
    assert "no certificate" in missing.output
