"""The key ceremony on the command line: a plan, people with passwords, each step confirmed, and a signed record."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from ops.key_copies import shared_secret
from pki.certificates import read_certificate
from pki.keys import KeyKind, SoftwareSigner
from pki.shares import SealedShare
from tests.ops.test_cli import guanfang
from tests.workflow.people import hands, key_workers
from tests.workflow.registry import PASSWORD, STATEMENTS, Registry
from workflow import ceremonies
from workflow.authorities import certificate_of, established, working
from workflow.commands_of_authorities import BeginKeyTask, LeaveKeys
from workflow.errors import Refused, Unavailable
from workflow.store import schema as t
from workflow.vocabulary import KeyTask, Role

__all__ = ["guanfang"]
PASSPHRASES = ("the first holder", "the second holder", "the third holder")
STEPS = 3
"""Before the backup: the plan, the root's key and one authority's; one more follows it."""


class Stage:
    """A registry without authorities, a plan, and the people of ROL-02."""

    def __init__(self, url: str, guanfang, folder) -> None:
        self.registry = Registry(url)
        self.people, self.folder = key_workers(self.registry), folder
        officer = self.registry.account(Role.SECOND_REVIEWER)
        self.holders = [self.people[0].name, self.people[1].name, officer.name]
        self.url, self._guanfang = url, guanfang
        self.plan = folder / "plan.toml"
        self.write([one.name for one in self.people])

    def write(self, witnesses, more="", holders=None):
        self.plan.write_text(
            f"witnesses = {json.dumps(witnesses)}\nrecord = '{self.folder}/record'\n{more}\n"
            "[root]\nkey = 'p-384'\n[[authority]]\nca = 'xca'\nkey = 'p-256'\n"
            f"[backup]\ndirectory = '{self.folder}/copies'\nthreshold = 2\nholders = {json.dumps(holders or self.holders)}\n"
        )

    def lines(self, *, steps=STEPS, words=PASSPHRASES, last="y"):
        return [*[PASSWORD] * len(self.people), *["y"] * steps, *words, last]

    def hold(self, lines=None, *extra):
        given = "".join(f"{one}\n" for one in (lines or self.lines()))
        return self._guanfang(
            "ca", "ceremony", "--plan", str(self.plan), "--stdin", "--yes", *extra, url=self.url, stdin=given
        )

    def nothing_is_left(self):
        assert not established(self.registry.office)
        assert not self.registry.rows(t.authority)
        assert not self.registry.rows(t.key_task, t.key_task.c.ended_at.is_(None))
        copies = self.folder / "copies"
        return not (copies.exists() and list(copies.iterdir()))


@pytest.fixture
def stage(migrated_sqlite_url, guanfang, tmp_path):
    stage = Stage(migrated_sqlite_url, guanfang, tmp_path)
    yield stage
    stage.registry.close()


def test_without_yes_the_plan_is_only_said(stage, guanfang):
    said = guanfang("ca", "ceremony", "--plan", str(stage.plan), url=stage.url)
    assert said.exit_code == 0, said.output
    assert "組織及團體憑證管理中心" in said.output
    assert stage.nothing_is_left()


@pytest.mark.rule("ROL-02", "ROL-08")
def test_a_ceremony_leaves_authorities_a_backup_and_a_record_that_all_signed(stage):
    said = stage.hold()
    assert said.exit_code == 0, said.output
    office = stage.registry.office
    (record,) = stage.folder.glob("record/*.json")
    told = json.loads(record.read_text())["record"]
    assert len(told["signatures"]) == 4
    for one in told["signatures"]:
        signature = bytes.fromhex(one["signature"])
        STATEMENTS.verify(bytes.fromhex(one["spki"]), told["statement"].encode(), signature)
    keys = json.loads(told["statement"])["record"]["keys"]
    assert [one["authority"] for one in keys] == ["root", "xca"]
    assert [row.authority for row in stage.registry.rows(t.key_backup)] == ["root", "xca"]
    grouped = ":".join(keys[1]["sha256"][at : at + 4] for at in range(0, 64, 4))
    assert grouped in said.output
    issuer = read_certificate(certificate_of(office, "root")).subject_key_identifier
    assert read_certificate(certificate_of(office, "xca")).authority_key_identifier == issuer
    again = stage.hold()
    assert "rollover" in again.output


def test_the_paper_names_people_and_fingerprints(stage, guanfang):
    assert stage.hold().exit_code == 0
    (paper,) = stage.folder.glob("record/*.pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.read_bytes())).pages)
    assert "金鑰產製典禮紀錄" in text
    assert "Record of a Key Ceremony" in text
    assert all(one.name in text for one in stage.people)
    out = stage.folder / "again"
    again = guanfang("ca", "record", "1", "--out", str(out), url=stage.url)
    assert again.exit_code == 0, again.output
    assert (out / paper.name).read_bytes() == paper.read_bytes()
    assert guanfang("ca", "record", "2", "--out", str(out), url=stage.url).exit_code == 1


@pytest.mark.rule("ROL-08")
def test_two_of_three_holders_open_a_copy_and_one_does_not(stage):
    assert stage.hold().exit_code == 0
    folder = stage.folder / "copies"
    shares = [
        (SealedShare.from_text(path.read_text()), PASSPHRASES[int(path.stem.split("-")[1]) - 1])
        for path in sorted(folder.glob("share-*.json"))
    ]
    key = SoftwareSigner.from_pkcs8((folder / "xca.p8").read_bytes(), bytes(shared_secret(shares[:2])))
    certificate = read_certificate(certificate_of(stage.registry.office, "xca"))
    assert key.spki_der == certificate.spki_der
    wrong = {
        "share.too_few": shares[:1],
        "share.passphrase": [shares[0], (shares[1][0], "another passphrase")],
    }
    for code, given in wrong.items():
        with pytest.raises(Refused) as refusal:
            shared_secret(given)
        assert refusal.value.code == code
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


@pytest.mark.parametrize(
    "lines",
    [{"steps": 0}, {"steps": 1, "words": ("n",)}, {"words": ("short",) * 3}, {"last": "n"}],
    ids=["at the plan", "at the root", "at the backup", "at the end"],
)
def test_a_ceremony_that_breaks_off_leaves_nothing(stage, lines):
    said = stage.hold(stage.lines(**lines))
    assert said.exit_code == 1, said.output
    assert "broken off" in said.output
    assert stage.nothing_is_left()
    assert stage.hold().exit_code == 0


def test_a_ceremony_that_others_ended_meanwhile_does_not_call_left_keys_destroyed(stage, monkeypatch):
    make = ceremonies._make

    def leave_meanwhile(held, script, task):
        make(held, script, task)
        command = LeaveKeys(number=task.number, reason="the token is gone", hands=hands(*stage.people))
        stage.registry.do(command, stage.people[0])

    with monkeypatch.context() as patched:
        patched.setattr(ceremonies, "_make", leave_meanwhile)
        said = stage.hold()
    assert said.exit_code == 1
    assert "are not destroyed, as people decided" in said.output
    # A later one that breaks off is not taken for the one that was left.
    stage.write([one.name for one in stage.people[:3]])
    assert "its keys and copies are destroyed" in stage.hold(stage.lines()[1:]).output


def test_copies_of_recorded_keys_stay_whatever_happens_afterwards(stage, monkeypatch):
    whole = ceremonies.hold

    def cut_off(*given):
        whole(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(ceremonies, "hold", cut_off)
    said = stage.hold()
    assert said.exit_code != 0
    assert "all copies are kept" in said.output
    assert established(stage.registry.office)
    assert list((stage.folder / "copies").glob("*.p8"))


@pytest.mark.rule("ROL-02")
def test_without_the_controller_no_ceremony_begins(stage):
    stage.write([one.name for one in stage.people[:3]])
    said = stage.hold(stage.lines()[1:])
    assert said.exit_code == 1
    assert "實體安全控管員" in said.output
    assert stage.nothing_is_left()


@pytest.mark.rule("ROL-08")
def test_shares_go_to_three_persons_of_trusted_roles_or_to_nobody(stage, guanfang):
    registry, (ada, ben, aud, _) = stage.registry, stage.people
    again = registry.account(Role.ADMINISTRATOR, person=ada.person_id)
    gone = registry.account(Role.ADMINISTRATOR)
    registry.update(t.account, t.account.c.id == gone.account_id, active=False)
    strange = {
        "nobody": "no open account",
        gone.name: "no open account",
        aud.name: "a holder is",
        again.name: "one person",
    }
    for third, said in strange.items():
        stage.write([one.name for one in stage.people], holders=[ada.name, ben.name, third])
        held, read = stage.hold(), guanfang("ca", "ceremony", "--plan", str(stage.plan), url=stage.url)
        assert (held.exit_code, read.exit_code) == (1, 1)
        assert said in held.output
        assert said in read.output
    assert stage.nothing_is_left()


def test_the_ceremony_itself_asks_again_who_the_holders_are(stage):
    begin = BeginKeyTask(
        task=KeyTask.CEREMONY,
        authorities=("root",),
        plan="{}",
        hands=hands(*stage.people),
        holders=("nobody",),
    )
    with pytest.raises(Refused) as refusal:
        stage.registry.do(begin, stage.people[0])
    assert refusal.value.code == "holder.unknown"
    assert stage.nothing_is_left()


@pytest.mark.parametrize("more", ["colour = 'red'", "[roots]", "witnesses = 3 = 4"])
def test_a_plan_with_what_nobody_knows_is_refused(stage, more):
    stage.write(["a"], more)
    assert stage.hold().exit_code == 2


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("ca = 'xca'", "ca = 'yca'", "[[authority]] ca is 'yca', and there are gca, xca, moica"),
        ("key = 'p-384'", "key = 'p-512'", "[root] key is 'p-512'"),
        ("key = 'p-384'", "years = 'many'", "[root] years is a number from 1 to 30"),
        ("key = 'p-384'", "years = 99", "[root] years is a number from 1 to 30"),
        ("key = 'p-384'", f"name = '{'根' * 62}'", "64"),
        ("witnesses = [", "witnesses = 'ada' # ", 'list of texts, such as ["ada", "ben"]'),
        ("holders = [", "holders = 'ada' # ", "[backup] says holders as a list"),
        ("directory = '", "directory = 7 # '", "[backup] says directory as a text"),
        ("[[authority]]", "[authority]", "[[authority]] is a table for each CA"),
        ("threshold = 2", "threshold = 'two'", "[backup] wants 2 or more"),
    ],
)
def test_what_is_wrong_in_a_plan_is_named_with_its_place(stage, right, wrong, said):
    stage.plan.write_text(stage.plan.read_text().replace(right, wrong, 1))
    held = stage.hold()
    assert held.exit_code == 2
    assert said in held.output


def test_copies_and_record_have_a_place_before_any_key_is_made(stage, guanfang):
    occupied = stage.folder / "a file"
    occupied.write_text("x")
    whole = stage.plan.read_text()
    for name in ("copies", "record"):
        stage.plan.write_text(whole.replace(f"{stage.folder}/{name}", str(occupied)))
        for said in (stage.hold(), guanfang("ca", "ceremony", "--plan", str(stage.plan), url=stage.url)):
            assert (said.exit_code, "Name another folder" in said.output) == (2, True), said.output
    assert stage.nothing_is_left()


def test_a_record_that_cannot_be_written_is_kept_and_its_command_said(stage, guanfang, monkeypatch):
    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", no_space)
        said = stage.hold()
    assert said.exit_code == 1
    assert "The ceremony is held" in said.output
    assert "guanfang ca record 1 --out DIR" in said.output
    assert "No space left" in said.output
    assert established(stage.registry.office)
    out = str(stage.folder / "again")
    assert guanfang("ca", "record", "1", "--out", out, url=stage.url).exit_code == 0


def no_space(*_given):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("number", ["0", "-1", "9" * 30])
def test_a_number_that_no_task_can_have_is_refused(stage, guanfang, number):
    for words in (("abort",), ("leave", "--reason", "x"), ("record", "--out", str(stage.folder / "x"))):
        extra = ("--as", "ada") if words[0] == "abort" else ()
        said = guanfang("ca", *words, *extra, "--", number, url=stage.url)
        assert said.exit_code == 2
        assert "not in the range" in said.output
    assert "never was" in guanfang("ca", "abort", "7", "--as", "ada", url=stage.url).output


def test_a_ceremony_killed_between_the_steps_is_cleared_and_held_anew(stage, guanfang):
    environment = os.environ | {"GUANFANG_DATABASE_URL": stage.url}
    with subprocess.Popen(
        [sys.executable, "-m", "ops.cli", "ca", "ceremony", "--plan", str(stage.plan), "--stdin", "--yes"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True,
    ) as process:  # fmt: skip
        process.stdin.write("".join(f"{one}\n" for one in stage.lines()[:5]))
        process.stdin.flush()
        # It waits for a yes to the root's fingerprint.
        for line in process.stdout:
            if "sha256" in line:
                break
        process.send_signal(signal.SIGKILL)
    (task,) = stage.registry.rows(t.key_task)
    assert task.ended_at is None
    assert "abort" in stage.hold().output
    login = stage.people[0].name
    cleared = guanfang(
        "ca", "abort", str(task.id), "--yes", "--as", login, "--password-stdin", url=stage.url, stdin=f"{PASSWORD}\n"
    )  # fmt: skip
    assert cleared.exit_code == 0, cleared.output
    assert stage.nothing_is_left()
    assert stage.hold().exit_code == 0


def _restore(stage, guanfang, *, words=PASSPHRASES[:2], people=4, name="xca"):
    folder = stage.folder / "copies"
    shares = [
        word for path in sorted(folder.glob("share-*.json"))[: len(words)] for word in ("--share", str(path))
    ]
    present = [word for one in stage.people[:people] for word in ("--with", one.name)]
    lines = "".join(f"{one}\n" for one in (*[PASSWORD] * people, *words))
    return guanfang(
        "ca", "restore", name, "--copy", str(folder / "xca.p8"), *shares, "--reason", "recovery", *present,
        "--password-stdin", "--yes", url=stage.url, stdin=lines,
    )  # fmt: skip


@pytest.mark.rule("ROL-08")
def test_a_lost_key_comes_back_by_two_shares_and_the_people_of_key_work(stage, guanfang):
    assert stage.hold().exit_code == 0
    assert "The key of xca works" in _restore(stage, guanfang).output
    lost = SoftwareSigner.generate(KeyKind.P256).to_pkcs8(b"a passphrase that nobody knows")
    a = t.authority.c
    stage.registry.update(t.authority, a.name == "xca", sealed_key=lost)
    for wrong in ({"words": PASSPHRASES[:1]}, {"people": 3}, {"name": "root"}, {"words": ("wrong", "wrong")}):
        assert _restore(stage, guanfang, **wrong).exit_code == 1
    office = replace(stage.registry.office, key_passphrase=b"p" * 40)
    with pytest.raises(Unavailable):
        working(office, "xca")
    said = _restore(stage, guanfang)
    assert said.exit_code == 0, said.output
    assert working(office, "xca").name == "xca"
    assert "authority_restored" in stage.registry.audit_kinds()


@pytest.mark.rule("ROL-08")
def test_a_copy_of_a_destroyed_key_never_comes_back(stage, guanfang):
    assert stage.hold().exit_code == 0
    present = [word for one in stage.people for word in ("--with", one.name)]
    gone = guanfang(
        "ca", "destroy", "xca", "--force", "--reason", "the end", *present, "--password-stdin", "--yes",
        url=stage.url, stdin=f"{PASSWORD}\n" * 4,
    )  # fmt: skip
    assert gone.exit_code == 0, gone.output
    copies = {row.authority: row.destroyed_at for row in stage.registry.rows(t.key_backup)}
    assert copies["xca"] is not None
    assert copies["root"] is None
    said = _restore(stage, guanfang)
    assert said.exit_code == 1
    assert "Destroyed" in said.output
