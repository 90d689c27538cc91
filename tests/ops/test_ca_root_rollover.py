"""`guanfang ca rollover root`: a dry run first, then a ceremony by four people with copies, links and a signed record."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from hashlib import sha256

import pytest
from pypdf import PdfReader

from pki.certificates import read_certificate
from tests.ops.test_ca_keys import Desk, abort_task
from tests.ops.test_cli import guanfang
from tests.workflow.people import hands
from tests.workflow.registry import PASSWORD, STATEMENTS
from workflow.authorities import certificate_of
from workflow.commands_of_authorities import BeginKeyTask
from workflow.store import schema as t
from workflow.store.roots import links, roots
from workflow.vocabulary import KeyTask

__all__ = ["guanfang"]
PASSPHRASES = ("the first holder", "the second holder")
STEPS = 4
"""Before the backup: the plan, the key and two links; one more follows it."""


class RootDesk(Desk):
    """The command line, and what the root's roll-over is asked for."""

    def __init__(self, url, guanfang, folder) -> None:
        super().__init__(url, guanfang)
        self.folder = folder

    def words(self):
        """Return what is typed for the roll-over but for --yes."""
        holding = [word for one in self.keepers[:2] for word in ("--holder", one.name)]
        present = [word for one in self.keepers for word in ("--with", one.name)]
        asked = ["--copies", str(self.folder / "copies"), *holding, "--record", str(self.folder / "record")]
        return ["ca", "rollover", "root", "--key", "p-384", *asked, *present, "--password-stdin"]

    def lines(self, *, steps=STEPS, words=PASSPHRASES, last="y"):
        return [*[PASSWORD] * len(self.keepers), *["y"] * steps, *words, last]

    def roll(self, *more, yes=True, **lines):
        given = "".join(f"{one}\n" for one in self.lines(**lines))
        asked = [*self.words(), *more, *(["--yes"] if yes else [])]
        return self._guanfang(*asked, url=self._url, stdin=given)

    def linked(self):
        with self.office.reading() as connection:
            return [one.name for one in links(connection)]

    def roots(self):
        with self.office.reading() as connection:
            return [*roots(connection)]

    def nothing_is_left(self):
        assert self.roots() == ["root"]
        assert not self.linked()
        assert not self.registry.rows(t.key_task, t.key_task.c.ended_at.is_(None))
        copies = self.folder / "copies"
        return not (copies.exists() and list(copies.iterdir()))


@pytest.fixture
def desk(migrated_sqlite_url, guanfang, tmp_path):
    desk = RootDesk(migrated_sqlite_url, guanfang, tmp_path)
    yield desk
    desk.registry.close()


def test_the_roots_roll_over_says_first_what_it_would_make(desk):
    said = desk.roll(yes=False)
    assert said.exit_code == 0, said.output
    for word in ("root-g2", "- G2", "root → root-g2", "root-g2 → root", "2 / 2", "2 × Administrator"):
        assert word in said.output
    assert "A dry run" in said.output
    assert not desk.registry.rows(t.key_task)
    assert desk.nothing_is_left()


