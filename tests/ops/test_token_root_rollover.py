"""The next root in a token: made, linked and copied there, under shares of its own; what breaks off leaves nothing in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from hashlib import sha256

import pytest

from pki.certificates import read_certificate, verify_chain
from pki.keys import verify_signature
from tests import softhsm
from tests.ops.test_ca_ceremony import PASSPHRASES, stage
from tests.ops.test_ca_root_rollover import STEPS
from tests.ops.test_cli import guanfang
from tests.ops.test_token_ceremony import held, restore, use
from tests.workflow.registry import PASSWORD
from workflow.authorities import certificate_of, working
from workflow.store import schema as t
from workflow.store.roots import links

__all__ = ["guanfang", "stage", "use"]
K = t.key_task.c


def words(stage):
    people = [word for one in stage.people for word in ("--with", one.name)]
    holding = [word for one in stage.holders[:2] for word in ("--holder", one)]
    return [
        "ca", "rollover", "root", "--key", "p-384", "--copies", str(stage.folder / "next"), *holding,
        "--record", str(stage.folder / "next record"), *people, "--password-stdin", "--yes",
    ]  # fmt: skip


def lines(stage, *, so_pin=softhsm.SO_PIN):
    given = [*[PASSWORD] * len(stage.people), *["y"] * STEPS, so_pin, *PASSPHRASES[:2], "y"]
    return "".join(f"{one}\n" for one in given)


def linked(stage):
    with stage.registry.office.reading() as connection:
        return {one.name: one.certificate for one in links(connection)}


def left_in(keystore, stage):
    """Return the keys of the newest task that lie in the token."""
    task = stage.registry.rows(t.key_task)[-1]
    return keystore.references(f"root-g2-{task.mark}")


@pytest.mark.rule("RV2-09", "ROL-08")
def test_the_next_root_lies_in_the_token_with_links_and_shares_of_its_own(stage, guanfang, use):
    held(stage, use)
    use("contract")
    said = guanfang(*words(stage), url=stage.url, stdin=lines(stage))
    assert said.exit_code == 0, said.output
    office = use_again(stage, use, "contract")
    old, new = (certificate_of(office, name) for name in ("root", "root-g2"))
    # The command line asks the machine's clock, not the registry's frozen one.
    made, now = linked(stage), read_certificate(new).not_before
    verify_chain((made["root-g2-by-root"], old), now)
    verify_chain((made["root-by-root-g2"], new), now)
    copies = {row.authority: row for row in stage.registry.rows(t.key_backup)}
    assert copies["root-g2"].share_set not in {copies["root"].share_set, copies["xca"].share_set}
    content = (stage.folder / "next" / "root-g2.copy.json").read_bytes()
    assert copies["root-g2"].sha256 == sha256(content).hexdigest()
    its_own_shares_alone_bring_it_back(stage, guanfang, use)


def use_again(stage, use, label):
    use(label)
    return stage.registry.office


def its_own_shares_alone_bring_it_back(stage, guanfang, use):
    before = working(stage.registry.office, "root-g2").signer
    copy = stage.folder / "next" / "root-g2.copy.json"
    use("spare")
    other = restore(stage, guanfang, name="root-g2", copy=copy)
    assert other.exit_code == 1
    assert "not of the set" in other.output
    (stage.folder / "copies").rename(stage.folder / "of the ceremony")
    (stage.folder / "next").rename(stage.folder / "copies")
    copy = stage.folder / "copies" / copy.name
    few = restore(stage, guanfang, name="root-g2", copy=copy, words=PASSPHRASES[:1])
    assert "2 shares are needed" in few.output
    back = restore(stage, guanfang, name="root-g2", copy=copy)
    assert back.exit_code == 0, back.output
    again = working(use_again(stage, use, "spare"), "root-g2").signer
    verify_signature(before.public_key(), b"data", again.sign(b"data"))


def test_a_roll_over_that_breaks_off_leaves_no_key_of_the_root_in_the_token(stage, guanfang, use, token):
    held(stage, use)
    use("contract")
    said = guanfang(*words(stage), url=stage.url, stdin=lines(stage, so_pin="not the officer's"))
    assert said.exit_code == 1
    assert "its keys and copies are destroyed" in said.output
    assert not left_in(token, stage)
    assert not linked(stage)
    assert not list(stage.folder.glob("next/*"))


def test_a_roll_over_killed_before_its_links_leaves_a_key_that_abort_destroys(stage, guanfang, use, token):
    """It waits for a yes to the fingerprint of the first link: plan, key and links are read aloud one by one."""
    held(stage, use)
    use("contract")
    token.close()
    with subprocess.Popen(
        [sys.executable, "-m", "ops.cli", *words(stage)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ.copy(),
    ) as process:  # fmt: skip
        process.stdin.write("".join(f"{one}\n" for one in (*[PASSWORD] * len(stage.people), "y", "y")))
        process.stdin.flush()
        fingerprints = (line for line in process.stdout if "sha256" in line)
        assert [next(fingerprints), next(fingerprints)]
        process.send_signal(signal.SIGKILL)
    (task,) = stage.registry.rows(t.key_task, K.ended_at.is_(None))
    assert len(left_in(token, stage)) == 1
    token.close()
    login = stage.people[0].name
    cleared = guanfang(
        "ca", "abort", str(task.id), "--yes", "--as", login, "--password-stdin", url=stage.url, stdin=f"{PASSWORD}\n"
    )  # fmt: skip
    assert cleared.exit_code == 0, cleared.output
    assert not left_in(token, stage)
    assert not stage.registry.rows(t.authority, t.authority.c.name == "root-g2")
