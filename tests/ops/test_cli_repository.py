"""Documents and tokens from the command line: whoever acts logs in, and what is dangerous wants --yes."""

from __future__ import annotations

import pytest

from ops import database
from tests.ops.test_cli import guanfang
from workflow.store import schema as t

__all__ = ["guanfang"]
PASSWORD = "correct horse battery"


@pytest.fixture
def staffed(guanfang, migrated_sqlite_url):
    """Call `guanfang` on a database with an operator, an administrator and an officer."""
    for login, role in (("op", "operator"), ("ada", "administrator"), ("rei", "second_reviewer")):
        added = guanfang(
            "accounts", "add", login, "--name", login, "--role", role, "--password-stdin",
            url=migrated_sqlite_url, stdin=f"{PASSWORD}\n",
        )  # fmt: skip
        assert added.exit_code == 0, added.output

    def call(*arguments, who="", password=PASSWORD):
        extra = ("--as", who, "--password-stdin") if who else ()
        return guanfang(*arguments, *extra, url=migrated_sqlite_url, stdin=f"{password}\n")

    return call


def test_a_document_is_placed_and_taken_out(staffed, tmp_path):
    file = tmp_path / "cps.pdf"
    file.write_bytes(b"%PDF-1.7")
    describe = ("--kind", "cps", "--version", "1.0", "--title", "CPS", "--in-force-from", "2026-01-01")
    tried = staffed("repository", "add", str(file), *describe, who="op")
    assert (tried.exit_code, "Would publish cps.pdf" in tried.output) == (0, True)
    assert staffed("repository", "list").output == "（無）none\n"
    placed = staffed("repository", "add", str(file), *describe, "--yes", who="op")
    assert placed.exit_code == 0, placed.output
    digest = placed.output.strip().rpartition("/")[2]
    assert digest in staffed("repository", "list").output
    dry = staffed("repository", "withdraw", digest, "--reason", "x", who="op")
    assert "--yes" in dry.output
    assert digest in staffed("repository", "list").output
    assert staffed("repository", "withdraw", digest, "--reason", "x", "--yes", who="op").exit_code == 0
    assert staffed("repository", "list").output == "（無）none\n"


def test_nobody_acts_without_the_right_password_or_role(staffed, tmp_path, migrated_sqlite_url):
    file = tmp_path / "cps.pdf"
    file.write_bytes(b"%PDF-1.7")
    describe = ("--kind", "cps", "--version", "1.0", "--title", "CPS", "--in-force-from", "2026-01-01")
    wrong = staffed("repository", "add", str(file), *describe, "--yes", who="op", password="wrong")
    other = staffed("repository", "add", str(file), *describe, "--yes", who="rei")
    assert (wrong.exit_code, other.exit_code) == (1, 1)
    assert "password" in wrong.output
    engine = database.open_engine(migrated_sqlite_url)
    with engine.connect() as connection:
        assert connection.execute(t.published_document.select()).all() == []
        kinds = [row.kind for row in connection.execute(t.audit_entry.select())]
    engine.dispose()
    assert {"log_in_failed", "refused"} <= set(kinds)


def test_a_token_goes_through_two_hands(staffed):
    made = staffed("token", "add", "ministry", "--scope", "submit", who="ada")
    assert made.exit_code == 0, made.output
    assert "gft_" in made.output
    assert "Unconfirmed" in staffed("token", "list").output
    assert staffed("token", "confirm", "ministry", who="ada").exit_code == 1
    assert staffed("token", "confirm", "ministry", who="rei").exit_code == 0
    listed = staffed("token", "list").output
    assert "In force" in listed
    assert "gft_" not in listed
    revoke = ("token", "revoke", "ministry", "--reason", "lost")
    assert staffed(*revoke, who="ada").exit_code == 0
    assert "Revoked" not in staffed("token", "list").output, "a dry run revokes nothing"
    assert staffed(*revoke, "--yes", who="ada").exit_code == 0
    assert "Revoked" in staffed("token", "list").output