@pytest.mark.rule("RV2-09", "ROL-02", "ROL-08")
def test_the_next_root_is_made_copied_linked_and_recorded_on_paper(desk):
    said = desk.roll()
    assert said.exit_code == 0, said.output
    assert desk.roots() == ["root", "root-g2"]
    assert desk.linked() == ["root-g2-by-root", "root-by-root-g2"]
    assert [row.authority for row in desk.registry.rows(t.key_backup)] == ["root-g2"]
    (written,) = desk.folder.glob("record/*.json")
    record = json.loads(written.read_text())["record"]
    for one in record["signatures"]:
        signature = bytes.fromhex(one["signature"])
        STATEMENTS.verify(bytes.fromhex(one["spki"]), record["statement"].encode(), signature)
    (paper,) = desk.folder.glob("record/*.pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.read_bytes())).pages)
    digests = [one["sha256"] for one in json.loads(record["statement"])["record"]["links"]]
    assert len(digests) == 2
    assert all(digest in "".join(text.split()) for digest in digests)
    desk.call("rollover", "xca", "--key", "p-256", people=desk.keepers)
    signer = read_certificate(certificate_of(desk.office, "root-g2")).subject_key_identifier
    assert read_certificate(certificate_of(desk.office, "xca-g2")).authority_key_identifier == signer


@pytest.mark.rule("ROL-02", "ROL-08")
def test_a_link_is_listed_shown_and_revoked_by_four_people(desk):
    assert desk.roll().exit_code == 0
    name = "root-g2-by-root"
    assert f"{name}  連結憑證 link" in desk.call("list", yes=False).output
    (row,) = desk.registry.rows(t.root_link, t.root_link.c.subject == "root-g2")
    digest = sha256(row.certificate).hexdigest()
    assert digest in desk.call("show", name, yes=False).output.replace(":", "")
    words = ("revoke", name, "--because", "superseded", "--reason", "改用新根")
    assert "root → root-g2" in desk.call(*words, yes=False).output
    assert desk.call(*words, people=desk.keepers[:2]).exit_code == 1
    assert not desk.registry.rows(t.authority_revocation)
    said = desk.call(*words, people=desk.keepers)
    assert said.exit_code == 0, said.output
    assert "已取代 Superseded" in desk.call("show", name, yes=False).output
    assert f"{name}  已廢止 revoked" in desk.call("list", yes=False).output
    assert desk.call(*words, people=desk.keepers).exit_code == 1
    root = desk.call("revoke", "root", *words[2:], people=desk.keepers)
    assert "its link by another root" in root.output


def test_a_root_may_stand_alone_where_the_older_key_is_lost(desk):
    told = desk.roll("--without-links", yes=False)
    assert "there are no links" in told.output
    said = desk.roll("--without-links", steps=2)
    assert said.exit_code == 0, said.output
    assert (desk.roots(), desk.linked()) == (["root", "root-g2"], [])


@pytest.mark.rule("ROL-08")
@pytest.mark.parametrize(
    "lines",
    [{"steps": 0}, {"steps": 2}, {"steps": 3}, {"words": ("short", "short")}, {"last": "n"}],
    ids=["at the plan", "at a link", "at the other link", "at the backup", "at the end"],
)
def test_a_roll_over_of_the_root_that_breaks_off_leaves_nothing(desk, lines):
    said = desk.roll(**lines)
    assert said.exit_code == 1, said.output
    assert "broken off" in said.output
    assert desk.nothing_is_left()


def test_whoever_comes_while_another_makes_the_next_root_is_refused(desk):
    begin = BeginKeyTask(
        task=KeyTask.ROLLOVER, authorities=("root-g2",), plan="{}", hands=hands(*desk.keepers)
    )
    number = str(desk.registry.do(begin, desk.keepers[0]).created_id)
    said = desk.roll()
    assert said.exit_code == 1
    assert f"guanfang ca abort {number}" in said.output
    assert desk.roots() == ["root"]
    assert abort_task(desk, number).exit_code == 0
    assert desk.roll().exit_code == 0


def test_a_roll_over_killed_between_the_key_and_its_links_is_cleared_and_held_anew(desk):
    """The process waits for a yes to the first link's fingerprint, which comes after the key's."""
    with subprocess.Popen(
        [sys.executable, "-m", "ops.cli", *desk.words(), "--yes"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"GUANFANG_DATABASE_URL": desk._url},
    ) as process:  # fmt: skip
        process.stdin.write("".join(f"{one}\n" for one in desk.lines()[: len(desk.keepers) + 2]))
        process.stdin.flush()
        fingerprints = (line for line in process.stdout if "sha256" in line)
        assert [next(fingerprints), next(fingerprints)]
        process.send_signal(signal.SIGKILL)
    (task,) = desk.registry.rows(t.key_task)
    assert task.ended_at is None
    assert desk.roots() == ["root"]
    assert abort_task(desk, str(task.id)).exit_code == 0
    assert desk.nothing_is_left()
    assert desk.roll().exit_code == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--module", "the maker's own"), "needs a backup"),
        (("--threshold", "3"), "as many different holders"),
        (("--key", "rsa-1024"), "rsa-1024"),
        (("--years", "31"), "31"),
    ],
)
def test_what_can_not_be_asked_of_the_roots_roll_over_is_refused(desk, options, words):
    said = desk.roll(*options)
    assert said.exit_code == 2
    assert words in said.output
    assert desk.nothing_is_left()


def test_the_roots_roll_over_wants_a_place_for_its_record_and_a_backup(desk):
    assert "--record" in desk.call("rollover", "root", people=desk.keepers).output
    said = desk.call("rollover", "root", "--record", str(desk.folder), people=desk.keepers)
    assert "needs a backup" in said.output
    module = ("--record", str(desk.folder), "--module", "two cards")
    assert "keys in a token" in desk.call("rollover", "root", *module, people=desk.keepers).output
    for options in (("--record", str(desk.folder)), ("--module", "x"), ("--without-links",)):
        assert desk.call("rollover", "xca", *options, people=desk.keepers).exit_code == 2
    assert desk.nothing_is_left()
