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
    from workflow.views.authorities import KeyTaskLine
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


def newest_task(office: Office) -> int:
    """Return the number of the newest task with keys, so that one which is begun next can be told from those before."""
    from workflow.views.authorities import key_tasks

    with office.reading() as connection:
        return next((one.number for one in key_tasks(connection)), 0)


def say_broken_off(office: Office, task: KeyTask, error: BaseException, before: int) -> None:
    """Say on standard error what became of the keys; `before` is the `newest_task` of the time before they were made."""
    # Who was refused because of another's task has made nothing, and neither has whoever began none.
    mine = None if getattr(error, "code", "") == "authority.task_open" else _task_since(office, task, before)
    if isinstance(mine, str) or (mine is not None and mine.ended_at is None):
        number = mine if isinstance(mine, str) else mine.number
        zh_keys = f"金鑰可能仍在，請執行 `guanfang ca abort {number} --yes`；備援已銷毀"
        en_keys = f"keys may be left, so run `guanfang ca abort {number} --yes`; its copies are destroyed"
    elif mine is not None and mine.left_reason:
        zh_keys = f"作業 {mine.number} 的金鑰依決定留置於原處、未銷毀（guanfang ca leave）；備援已銷毀"
        en_keys = (
            f"its keys were left where they lay and are not destroyed, as people decided (`guanfang ca leave`, task"
            f" {mine.number}); its copies are destroyed"
        )
    else:
        zh_keys, en_keys = "所產製的金鑰與備援均已銷毀", "its keys and copies are destroyed"
    click.echo(
        f"{task.zh}已中止：{zh_keys}，未登錄任何憑證機構。\n"
        f"The {task.en.lower()} was broken off: {en_keys}, and no authority was recorded.",
        err=True,
    )


def _task_since(office: Office, task: KeyTask, before: int) -> KeyTaskLine | str | None:
    """Return the task that was begun since then; where that can't be asked, the word for its number."""
    from sqlalchemy.exc import SQLAlchemyError

    from workflow.views.authorities import key_tasks

    try:
        with office.reading() as connection:
            lines = key_tasks(connection)
    except SQLAlchemyError:
        return "NUMBER"
    return next((one for one in reversed(lines) if one.number > before and one.task is task), None)
