"""A new registry is filled by commands, wholly or not at all."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from ops.cli import main
from ops.master_keys import FileMasterKeys, MasterKeyring
from pki.shares import SplitPlan, seal, split
from tests.workflow.people import key_workers
from tests.workflow.registry import PASSWORD, Registry
from workflow.store import schema as t
from workflow.vocabulary import Role

WINDOWS = """
[[window]]
name = "臺中市政府教育局"
agency_code = "387310000A"
county = "臺中市"
kinds = ["school"]
address = "420 臺中市豐原區示範街36號"
phone = "04-2299-0001"
email = "edu.taichung@example.gov.tw"
"""


@pytest.fixture
def run(migrated_sqlite_url, monkeypatch, tmp_path):
    monkeypatch.setenv("GUANFANG_DATABASE_URL", migrated_sqlite_url)
    monkeypatch.setenv("GUANFANG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("GUANFANG_SECRET_KEY", "s" * 40)
    monkeypatch.setenv("GUANFANG_KEY_PASSPHRASE", "p" * 40)
    return lambda *arguments, **more: CliRunner().invoke(main, ["setup", *map(str, arguments)], **more)


def rows(url, table):
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(sa.select(table)).all()
    engine.dispose()
    return found


def test_windows_are_loaded_from_a_file(run, tmp_path, migrated_sqlite_url):
    file = tmp_path / "windows.toml"
    file.write_text(WINDOWS, encoding="utf-8")
    assert run("windows", file).exit_code == 0
    assert [row.name for row in rows(migrated_sqlite_url, t.review_window)] == ["臺中市政府教育局"]
    again = run("windows", file)
    assert again.exit_code == 2
    assert "was not loaded" in again.output
    assert len(rows(migrated_sqlite_url, t.review_window)) == 1


def test_the_master_key_of_cards_is_made_once_and_written_down(run, tmp_path, migrated_sqlite_url):
    folder = tmp_path / "data" / "card-master-keys"
    assert "Would make" in run("master-key").output
    assert not folder.exists()
    made = run("master-key", "--yes").output
    assert run("master-key", "--yes").output == made
    assert [file.name for file in folder.iterdir()] == ["cards-1.sealed"]
    kinds = [row.kind for row in rows(migrated_sqlite_url, t.audit_entry)]
    assert kinds == ["master_key_begun", "master_key_made"]


def test_a_lost_master_key_comes_back_from_its_copy_by_two_of_three(run, tmp_path, migrated_sqlite_url):
    copies, folder = tmp_path / "copies", tmp_path / "data" / "card-master-keys"
    holders = [f"--holder={one}" for one in ("ada", "ben", "cleo")]
    words = ["correct horse 1", "correct horse 2", "correct horse 3"]
    assert run("master-key", "--copies", copies, "--yes").exit_code == 2
    typed = "".join(f"{one}\n" for one in words)
    made = run("master-key", "--copies", copies, *holders, "--yes", "--stdin", input=typed)
    assert made.exit_code == 0, made.output
    name = made.output.split()[3]
    (folder / "cards-1.sealed").unlink()
    shares = [part for one in ("1-ada", "3-cleo") for part in ("--share", copies / f"share-{one}.json")]
    back = ("master-key-back", "--copy", copies / "cards-1.card-master-key", *shares, "--stdin")
    assert "Would put" in run(*back).output
    assert run(*back, "--yes", input=f"{words[0]}\nwrong words here\n").exit_code == 1
    assert not list(folder.iterdir())
    strange = tmp_path / "share.json"
    strange.write_text(seal(split(b"x", SplitPlan("another"))[2], "cleo", words[2]).to_text())
    mixed = (*back[:4], copies / "share-1-ada.json", "--share", strange, "--stdin", "--yes")
    assert "Share 3 is of another set" in run(*mixed, input=f"{words[0]}\n{words[2]}\n").output
    assert name in run(*back, "--yes", input=f"{words[0]}\n{words[2]}\n").output
    assert name in run("master-key", "--yes").output
    kinds = [row.kind for row in rows(migrated_sqlite_url, t.audit_entry)]
    assert kinds == ["master_key_begun", "master_key_made", "master_key_back"]


def test_copies_of_a_master_key_that_is_there_already_are_refused_and_not_forgotten(run, tmp_path):
    wanted = ("master-key", "--copies", tmp_path / "copies", "--holder=ada", "--holder=ben")
    assert run("master-key", "--yes").exit_code == 0
    for more in ((), ("--yes", "--stdin")):
        said = run(*wanted, *more)
        assert said.exit_code == 1
        assert "no copy was made" in said.output
        assert "GUANFANG_CARD_MASTER_KEY" in said.output
    assert not (tmp_path / "copies").exists()


@pytest.mark.parametrize(
    "content", ["", "not toml", "[[window]]\nnmae = 'x'", "[[organisation]]\nname = 'x'"]
)
def test_a_file_that_does_not_fit_loads_nothing(run, tmp_path, migrated_sqlite_url, content):
    file = tmp_path / "windows.toml"
    file.write_text(content, encoding="utf-8")
    assert run("windows", file).exit_code == 2
    assert rows(migrated_sqlite_url, t.review_window) == []


def test_authorities_are_made_once_and_only_when_meant(run, migrated_sqlite_url):
    assert "Would make" in run("authorities").output
    assert rows(migrated_sqlite_url, t.authority) == []
    assert run("authorities", "--yes").exit_code == 0
    made = rows(migrated_sqlite_url, t.authority)
    assert {row.name for row in made} == {"root", "gca", "xca", "moica"}
    assert run("authorities", "--yes").exit_code == 0
    assert rows(migrated_sqlite_url, t.authority) == made


@pytest.mark.rule("ROL-02")
def test_real_authorities_are_not_made_without_witnesses(run, migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("GUANFANG_TEST_ASSURANCE", "no")
    said = run("authorities", "--yes")
    assert said.exit_code == 1
    assert "guanfang ca ceremony" in said.output
    assert rows(migrated_sqlite_url, t.authority) == []


class Real:
    """A registry that is no demonstration, with the people of ROL-02 and an officer."""

    def __init__(self, url, run, folder):
        self.registry = Registry(url)
        self.people = key_workers(self.registry)
        self.officer = self.registry.account(Role.SECOND_REVIEWER)
        self.run, self.copies = run, folder / "copies"

    def make(self, *more, people=None, words=()):
        there = self.people if people is None else people
        present = [part for one in there for part in ("--with", one.name)]
        typed = "".join(f"{one}\n" for one in (*[PASSWORD] * len(there), *words))
        return self.run("master-key", *present, *more, "--yes", "--stdin", input=typed)

    def told(self, kind):
        rows = self.registry.rows(t.audit_entry, t.audit_entry.c.kind == kind)
        return [json.loads(row.body) for row in rows]


@pytest.fixture
def real(run, migrated_sqlite_url, monkeypatch, tmp_path):
    monkeypatch.setenv("GUANFANG_TEST_ASSURANCE", "no")
    stage = Real(migrated_sqlite_url, run, tmp_path)
    yield stage
    stage.registry.close()


@pytest.mark.rule("ROL-02", "ROL-08")
def test_a_real_master_key_of_cards_is_made_in_front_of_people_who_sign(real, tmp_path):
    alone = real.run("master-key", "--yes")
    assert alone.exit_code == 1
    assert "--with" in alone.output
    assert "1 × Auditor" in real.make(people=real.people[:2]).output
    assert not (tmp_path / "data" / "card-master-keys").exists()
    made = real.make()
    assert made.exit_code == 0, made.output
    (said,) = real.told("master_key_made")
    assert {one["login"] for one in said["signatures"]} == {one.name for one in real.people}
    assert json.loads(said["statement"])["name"] == said["name"]


@pytest.mark.rule("ROL-08")
def test_holders_of_a_real_master_keys_copy_are_known_and_fit(real):
    words = ("correct horse 1", "correct horse 2")
    auditor = real.people[2].name
    for wrong, problem in (("nobody", "nobody"), (auditor, auditor)):
        said = real.make("--copies", real.copies, f"--holder={wrong}", f"--holder={real.officer.name}")
        assert (said.exit_code, problem in said.output) == (1, True), said.output
        assert not real.copies.exists()
    holders = (real.people[0].name, real.officer.name)
    made = real.make("--copies", real.copies, *(f"--holder={one}" for one in holders), words=words)
    assert made.exit_code == 0, made.output
    assert real.told("master_key_made")[0]["holders"] == list(holders)


def test_a_master_key_whose_maker_was_killed_is_recorded_by_the_next_run(real, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(MasterKeyring, "current", killed)
        patched.setattr("ops.master_keys.has_master_key", lambda _office: False)
        assert real.make().exit_code == 1
    assert not real.told("master_key_made")
    assert real.make().exit_code == 0
    assert real.make().exit_code == 0
    (said,) = real.told("master_key_found")
    assert len(said["signatures"]) == len(real.people)


def test_the_copy_of_a_key_that_another_run_forestalled_does_not_stay(run, tmp_path, monkeypatch):
    copies, keep = tmp_path / "copies", FileMasterKeys.keep

    def forestalled(store, label, value):
        keep(store, label, None)
        keep(store, label, value)

    with monkeypatch.context() as patched:
        patched.setattr(FileMasterKeys, "keep", forestalled)
        holders = ("--holder=ada", "--holder=ben")
        said = run(
            "master-key", "--copies", copies, *holders, "--yes", "--stdin", input="correct horse\n" * 2
        )
    assert said.exit_code == 1
    assert not list(copies.iterdir())
