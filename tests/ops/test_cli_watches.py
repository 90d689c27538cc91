"""The watches from the command line: exit codes, shapes, and reports that verify without a database."""

from __future__ import annotations

import json

import pytest

from tests.ops.test_cli import guanfang
from tests.workflow.lists import Lists
from workflow.store import schema as t

__all__ = ["guanfang"]


@pytest.fixture
def lists(migrated_sqlite_url):
    made = Lists(migrated_sqlite_url, passphrase=b"p" * 40)
    made.url = migrated_sqlite_url
    yield made
    made.close()


def test_a_registry_that_nobody_serves_is_found_unreachable(guanfang, lists):
    done = guanfang("monitor", "--host", "127.0.0.1:1", "--format", "json", url=lists.url)
    assert done.exit_code == 1
    seen = json.loads(done.stdout)
    assert {one["kind"] for one in seen} == {"CRL", "CA certificate", "OCSP"}
    assert all(one["findings"][0]["code"] == "unreachable" for one in seen)
    table = guanfang("monitor", "--host", "127.0.0.1:1", url=lists.url)
    assert f"something is wrong with {len(seen)}" in table.output
    assert len(lists.rows(t.watch_finding)) == len(seen)


def test_a_reconciliation_is_reported_and_its_file_verifies(guanfang, lists):
    late = guanfang("reconcile", url=lists.url)
    assert late.exit_code == 1
    # The one case here was opened months ago, and no worker looked after its deadline.
    assert "deadline.overdue" in late.output
    assert late.output.count("registry_case:") == 0
    lists.certificate(5, der=b"rubbish")
    done = guanfang("reconcile", "--format", "json", url=lists.url)
    assert done.exit_code == 1
    codes = {one["code"] for one in json.loads(done.stdout)["found"]}
    assert codes >= {"certificate.unreadable", "certificate.not_approved"}
    path = done.stderr.rpartition(" is ")[2].strip().removesuffix(".")
    verified = guanfang("reconcile", "verify", path, url=lists.url)
    assert verified.exit_code == 0
    assert "certificate.unreadable" in verified.output
    with open(path, "r+", encoding="utf-8") as file:  # noqa: PTH123 - the command said the path as text.
        changed = file.read().replace("unreadable", "fine")
        file.seek(0)
        file.write(changed)
        file.truncate()
    refused = guanfang("reconcile", "verify", path, url=lists.url)
    assert refused.exit_code == 1
    assert "signature" in refused.output
