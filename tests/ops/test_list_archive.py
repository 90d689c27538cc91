"""Lists that have served go to the archive, each once and none unseen; those that are needed stay."""

from __future__ import annotations

import hashlib
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from ops import list_archive
from ops.list_archive import ListArchive
from tests.ops.test_cli import guanfang
from tests.workflow.lists import SCOPES, XCA, Lists
from workflow.commands_of_performers import ForgetLists
from workflow.errors import NotAllowed
from workflow.facts import PUBLIC, SYSTEM
from workflow.store import schema as t

__all__ = ["guanfang"]
KEEP = timedelta(days=30)
R = t.crl.c


@pytest.fixture
def lists(database_url):
    made = Lists(database_url, passphrase=b"p" * 40)
    made.url = database_url
    yield made
    made.close()


@pytest.fixture
def served(lists):
    """Two sets of lists, of which the first ended longer ago than lists are kept."""
    lists.publish()
    lists.clock.move(days=KEEP.days + 2)
    lists.publish()
    return lists


@pytest.mark.rule("AUD-05")
def test_what_has_served_is_archived_with_its_digest_in_the_audit_log(served, tmp_path):
    before = {row.partition: bytes(row.der) for row in served.rows(t.crl, R.number == 1)}
    assert ListArchive(tmp_path, KEEP).run(served.office) == len(SCOPES)
    assert {row.number for row in served.rows(t.crl)} == {2}
    for partition, der in before.items():
        assert (tmp_path / XCA / str(partition or "complete") / "0000000001.crl").read_bytes() == der
    (manifest,) = tmp_path.glob("manifest-*")
    (told,) = served.rows(t.audit_entry, t.audit_entry.c.kind == "lists_archived")
    assert json.loads(told.body)["manifest"] == hashlib.sha256(manifest.read_bytes()).hexdigest()
    checked = subprocess.run(
        ["sha256sum", "--check", manifest], cwd=tmp_path, check=True, capture_output=True
    )
    assert checked.stdout.count(b": OK") == len(SCOPES)
    assert ListArchive(tmp_path, KEEP).run(served.office) == 0
    # The numbers go on, and lists are found as ever.
    assert served.publish() == 3


def test_an_archived_list_is_never_written_over_by_another_of_its_number(served, tmp_path):
    older = tmp_path / XCA / "complete" / "0000000001.crl"
    older.parent.mkdir(parents=True)
    older.write_bytes(b"archived before the restore")
    with pytest.raises(FileExistsError):
        ListArchive(tmp_path, KEEP).run(served.office)
    assert older.read_bytes() == b"archived before the restore"
    assert {row.number for row in served.rows(t.crl)} == {1, 2}


def test_a_list_in_force_and_the_newest_stay_whoever_asks(lists):
    lists.publish()
    lists.publish()
    everything = tuple(row.id for row in lists.rows(t.crl))
    assert lists.do(ForgetLists(lists=everything, manifest="0" * 64), SYSTEM).created_id == 0
    lists.clock.move(days=400)
    assert lists.do(ForgetLists(lists=everything, manifest="0" * 64), SYSTEM).created_id == len(SCOPES)
    assert {row.number for row in lists.rows(t.crl)} == {2}
    with pytest.raises(NotAllowed):
        lists.do(ForgetLists(lists=everything, manifest="0" * 64), PUBLIC)


def test_a_run_that_was_killed_before_the_commit_is_done_again(served, tmp_path, monkeypatch):
    folder = tmp_path / "archive"
    archive = ListArchive(folder, KEEP)

    def killed(*_given):
        raise KeyboardInterrupt

    monkeypatch.setattr(list_archive, "handle", killed)
    with pytest.raises(KeyboardInterrupt):
        archive.run(served.office)
    monkeypatch.undo()
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert len(served.rows(t.crl)) == 2 * len(SCOPES)
    assert archive.run(served.office) == len(SCOPES)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == files


def test_workers_that_archive_at_once_archive_each_list_once(migrated_postgresql_url, tmp_path):
    lists = Lists(migrated_postgresql_url, passphrase=b"p" * 40)
    for _ in range(4):
        lists.publish()
        lists.clock.move(days=2)
    archive = ListArchive(tmp_path, timedelta(days=1))
    with ThreadPoolExecutor(3) as workers:
        done = sum(workers.map(archive.run, [lists.office] * 3))
    told = lists.rows(t.audit_entry, t.audit_entry.c.kind == "lists_archived")
    lists.close()
    assert done == sum(json.loads(row.body)["lists"] for row in told) == 3 * len(SCOPES)
    assert len([*tmp_path.rglob("*.crl")]) == 3 * len(SCOPES)


def test_without_a_folder_that_takes_them_lists_stay(served, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"exists|directory"):
        ListArchive(tmp_path / "file", KEEP).run(served.office)
    assert len(served.rows(t.crl)) == 2 * len(SCOPES)


def test_the_command_says_first_what_it_would_archive(guanfang, served, tmp_path):
    told = guanfang("crl", "archive", "--days", "1", "--to", tmp_path, url=served.url)
    assert told.exit_code == 0, told.output
    assert "Add --yes" in told.output
    assert len(served.rows(t.crl)) == 2 * len(SCOPES)
    assert guanfang("crl", "archive", "--days", "1", "--yes", url=served.url).exit_code == 2
    done = guanfang("crl", "archive", "--days", "1", "--to", tmp_path, "--yes", url=served.url)
    assert done.exit_code == 0, done.output
    assert {row.number for row in served.rows(t.crl)} == {2}
    assert "No list" in guanfang("crl", "archive", "--days", "1", "--to", tmp_path, url=served.url).output
