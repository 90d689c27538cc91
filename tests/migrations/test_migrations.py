"""The migrations lead to the models, forwards and back, on both databases, whatever the rows."""

from __future__ import annotations

import importlib
import os
import random
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from ops import database
from ops.database.migrating import FOLDER
from tests.migrations.schema_of import schema_of
from workflow.store.schema import metadata

SCRIPTS = ScriptDirectory(str(FOLDER), version_locations=[str(FOLDER / "versions")])
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
BEFORE = {script.revision: script.down_revision or "base" for script in SCRIPTS.walk_revisions()}


@pytest.fixture
def engine(empty_database_url):
    engine = database.open_engine(empty_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def modelled(request, empty_database_url, tmp_path):
    """A second database of the same kind, made from the models."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'modelled.sqlite'}"
        if empty_database_url.startswith("postgresql"):
            name = make_url(empty_database_url).database
            cluster = request.getfixturevalue("postgresql_cluster")
            url = stack.enter_context(cluster.database(f"{name}_modelled"))
        engine = database.open_engine(url)
        stack.callback(engine.dispose)
        metadata.create_all(engine)
        yield engine


def test_the_migrated_schema_is_that_of_the_models(empty_database_url, engine, modelled):
    database.upgrade(empty_database_url)
    assert schema_of(engine) == schema_of(modelled)


def test_the_migration_tool_finds_nothing_left_to_do(empty_database_url, engine):
    database.upgrade(empty_database_url)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    assert database.is_current(engine)
    assert database.pending(engine) == ()


def test_the_head_file_names_the_one_newest_revision():
    assert (FOLDER / "HEAD").read_text(encoding="utf-8").split() == SCRIPTS.get_heads()


def test_migrations_are_numbered_sentences_without_a_gap():
    assert [f"{number:04d}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS
    for script in SCRIPTS.walk_revisions():
        name = Path(script.path).name
        assert re.fullmatch(rf"{script.revision}_[a-z0-9_]+\.py", name), name


def test_a_migration_imports_nothing_that_will_change():
    for script in SCRIPTS.walk_revisions():
        text = Path(script.path).read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) (workflow|ops|forms|pki)\b", text, re.MULTILINE)


def _tester(revision, direction):
    return getattr(importlib.import_module(f"tests.migrations.tester_{revision}"), direction)()


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_upgrade_keeps_awkward_rows(empty_database_url, engine, revision):
    seed = random.Random(revision)
    tester = _tester(revision, "Upgrade")
    database.upgrade(empty_database_url, BEFORE[revision]) if BEFORE[revision] != "base" else None
    tester.load(engine, seed)
    database.upgrade(empty_database_url, revision)
    tester.check(engine, seed)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_downgrade_keeps_awkward_rows(empty_database_url, engine, revision):
    seed = random.Random(revision)
    tester = _tester(revision, "Downgrade")
    database.upgrade(empty_database_url, revision)
    tester.load(engine, seed)
    database.downgrade(empty_database_url, BEFORE[revision])
    tester.check(engine, seed)


def test_there_and_back_again_ends_where_it_began(empty_database_url, engine):
    database.upgrade(empty_database_url)
    there = schema_of(engine)
    database.downgrade(empty_database_url, "base")
    assert schema_of(engine) == {}
    assert len(database.pending(engine)) == len(REVISIONS)
    database.upgrade(empty_database_url)
    assert schema_of(engine) == there


@pytest.mark.rule("AUD-03")
@pytest.mark.parametrize("table", ["audit_entry", "audit_leaf", "audit_checkpoint"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_what_was_written_to_the_audit_log_stays(database_url, table, statement):
    from tests.migrations import awkward_rows

    engine = database.open_engine(database_url)
    awkward_rows.load(engine, random.Random(1))
    column = metadata.tables[table].columns.keys()[-1]
    with pytest.raises(sa.exc.DBAPIError, match="insert-only"), engine.begin() as connection:
        connection.execute(sa.text(statement.format(table, column, column)))
    assert len(awkward_rows.contents(engine)[table]) == awkward_rows.ROWS
    engine.dispose()


@pytest.mark.rule("AUD-03")
def test_the_audit_log_can_not_be_emptied_at_once(migrated_postgresql_url):
    engine = database.open_engine(migrated_postgresql_url)
    with pytest.raises(sa.exc.DBAPIError, match="insert-only"), engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE audit_entry"))
    engine.dispose()


def test_two_migrators_at_once_make_each_migration_once(empty_database_url, engine):
    environment = {**os.environ, "GUANFANG_DATABASE_URL": empty_database_url}
    command = [sys.executable, "-m", "ops.cli", "db", "upgrade"]
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    said = [one.communicate(timeout=120)[0] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert database.is_current(engine)


def test_an_address_that_is_none_is_refused_in_a_sentence():
    with pytest.raises(database.MigrationError, match="not a database address"):
        database.upgrade("this is no address")


def test_a_revision_that_nobody_knows_is_refused(empty_database_url):
    with pytest.raises(database.MigrationError, match="9999"):
        database.upgrade(empty_database_url, "9999")
