"""A ceremony whose keys lie in a token: copied once under shares, and put into another token when the first is lost."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import pkcs11
import pytest
from pkcs11 import Attribute
from pypdf import PdfReader

from ops import wiring
from ops.settings import Settings
from pki.certificates import read_certificate
from pki.keys import verify_signature
from tests import softhsm
from tests.ops.test_ca_ceremony import PASSPHRASES, stage
from tests.ops.test_cli import guanfang
from tests.workflow.registry import PASSWORD
from workflow import ceremonies
from workflow.authorities import certificate_of, working
from workflow.commands_of_performers import PublishCrl
from workflow.errors import Unavailable
from workflow.facts import SYSTEM
from workflow.key_tasks import abort
from workflow.store import schema as t
from workflow.vocabulary import KeyTaskState

__all__ = ["guanfang", "stage"]
K = t.key_task.c


@pytest.fixture
def use(monkeypatch, stage, token, spare):
    """Set the programs to a token of the run; all are logged out, as in a process of its own."""

    def use(label):
        for name, value in (
            ("KEYSTORE", "pkcs11"), ("PKCS11_MODULE", softhsm.MODULE), ("PKCS11_TOKEN", label),
            ("PKCS11_PIN", softhsm.PIN), ("DATABASE_URL", stage.url),
        ):  # fmt: skip
            monkeypatch.setenv(f"GUANFANG_{name}", str(value))
        pkcs11.lib(str(softhsm.MODULE)).reinitialize()
        keystore = wiring.build_office(Settings.read()).keystore
        stage.registry.office = replace(stage.registry.office, token=keystore)
        return keystore

    return use


def lines(stage, so_pin=softhsm.SO_PIN, **more):
    return stage.lines(words=(so_pin, *PASSPHRASES), **more)


def held(stage, use):
    use("contract")
    said = stage.hold(lines(stage))
    assert said.exit_code == 0, said.output


def restore(stage, guanfang, *, words=PASSPHRASES[:2], name="xca", copy=None, first=0):
    folder = stage.folder / "copies"
    files = sorted(folder.glob("share-*.json"))[first : first + len(words)]
    shares = [word for path in files for word in ("--share", str(path))]
    present = [word for one in stage.people for word in ("--with", one.name)]
    given = "".join(f"{one}\n" for one in (*[PASSWORD] * 4, *words))
    return guanfang(
        "ca", "restore", name, "--copy", str(copy or folder / "xca.copy.json"), *shares, "--reason", "recovery",
        *present, "--password-stdin", "--yes", url=stage.url, stdin=given,
    )  # fmt: skip


def put_on_record(stage, name, content):
    """Write a copy that the registry takes for one of its own."""
    path = stage.folder / f"{len(content)}.other"
    path.write_bytes(content)
    (first, *_) = stage.registry.rows(t.key_backup)
    digest = sha256(content).hexdigest()
    values = {"authority": name, "place": str(path), "sha256": digest, "share_set": first.share_set}
    stage.registry.insert(t.key_backup, **values, made_at=first.made_at)
    return path


@pytest.mark.rule("ROL-08")
def test_a_lost_tokens_key_signs_again_in_another_token(stage, guanfang, use):
    held(stage, use)
    before = working(stage.registry.office, "xca").signer
    assert before.sign(b"data")
    use("spare")
    with pytest.raises(Unavailable, match="not one of the token spare"):
        working(stage.registry.office, "xca")
    said = restore(stage, guanfang)
    assert said.exit_code == 0, said.output
    use("spare")
    back = working(stage.registry.office, "xca").signer
    verify_signature(before.public_key(), b"data", back.sign(b"data"))
    stage.registry.do(PublishCrl(authority="xca"), SYSTEM)
    assert stage.registry.rows(t.crl, t.crl.c.authority == "xca")
    assert "The key of xca works" in restore(stage, guanfang).output
    task = stage.registry.rows(t.key_task)[-1]
    assert (task.state, task.place.split()[1]) == (str(KeyTaskState.DONE), "spare")


@pytest.mark.rule("ROL-02", "ROL-08")
def test_the_record_and_the_paper_name_the_copies_of_a_tokens_keys(stage, use):
    held(stage, use)
    copies = {row.authority: row for row in stage.registry.rows(t.key_backup)}
    assert copies.keys() == {"root", "xca"}
    (paper,) = stage.folder.glob("record/*.pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.read_bytes())).pages)
    for name, row in copies.items():
        content = (stage.folder / "copies" / f"{name}.copy.json").read_bytes()
        assert row.sha256 == sha256(content).hexdigest()
        assert row.sha256 in "".join(text.split())
    assert softhsm.SO_PIN not in text


@pytest.mark.rule("ROL-08")
def test_what_is_wrong_with_copy_or_shares_is_said_and_nothing_is_taken_in(stage, guanfang, use, spare):
    held(stage, use)
    use("spare")
    copies = stage.folder / "copies"
    whole = (copies / "xca.copy.json").read_bytes()
    damaged = put_on_record(stage, "xca", whole[:-9])
    wrapped = put_on_record(stage, "xca", whole.replace(b'"wrapped": "', b'"wrapped": "AAAAAAAAAAAA'))
    other = put_on_record(stage, "xca", (copies / "root.copy.json").read_bytes())
    (copies / "altered").write_bytes(whole + b" ")
    refusals = (
        ("2 shares are needed", {"words": PASSPHRASES[:1]}),
        ("does not open share 2", {"words": (PASSPHRASES[0], "of somebody else")}),
        ("not on the list", {"copy": copies / "altered"}),
        ("not on the list", {"name": "root"}),
        ("is damaged", {"copy": damaged}),
        ("do not open the copy", {"copy": wrapped}),
        ("not that of the certificate", {"copy": other}),
    )
    for words, order in refusals:
        said = restore(stage, guanfang, **order)
        assert said.exit_code == 1, said.output
        assert words in said.output
    stage.registry.update(t.key_backup, t.key_backup.c.authority == "xca", share_set="of-another-ceremony")
    assert "not of the set" in restore(stage, guanfang).output
    assert not stage.registry.rows(t.key_task, K.ended_at.is_(None))
    for task in stage.registry.rows(t.key_task):
        assert not spare.references(f"xca-{task.mark}")


def test_a_copy_of_a_tokens_key_does_not_become_software(stage, guanfang, use, monkeypatch):
    held(stage, use)
    monkeypatch.setenv("GUANFANG_KEYSTORE", "software")
    said = restore(stage, guanfang)
    assert said.exit_code == 1
    assert "goes into a token alone" in said.output


@pytest.mark.parametrize(
    ("given", "words"),
    [({"so_pin": "not the officer's"}, "PinIncorrect"), ({"last": "n"}, "was not confirmed")],
    ids=["another SO PIN", "no at the end"],
)
def test_a_ceremony_that_breaks_off_leaves_no_key_in_the_token(stage, use, token, given, words):
    use("contract")
    said = stage.hold(lines(stage, **given))
    assert said.exit_code == 1
    assert words in said.output
    assert stage.nothing_is_left()
    (task,) = stage.registry.rows(t.key_task)
    assert not token.references(f"root-{task.mark}")
    assert not token.references(f"xca-{task.mark}")


def test_keys_made_after_somebody_ended_the_task_are_destroyed_too(stage, use, token, monkeypatch):
    use("contract")
    make = ceremonies._make

    def ended_before(held, script, task):
        abort(stage.registry.office, task.number, "taken for dead", stage.people[0])
        make(held, script, task)

    monkeypatch.setattr(ceremonies, "_make", ended_before)
    assert stage.hold(lines(stage)).exit_code == 1
    (task,) = stage.registry.rows(t.key_task)
    assert not token.references(f"root-{task.mark}")
    assert not token.references(f"xca-{task.mark}")


def test_a_restoration_that_was_killed_leaves_a_key_that_abort_destroys(stage, guanfang, use, spare):
    held(stage, use)
    use("spare")
    folder = stage.folder / "copies"
    shares = [word for path in sorted(folder.glob("share-*.json"))[:2] for word in ("--share", str(path))]
    people = [word for one in stage.people for word in ("--with", one.name)]
    dying = (
        "import os, sys, signal; from workflow import handlers; from workflow.commands_of_authorities import RestoreAuthority\n"
        "whole = handlers.handle\n"
        "def handle(office, command, actor):\n"
        "    if isinstance(command, RestoreAuthority): os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return whole(office, command, actor)\n"
        "handlers.handle = handle\n"
        "from ops.cli import main; main()"
    )
    killed = subprocess.run(
        [
            sys.executable, "-c", dying, "ca", "restore", "xca", "--copy", str(folder / "xca.copy.json"), *shares,
            "--reason", "recovery", *people, "--password-stdin", "--yes",
        ],
        input="".join(f"{one}\n" for one in (*[PASSWORD] * 4, *PASSPHRASES[:2])),
        env=os.environ.copy(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    (task,) = stage.registry.rows(t.key_task, K.ended_at.is_(None))
    assert len(spare.references(f"xca-{task.mark}")) == 1
    spare.close()
    login = stage.people[0].name
    cleared = guanfang(
        "ca", "abort", str(task.id), "--yes", "--as", login, "--password-stdin", url=stage.url, stdin=f"{PASSWORD}\n"
    )  # fmt: skip
    assert cleared.exit_code == 0, cleared.output
    assert not spare.references(f"xca-{task.mark}")
    spare.close()
    assert restore(stage, guanfang).exit_code == 0


def test_a_plan_may_leave_the_backup_to_the_module(stage, use, token):
    use("contract")
    text = stage.plan.read_text()
    stage.plan.write_text(text[: text.index("[backup]")] + "[backup]\nmodule = 'two cards of the maker'\n")
    said = stage.hold(stage.lines(words=()))
    assert said.exit_code == 0, said.output
    assert "two cards of the maker" in said.output
    assert not stage.registry.rows(t.key_backup)
    (row,) = stage.registry.rows(t.authority, t.authority.c.name == "xca")
    assert read_certificate(certificate_of(stage.registry.office, "xca")).spki_der
    private = token._private(token._opened(), token._own_id(row.key_reference))
    assert private[Attribute.EXTRACTABLE] is False


def roll_over(stage, guanfang, *, so_pin=softhsm.SO_PIN, holders=2):
    people = [word for one in stage.people for word in ("--with", one.name)]
    holding = [word for one in stage.holders[:holders] for word in ("--holder", one)]
    given = "".join(f"{one}\n" for one in (*[PASSWORD] * 4, so_pin, *PASSPHRASES[:2]))
    return guanfang(
        "ca", "rollover", "xca", "--key", "p-256", "--years", "5", "--copies", str(stage.folder / "next"), *holding, *people,
        "--password-stdin", "--yes", url=stage.url, stdin=given,
    )  # fmt: skip


@pytest.mark.rule("ROL-08")
def test_the_next_key_of_a_ca_is_copied_too(stage, guanfang, use):
    held(stage, use)
    assert roll_over(stage, guanfang, holders=1).exit_code == 2
    use("contract")
    broken = roll_over(stage, guanfang, so_pin="not the officer's")
    assert broken.exit_code == 1
    assert "its keys and copies are destroyed" in broken.output
    assert not stage.registry.rows(t.authority, t.authority.c.name == "xca-g2")
    use("contract")
    said = roll_over(stage, guanfang)
    assert said.exit_code == 0, said.output
    (row,) = stage.registry.rows(t.key_backup, t.key_backup.c.authority == "xca-g2")
    copy = stage.folder / "next" / "xca-g2.copy.json"
    assert row.sha256 == sha256(copy.read_bytes()).hexdigest()
    before = working(stage.registry.office, "xca-g2").signer
    use("spare")
    (stage.folder / "copies").rename(stage.folder / "of the ceremony")
    (stage.folder / "next").rename(stage.folder / "copies")
    back = restore(stage, guanfang, name="xca-g2", copy=stage.folder / "copies" / copy.name)
    assert back.exit_code == 0, back.output
    use("spare")
    again = working(stage.registry.office, "xca-g2").signer
    verify_signature(before.public_key(), b"data", again.sign(b"data"))


def test_software_keys_are_not_left_to_a_module(stage):
    text = stage.plan.read_text()
    stage.plan.write_text(text[: text.index("[backup]")] + "[backup]\nmodule = 'none'\n")
    said = stage.hold(stage.lines(words=()))
    assert said.exit_code == 2
    assert "keys in a token" in said.output
