"""The authorities on the command line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from ops.cli import main
from tests.workflow import batches
from tests.workflow.registry import Registry


@pytest.fixture
def command(migrated_sqlite_url):
    registry = Registry(migrated_sqlite_url)
    batches.establish(registry.office)
    return lambda *words: CliRunner().invoke(
        main, ["ca", *words], env={"GUANFANG_DATABASE_URL": migrated_sqlite_url}
    )


def test_the_list_says_where_each_key_is(command):
    said = command("list")
    assert said.exit_code == 0, said.output
    lines = {line.split()[0]: line for line in said.output.splitlines()}
    assert {"root", "gca", "xca", "moica"} <= lines.keys()
    assert all("software" in line and "使用中" in line for line in lines.values())


def test_one_authority_is_shown_with_the_fingerprint_to_compare(command):
    said = command("show", "xca").output
    assert "組織及團體憑證管理中心" in said
    assert sum(line.startswith("sha256") for line in said.splitlines()) == 1


def test_an_unknown_authority_is_said_to_be_none(command):
    said = command("show", "nobody")
    assert said.exit_code == 1
    assert "nobody" in said.output
