"""`guanfang setup master-key` and `master-key-back`: the key that the secrets of new cards follow from, and its copy."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.cli.group import FoundError, WrongUseError
from ops.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.office import Office

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_STDIN = click.option(
    "--stdin", "from_stdin", is_flag=True, help="Read passphrases from standard input, a line each."
)


@click.command("master-key")
@click.option(
    "--copies", type=click.Path(path_type=Path, file_okay=False), help="An empty directory for the copy."
)
@click.option(
    "--holder", "holders", multiple=True, metavar="NAME", help="Who keeps a share of the copy; once for each."
)
@click.option(
    "--threshold", type=click.IntRange(2), default=2, show_default=True, help="Shares that open the copy."
)
@click.option("--yes", is_flag=True, help="Make it; without it the command only says what it would do.")
@_STDIN
def master_key(
    copies: Path | None, holders: tuple[str, ...], threshold: int, *, yes: bool, from_stdin: bool
) -> None:
    """Make the master key of GUANFANG_CARD_MASTER_KEY, which new cards get their secrets from. Does nothing twice.

    With --copies the key is written there too, under a secret that the holders share; each types a passphrase.
    """
    from ops.key_copies import CopiesError, Copying, Holder, remove_copies
    from ops.master_key_copies import write_copy
    from ops.master_keys import ensure_master_key, has_master_key, keyring_of, make_master_key

    if (copies is None) == bool(holders):
        raise WrongUseError("--copies 與 --holder 須同時指定。 Give --copies and --holder together.")
    with _office() as office:
        keyring = keyring_of(office)
        if not yes:
            click.echo(f"Would make the master key {keyring.label} in {keyring.place}. Add --yes to do it.")
            return
        if copies is None or has_master_key(office):
            click.echo(f"The master key {ensure_master_key(office)} is in {keyring.place}.")
            return
        given = tuple(Holder(one, _passphrase(one, from_stdin=from_stdin, twice=True)) for one in holders)
        try:
            value = write_copy(keyring.label, Copying(copies, given, threshold))
        except CopiesError as error:
            raise FoundError(str(error)) from error
        try:
            name = make_master_key(office, value)
        finally:
            # A key that is kept needs its copy, also when that could not be written down.
            if not has_master_key(office):
                remove_copies(copies)
        click.echo(f"The master key {name} is in {keyring.place}, its copy and shares in {copies}.")


@click.command("master-key-back")
@click.option("--copy", required=True, type=_FILE, help="The copy of the key.")
@click.option(
    "--share", "files", multiple=True, required=True, type=_FILE, help="A holder's share; once for each."
)
@click.option("--yes", is_flag=True, help="Do it; without it the command only says what it would do.")
@_STDIN
def master_key_back(copy: Path, files: tuple[Path, ...], *, yes: bool, from_stdin: bool) -> None:
    """Put the lost master key of GUANFANG_CARD_MASTER_KEY back from its copy, where the settings keep such keys."""
    from ops.cli.ca_restore import read_share
    from ops.key_copies import CopiesError
    from ops.master_key_copies import read_copy
    from ops.master_keys import keyring_of, put_master_key_back

    shares = [read_share(file) for file in files]
    with _office() as office:
        label = keyring_of(office).label
        if not yes:
            click.echo(f"Would put the master key {label} back from {copy}. Add --yes to do it.")
            return
        given = [(one, _passphrase(one.holder, from_stdin=from_stdin)) for one in shares]
        try:
            name = put_master_key_back(office, read_copy(label, copy, given))
        except CopiesError as error:
            raise FoundError(str(error)) from error
    click.echo(f"The master key {name} is back.")


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
