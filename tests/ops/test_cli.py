"""The command line: one clear sentence on error, exit codes that scripts can trust, and nothing done without --yes."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from ops import database, worker
from ops.cli import main
from ops.cli.group import COMMANDS
from ops.clock import SystemClock
from workflow.store import schema as t

NUMBER = "0400100000000000000000001"


@pytest.fixture
def guanfang(monkeypatch, tmp_path):
    """Return a way to call `guanfang` on a database, in this process."""
    for name in list(os.environ):
        if name.startswith("GUANFANG_"):
            monkeypatch.delenv(name)
    values = {
        "SECRET_KEY": "s" * 40, "KEY_PASSPHRASE": "p" * 40, "DATA_DIR": str(tmp_path / "data"),
        "HASH_TIME": "1", "HASH_MEMORY_KIB": "8", "HASH_LANES": "1",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"GUANFANG_{name}", value)

    def call(*arguments, url="", stdin=None):
        environment = {"GUANFANG_DATABASE_URL": url} if url else {}
        return CliRunner().invoke(main, list(arguments), env=environment, input=stdin)

    return call


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("command", [("serve", "--port", "{}"), ("ocsp", "serve", "--bind", "127.0.0.1:{}")])
def test_nothing_is_served_where_somebody_listens_already(guanfang, migrated_sqlite_url, command, shared):
    with socket.socket() as other:
        if shared:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = guanfang(*(word.format(port) for word in command), url=migrated_sqlite_url)
    assert result.exit_code == 1
    assert f"Can't listen on 127.0.0.1, port {port}: Address already in use" in result.output


def test_an_address_of_another_machine_is_said_to_be_none_of_ours(guanfang, migrated_sqlite_url):
    result = guanfang("ocsp", "serve", "--bind", "192.0.2.1:8081", url=migrated_sqlite_url)
    assert (result.exit_code, "192.0.2.1" in result.output) == (1, True)


@pytest.mark.parametrize("host", ["localhost", "no such host", "a" * 100, "fe80::1%lo"])
def test_what_is_no_ip_address_is_refused_before_the_server_stumbles_over_it(
    guanfang, migrated_sqlite_url, host
):
    for command in (("serve", "--host", host), ("ocsp", "serve", "--bind", f"{host}:8081")):
        result = guanfang(*command, url=migrated_sqlite_url)
        assert (result.exit_code, "is an IP address such as 127.0.0.1" in result.output) == (1, True)


@pytest.fixture
def with_case(database_url):
    """A database with one case that has a deadline in ten days and another that is overdue."""
    engine = database.open_engine(database_url)
    now = SystemClock().now()
    case = {
        "number": NUMBER, "ca": "xca", "kind": "card_application", "state": "posted", "policy_version": "xca-1",
        "subject_name": "臺中市立峯谷國民小學", "snapshot_sha256": "", "contact_name": "", "contact_email": "", "data": {},
        "opened_at": now, "queued_at": now, "state_since": now, "rank": "primary",
    }  # fmt: skip
    due = {
        "case_id": 1, "kind": "activation", "policy_version": "xca-1", "basis_at": now, "budget": 90,
        "in_months": False, "state": "waiting",
    }  # fmt: skip
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(t.case.insert().values(id=1, **case))
        for rung, days, trigger in ((30, -1, "remind_activation"), (0, 10, "lapse_activation")):
            moment = now + timedelta(days=days)
            connection.execute(t.deadline.insert().values(**due, rung=rung, trigger=trigger, due_at=moment))
    engine.dispose()
    return database_url


def test_every_command_loads_and_explains_itself(guanfang):
    for name in COMMANDS:
        result = guanfang(name, "--help")
        if name != "journey" or result.exit_code == 0:
            assert result.exit_code == 0, result.output
            assert result.output.startswith("Usage:")


def test_the_list_of_commands_says_in_full_what_each_is_for(guanfang):
    said = guanfang("--help").output.partition("Commands:")[2]
    assert all(f"\n  {name} " in said for name in COMMANDS)
    assert "..." not in said


def test_the_schema_goes_forwards_freely_and_back_only_with_yes(guanfang, empty_database_url):
    url = empty_database_url
    assert guanfang("db", "check", url=url).exit_code == 1
    planned = guanfang("db", "upgrade", "--dry-run", url=url)
    assert planned.output.startswith("0001 Begin the registry")
    assert guanfang("db", "check", url=url).exit_code == 1
    assert guanfang("migrate", url=url).exit_code == 0
    assert guanfang("db", "check", url=url).exit_code == 0
    assert "Nothing to do" in guanfang("db", "upgrade", "--dry-run", url=url).output
    refused = guanfang("db", "downgrade", "base", url=url)
    assert "--yes" in refused.output
    assert guanfang("db", "check", url=url).exit_code == 0
    assert guanfang("db", "downgrade", "base", "--yes", url=url).exit_code == 0
    assert guanfang("db", "check", url=url).exit_code == 1


def test_a_case_is_shown_with_all_that_hangs_on_it(guanfang, with_case):
    result = guanfang("case", "show", NUMBER, url=with_case)
    assert result.exit_code == 0, result.output
    for said in (NUMBER, "峯谷", "已寄出，等待開卡", "正卡", "Deadlines"):
        assert said in result.output


def test_an_unknown_case_is_one_sentence_and_exit_code_one(guanfang, with_case):
    result = guanfang("case", "show", "123", url=with_case)
    assert result.exit_code == 1
    assert "There is no such case" in result.output
    assert "Traceback" not in result.output


def test_deadlines_are_listed_explained_and_forecast(guanfang, with_case):
    listed = guanfang("deadlines", "list", url=with_case).output
    assert re.search(r"day 30.*OVERDUE", listed)
    assert re.search(r"\(end\).*廢止", listed)
    assert "end" not in guanfang("deadlines", "list", "--days", "5", url=with_case).output
    explained = guanfang("deadlines", "explain", NUMBER, url=with_case).output
    assert "ACT-04" in explained
    assert "90 days" in explained
    forecast = guanfang("deadlines", "forecast", "--days", "30", url=with_case).output
    assert "within 30 days: 1" in forecast
    assert "within 7" not in forecast


def test_an_old_schema_is_told_to_be_migrated(guanfang, empty_database_url):
    for command in (("case", "show", NUMBER), ("deadlines", "list"), ("worker",), ("serve",)):
        result = guanfang(*command, url=empty_database_url)
        assert result.exit_code == 1
        assert "guanfang db upgrade" in result.output


def test_the_log_is_verified_and_exported(guanfang, make_office, database_url, tmp_path):
    url = database_url
    added = guanfang(
        "accounts", "add", "lin", "--name", "甄測試", "--role", "help_desk", "--password-stdin", url=url, stdin="twelve letters\n"
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    assert "甄測試" in guanfang("accounts", "list", url=url).output
    assert guanfang("audit", "verify", url=url).exit_code == 0
    assert guanfang("worker", "--once", url=url).exit_code == 0
    exported = guanfang("audit", "export", str(tmp_path / "log"), url=url)
    assert "1 entries" in exported.output
    key = tmp_path / "log" / "public.pem"
    assert guanfang("audit", "verify", "--public-key", str(key), url=url).exit_code == 0
    assert guanfang("audit", "verify", "--checkpoints", str(tmp_path / "none"), url=url).exit_code == 2


def test_a_log_that_was_changed_is_a_finding(guanfang, make_office, migrated_sqlite_url):
    url = migrated_sqlite_url
    guanfang(
        "accounts", "add", "lin", "--name", "甄測試", "--role", "help_desk", "--password-stdin", url=url, stdin="twelve letters\n"
    )  # fmt: skip
    guanfang("worker", "--once", url=url)
    engine = database.open_engine(url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.exec_driver_sql("DROP TRIGGER audit_entry_update")
        connection.execute(t.audit_entry.update().values(actor="somebody else"))
    engine.dispose()
    result = guanfang("audit", "verify", url=url)
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_an_account_that_makes_no_sense_is_not_made(guanfang, migrated_sqlite_url):
    url = migrated_sqlite_url
    short = guanfang(
        "accounts",
        "add",
        "lin",
        "--name",
        "x",
        "--role",
        "auditor",
        "--password-stdin",
        url=url,
        stdin="short\n",
    )
    assert (short.exit_code, "12 characters" in short.output) == (1, True)
    empty = guanfang(
        "accounts", "add", "lin", "--name", "x", "--role", "auditor", "--password-stdin", url=url, stdin=""
    )
    assert empty.exit_code == 2
    assert guanfang("accounts", "add", "lin", "--name", "x", "--role", "king", url=url).exit_code == 2


def test_settings_that_make_no_sense_are_wrong_use(guanfang, monkeypatch, migrated_sqlite_url):
    monkeypatch.setenv("GUANFANG_SECRET_KEY", "short")
    secret = guanfang("serve", url=migrated_sqlite_url)
    assert (secret.exit_code, "GUANFANG_SECRET_KEY" in secret.output) == (2, True)
    monkeypatch.setenv("GUANFANG_PROT", "1")
    assert guanfang("db", "check").exit_code == 2


def test_a_passphrase_that_does_not_open_the_key_is_said(guanfang, monkeypatch, migrated_sqlite_url):
    assert guanfang("health", url=migrated_sqlite_url).exit_code == 0
    monkeypatch.setenv("GUANFANG_KEY_PASSPHRASE", "q" * 40)
    result = guanfang("health", url=migrated_sqlite_url)
    assert result.exit_code == 2
    assert "GUANFANG_KEY_PASSPHRASE does not open" in result.output
    assert "q" * 40 not in result.output


def test_a_database_that_is_gone_is_one_sentence_without_its_password(guanfang):
    result = guanfang("db", "check", url="postgresql+psycopg://user:hunter2@127.0.0.1:1/none")
    assert result.exit_code == 1
    assert "hunter2" not in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("form", "begins"), [("json", "["), ("markdown", "#"), ("text", "")])
def test_the_rules_are_printed_in_three_forms(guanfang, form, begins):
    result = guanfang("rules", "--format", form)
    assert result.exit_code == 0, result.output
    assert result.output.startswith(begins)
    assert "ACT-03" in result.output


def test_the_console_script_runs_as_a_program_of_its_own(migrated_sqlite_url, tmp_path):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GUANFANG_")},
        "GUANFANG_DATABASE_URL": migrated_sqlite_url, "GUANFANG_DATA_DIR": str(tmp_path),
    }  # fmt: skip
    script = [str(Path(sys.executable).parent / "guanfang")]
    for program in (script, [sys.executable, "-m", "ops.cli"]):
        done = subprocess.run(
            [*program, "db", "check"], env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        wrong = subprocess.run(
            [*program, "no-such"], env=environment, capture_output=True, text=True, check=False
        )
        assert wrong.returncode == 2


def test_the_rules_need_no_database_driver():
    said = subprocess.run(
        [sys.executable, "-c", "import ops.cli, sys, json; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not {"sqlalchemy", "flask", "alembic", "granian"} & set(json.loads(said.stdout))
    assert worker.default_name().startswith("worker@")
