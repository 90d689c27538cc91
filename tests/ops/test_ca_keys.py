"""Commands on authorities' keys: dry runs without --yes, and everybody logs in with a password of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ops.test_cli import guanfang
from tests.workflow import batches
from tests.workflow.people import hands, issuing_workers, key_workers
from tests.workflow.registry import PASSWORD, Registry
from workflow.authorities import serving
from workflow.commands_of_authorities import BeginKeyTask
from workflow.store import schema as t
from workflow.vocabulary import Ca, KeyTask

__all__ = ["guanfang"]


class Desk:
    """The command line of a registry with authorities and the people of ROL-02."""

    def __init__(self, url: str, guanfang) -> None:
        self.registry = Registry(url)
        self.office = self.registry.office = replace(self.registry.office, key_passphrase=b"p" * 40)
        batches.establish(self.office)
        self.keepers, self.issuers = key_workers(self.registry), issuing_workers(self.registry)
        self._url, self._guanfang = url, guanfang

    def call(self, *words, people=(), yes=True):
        given = [word for one in people for word in ("--with", one.name)]
        lines = f"{PASSWORD}\n" * len(people)
        asked = (*(("--password-stdin",) if people else ()), *(("--yes",) if yes else ()))
        return self._guanfang("ca", *words, *given, *asked, url=self._url, stdin=lines)


@pytest.fixture
def desk(migrated_sqlite_url, guanfang):
    desk = Desk(migrated_sqlite_url, guanfang)
    yield desk
    desk.registry.close()


def test_a_roll_over_says_first_what_it_would_do(desk):
    said = desk.call("rollover", "xca", yes=False)
    assert said.exit_code == 0, said.output
    assert "組織及團體憑證管理中心 - G2" in said.output
    assert "2 × Administrator" in said.output
    assert serving(desk.office, Ca.XCA) == ("xca",)
    assert not desk.registry.rows(t.key_task)


def test_a_roll_over_by_four_people_tells_the_fingerprint_to_compare(desk):
    said = desk.call("rollover", "xca", "--key", "p-256", people=desk.keepers)
    assert said.exit_code == 0, said.output
    assert serving(desk.office, Ca.XCA) == ("xca", "xca-g2")
    shown = desk.call("show", "xca-g2", yes=False).output
    (fingerprint,) = [line.split()[1] for line in said.output.splitlines() if line.startswith("sha256")]
    assert fingerprint in shown
    assert all(one.name in desk.call("tasks", yes=False).output for one in desk.keepers)


def test_too_few_people_are_told_whom_it_takes(desk):
    said = desk.call("rollover", "xca", "--key", "p-256", people=desk.keepers[:2])
    assert said.exit_code == 1
    assert "實體安全控管員 1 人" in said.output
    assert desk.call("rollover", "xca").exit_code == 2


def test_an_authority_is_retired_and_destroyed_by_the_people_for_each(desk):
    assert desk.call("retire", "gca", "--reason", "換代", yes=False).exit_code == 0
    assert not desk.registry.rows(t.key_task)
    early = ("destroy", "gca", "--reason", "換代")
    assert "without --force this will be refused" in desk.call(*early, yes=False).output
    assert "will be refused" not in desk.call(*early, "--force", yes=False).output
    assert desk.call(*early, people=desk.keepers).exit_code == 1
    said = desk.call("retire", "gca", "--reason", "換代", people=desk.issuers)
    assert said.exit_code == 0, said.output
    wrong = desk.call("destroy", "gca", "--reason", "換代", people=desk.issuers)
    assert wrong.exit_code == 1
    said = desk.call("destroy", "gca", "--reason", "換代", people=desk.keepers)
    assert said.exit_code == 0, said.output
    assert "金鑰已銷毀" in desk.call("list", yes=False).output
    assert desk.call("destroy", "nobody", "--reason", "x").exit_code == 1


def test_an_authority_is_revoked_by_four_people_and_shown_as_such(desk):
    words = ("revoke", "gca", "--because", "superseded", "--reason", "改用新金鑰")
    assert "不能回復" in desk.call(*words, yes=False).output
    assert not desk.registry.rows(t.authority_revocation)
    assert desk.call(*words, people=desk.issuers).exit_code == 1
    said = desk.call(*words, people=desk.keepers)
    assert said.exit_code == 0, said.output
    assert "已取代 Superseded" in desk.call("show", "gca", yes=False).output
    assert desk.call(*words, people=desk.keepers).exit_code == 1


@pytest.mark.rule("ROL-02", "ROL-08")
def test_keys_of_a_lost_token_are_left_by_all_and_never_said_to_be_destroyed(desk):
    begin = BeginKeyTask(
        task=KeyTask.ROLLOVER, authorities=("xca-g2",), plan="{}", hands=hands(*desk.keepers)
    )
    number = str(desk.registry.do(begin, desk.keepers[0]).created_id)
    desk.registry.update(t.key_task, t.key_task.c.id == int(number), place="token lost serial 1")
    aborted = abort_task(desk, number)
    assert aborted.exit_code == 1
    assert "token lost serial 1" in aborted.output
    reason = ("--reason", "模組損毀送廠銷毀")
    assert "token lost serial 1" in desk.call("leave", number, *reason, yes=False).output
    assert desk.call("leave", number, *reason, people=desk.keepers[:2]).exit_code == 1
    said = desk.call("leave", number, *reason, people=desk.keepers)
    assert said.exit_code == 0, said.output
    assert "模組損毀送廠銷毀" in desk.call("tasks", yes=False).output
    kinds = desk.registry.audit_kinds()
    assert ("keys_left" in kinds, "keys_destroyed" in kinds) == (True, False)
    assert "never was" in desk.call("leave", number, *reason, people=desk.keepers).output
    assert desk.call("rollover", "xca", "--key", "p-256", people=desk.keepers).exit_code == 0


def abort_task(desk, number):
    return desk._guanfang(
        "ca", "abort", number, "--yes", "--as", desk.keepers[0].name, "--password-stdin", url=desk._url,
        stdin=f"{PASSWORD}\n",
    )  # fmt: skip
