"""Asking for what copies of keys take: the token's SO PIN and the passphrases of those who hold shares."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pki.keystores import KeptKey, Keystore
    from workflow.commands_of_authorities import KeyBackup
    from workflow.office import Office
    from workflow.vocabulary import KeyTask


@dataclass(slots=True)
class CopyDesk:
    """Where copies go and who holds shares of them; `wrote` tells whether they lie there."""

    directory: Path
    holders: tuple[str, ...]
    threshold: int
    from_stdin: bool
    wrote: bool = False

    def take(self, keystore: Keystore, keys: Mapping[str, KeptKey]) -> tuple[KeyBackup, ...]:
        """Have the security officer and each holder type what is theirs, and write copies and shares."""
        from ops.key_copies import Copying, Holder, write_copies

        in_token = any(key.reference for key in keys.values())
        so_pin = self._secret("模組管理員 PIN SO PIN of the token") if in_token else ""
        holders = [
            Holder(one, self._secret(f"{one} 的分持通行碼 Passphrase of {one}")) for one in self.holders
        ]
        order = Copying(self.directory, tuple(holders), self.threshold, so_pin)
        copies = write_copies(keystore, keys, order)
        self.wrote = True
        return copies

    def remove(self) -> None:
        """Remove what was written."""
        from ops.key_copies import remove_copies

        if self.wrote:
            remove_copies(self.directory)

    def _secret(self, question: str) -> str:
        return ask(question, from_stdin=self.from_stdin, secret=True)


def ask(question: str, *, from_stdin: bool, secret: bool = False) -> str:
    """Ask at the keyboard, a secret twice and unseen, or read a line from standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(
        click.prompt(question, hide_input=secret, confirmation_prompt=secret, default="", show_default=False)
    )


def may_be_recorded(office: Office, name: str) -> bool:
    """Tell whether an authority stands, also when that can't be asked: the only copies of its key are then kept."""
    from sqlalchemy.exc import SQLAlchemyError

    from workflow.authorities import certificate_of
    from workflow.errors import RegistryError

    try:
        certificate_of(office, name)
    except LookupError:
        return False
    except (SQLAlchemyError, RegistryError):
        return True
    return True


def say_broken_off(office: Office, task: KeyTask, error: BaseException) -> None:
    """Say on standard error what became of the keys: destroyed, or left for `guanfang ca abort`."""
    zh, en = task.zh, task.en.lower()
    # Who was refused because of another's task has made nothing.
    number = "" if getattr(error, "code", "") == "authority.task_open" else _left_open(office)
    if number:
        zh_keys = f"金鑰可能仍在，請執行 `guanfang ca abort {number} --yes`"
        en_keys = f"keys may be left, so run `guanfang ca abort {number} --yes`; its copies are destroyed"
    else:
        zh_keys, en_keys = "所產製的金鑰與備援均已銷毀", "its keys and copies are destroyed"
    click.echo(
        f"{zh}已中止：{zh_keys}，未登錄任何憑證機構。\n"
        f"The {en} was broken off: {en_keys}, and no authority was recorded.",
        err=True,
    )


def _left_open(office: Office) -> str:
    """Return the number of the task that has not ended, as it stands when its keys could not be destroyed."""
    from sqlalchemy.exc import SQLAlchemyError

    from workflow.views.authorities import key_tasks

    try:
        with office.reading() as connection:
            return next((str(one.number) for one in key_tasks(connection) if one.ended_at is None), "")
    except SQLAlchemyError:
        return "NUMBER"
