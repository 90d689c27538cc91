"""`guanfang setup master-key` and `master-key-back`: the key that the secrets of new cards follow from, and its copy."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.cli.ca_people import present, say_people
from ops.cli.group import FoundError, WrongUseError
from ops.settings import Settings
from workflow.vocabulary import KeyDuty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.master_keys import Presence
    from workflow.office import Office

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_STDIN = click.option(
    "--stdin",
    "from_stdin",
    is_flag=True,
    help="Read from standard input, a line each: the passwords of those present, then the holders' passphrases.",
)
_WITH = click.option(
    "--with",
    "logins",
    multiple=True,
    metavar="LOGIN",
    help="One of the people present; once for each. A demonstration alone needs none.",
)


@click.command("master-key")
@click.option(
    "--copies", type=click.Path(path_type=Path, file_okay=False), help="An empty directory for the copy."
)
@click.option(
    "--holder",
    "holders",
    multiple=True,
    metavar="LOGIN",
    help="Who keeps a share of the copy; once for each.",
)
@click.option(
    "--threshold", type=click.IntRange(2), default=2, show_default=True, help="Shares that open the copy."
)
@click.option("--yes", is_flag=True, help="Make it; without it the command only says what it would do.")
@_WITH
@_STDIN
def master_key(
    copies: Path | None,
    holders: tuple[str, ...],
    threshold: int,
    logins: tuple[str, ...],
    *,
    yes: bool,
    from_stdin: bool,
) -> None:
    """Make the master key of GUANFANG_CARD_MASTER_KEY, which new cards get their secrets from. Does nothing twice.

    With --copies the key is written there too, under a secret that the holders share; each types a passphrase. Those
    who are present log in and sign what was made, for which holders.
    """
    from ops.key_copies import CopiesError
    from ops.master_keys import ensure_master_key, has_master_key, keyring_of, make_master_key

    if (copies is None) == bool(holders):
        raise WrongUseError("--copies 與 --holder 須同時指定。 Give --copies and --holder together.")
    if copies is not None and threshold > len(holders):
        raise WrongUseError(f"--threshold: {threshold} of {len(holders)} is impossible; name more --holder")
    if not yes:
        with _office() as office:
            keyring = keyring_of(office)
            say_people(KeyDuty.CARD_MASTER_KEY)
            if has_master_key(office):
                _say_it_is_there(keyring.current().name, keyring.place, copies)
                return
            click.echo(f"Would make the master key {keyring.label} in {keyring.place}. Add --yes to do it.")
        return
    with _before(logins, holders, from_stdin=from_stdin) as (office, by):
        keyring = keyring_of(office)
        if copies is None or has_master_key(office):
            _say_it_is_there(ensure_master_key(office, by), keyring.place, copies)
            return
        copy = _Copy(office, copies, holders, threshold, from_stdin)
        try:
            name = make_master_key(office, by, copy.make)
        except CopiesError as error:
            raise FoundError(str(error)) from error
        finally:
            copy.remove_unless_needed()
        click.echo(f"The master key {name} is in {keyring.place}, its copy and shares in {copies}.")


def _say_it_is_there(name: str, place: str, copies: Path | None) -> None:
    """Say where a key is; FoundError when copies were asked for, which are made together with a key or never."""
    click.echo(f"The master key {name} is in {place}.")
    if copies is not None:
        raise FoundError(
            "金鑰已存在，本次未製作備份。請以存放處自身的方式備份；或將 GUANFANG_CARD_MASTER_KEY 設為新名稱，"
            "再以 --copies 產製新金鑰。"
            " The key was there, so no copy was made. Back it up by the means of the place it is in, or name a new key in"
            " GUANFANG_CARD_MASTER_KEY and make that one with --copies."
        )


@dataclass(slots=True)
class _Copy:
    """The copy of the key that is being made; `value` is empty until it lies there."""

    office: Office
    directory: Path
    holders: tuple[str, ...]
    threshold: int
    from_stdin: bool
    value: bytes = field(default=b"", repr=False)

    def make(self) -> bytes:
        """Have each holder type a passphrase, make a key and write its copy."""
        from ops.key_copies import Copying, Holder
        from ops.master_key_copies import write_copy
        from ops.master_keys import keyring_of

        given = tuple(
            Holder(one, _passphrase(one, from_stdin=self.from_stdin, twice=True)) for one in self.holders
        )
        self.value = write_copy(keyring_of(self.office).label, Copying(self.directory, given, self.threshold))
        return self.value

    def remove_unless_needed(self) -> None:
        """Remove the copy of a key that was not kept; one that is kept needs it, also when that was not written down."""
        from ops.key_copies import remove_copies
        from ops.master_keys import may_be_kept

        if self.value and not may_be_kept(self.office, self.value):
            remove_copies(self.directory)


@click.command("master-key-back")
@click.option("--copy", required=True, type=_FILE, help="The copy of the key.")
@click.option(
    "--share", "files", multiple=True, required=True, type=_FILE, help="A holder's share; once for each."
)
@click.option("--yes", is_flag=True, help="Do it; without it the command only says what it would do.")
@_WITH
@_STDIN
def master_key_back(
    copy: Path, files: tuple[Path, ...], logins: tuple[str, ...], *, yes: bool, from_stdin: bool
) -> None:
    """Put the lost master key of GUANFANG_CARD_MASTER_KEY back from its copy, where the settings keep such keys."""
    from ops.cli.ca_restore import read_share
    from ops.key_copies import CopiesError
    from ops.master_key_copies import read_copy
    from ops.master_keys import keyring_of, put_master_key_back

    shares = [read_share(file) for file in files]
    if not yes:
        with _office() as office:
            say_people(KeyDuty.CARD_MASTER_KEY)
            label = keyring_of(office).label
            click.echo(f"Would put the master key {label} back from {copy}. Add --yes to do it.")
        return
    with _before(logins, (), from_stdin=from_stdin) as (office, by):
        given = [(one, _passphrase(one.holder, from_stdin=from_stdin)) for one in shares]
        try:
            name = put_master_key_back(office, read_copy(keyring_of(office).label, copy, given), by)
        except CopiesError as error:
            raise FoundError(str(error)) from error
    click.echo(f"The master key {name} is back.")


@contextmanager
def _before(
    logins: tuple[str, ...], holders: tuple[str, ...], *, from_stdin: bool
) -> Iterator[tuple[Office, Presence]]:
    """Give the office, and those who are present; a registry that is no demonstration refuses to go on without any."""
    from ops.master_keys import Presence

    if not logins:
        with _office() as office:
            yield office, Presence(holders=holders)
        return
    with present(logins, from_stdin=from_stdin) as (office, hands, actor):
        yield office, Presence(actor, hands, holders)


@contextmanager
def _office() -> Iterator[Office]:
    from ops.wiring import build_office

    office = build_office(Settings.read())
    try:
        yield office
    finally:
        office.engine.dispose()


def _passphrase(holder: str, *, from_stdin: bool, twice: bool = False) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    question = f"{holder} 的分持通行碼 Passphrase of {holder}"
    return str(click.prompt(question, hide_input=True, confirmation_prompt=twice))
