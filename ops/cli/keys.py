"""`guanfang keys`: the list of compromised keys, and a look at every key that was ever certified."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.cli.acting import acting, as_somebody
from ops.cli.cases import when
from ops.cli.group import ROW_NUMBER, FoundError, WrongUseError
from ops.cli.reading import each, reading
from workflow.errors import Refused
from workflow.views import keys as view

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.views.keys import KeyHolder

DIGEST = re.compile(r"[0-9a-f]{64}")
AT_ONCE = 5_000


@click.group()
def keys() -> None:
    """Examine keys, list compromised ones, clear away unused ones."""


@keys.group()
def blocklist() -> None:
    """Keep the list of keys that never get a certificate."""


@blocklist.command("import")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The list of hashes."
)
@click.option("--source", help="Where the keys are known from; the file's name without it.")
@click.option("--yes", is_flag=True, help="Put them on the list; without it the command only counts them.")
@as_somebody
def import_keys(file: Path, source: str | None, login: str, *, password_stdin: bool, yes: bool) -> None:
    """Put the keys in FILE on the list, which no key ever leaves.

    FILE has a line for each key: the SHA-256 of its SubjectPublicKeyInfo in hexadecimal. What follows on the line is
    a comment, and so is a line that begins with #.
    """
    digests = _read(file)
    if not yes:
        click.echo(f"Would list {len(digests)} keys. Add --yes to do it.")
        return
    from workflow.commands_of_keys import ListCompromisedKeys
    from workflow.handlers import handle

    listed = 0
    with acting(login, from_stdin=password_stdin) as (office, actor):
        for start in range(0, len(digests), AT_ONCE):
            part = tuple(digests[start : start + AT_ONCE])
            command = ListCompromisedKeys(digests=part, source=source or file.name)
            listed += handle(office, command, actor).created_id or 0
        with office.reading() as connection:
            held = view.endangered(connection)
    click.echo(f"{listed} keys were listed, {len(digests) - listed} stood on the list already.")
    _refuse_to_go_on(_said(held, "has a listed key and is to be revoked"))


@blocklist.command()
def count() -> None:
    """Say how many keys stand on the list, and which live certificates have one of them."""
    with reading() as (connection, _clock):
        click.echo(f"{view.listed_count(connection)} keys stand on the list.")
        held = view.endangered(connection)
    _refuse_to_go_on(_said(held, "has a listed key and is to be revoked"))


@keys.command()
def audit() -> None:
    """Examine every key that was ever certified, the authorities' too: its own faults, shared primes, the list."""
    from pki.batch_gcd import shared_factors

    seen, found = _Seen(), []
    with reading() as (connection, _clock):
        for holder in view.all_keys(connection):
            found += _said([holder], *seen.examine(holder))
        held = view.endangered(connection)
    shared = shared_factors([modulus for modulus, _ in seen.moduli])
    found += [f"{seen.moduli[one.place][1]}: shares a prime with another key" for one in shared]
    found += _said(held, "has a key on the list of compromised keys")
    click.echo(f"{seen.count} keys were examined.")
    _refuse_to_go_on(found)


@keys.command()
def unfinished() -> None:
    """List keys that were to be made and are on no record: being made now, or left by a process that was killed."""
    with reading() as (connection, _clock):
        for one in each(view.unfinished_keys(connection)):
            click.echo(f"{one.number:>4}  {when(one.at)}  {one.label}  {one.place}")


@keys.command()
@click.argument("number", type=ROW_NUMBER, help="The key's number, as `guanfang keys unfinished` says it.")
@click.option(
    "--left", default="", help="Why it can't be destroyed: its token is gone. Goes into the audit log."
)
@click.option("--yes", is_flag=True, help="Do it; without it the command only says what it would do.")
@as_somebody
def clear(number: int, left: str, login: str, *, password_stdin: bool, yes: bool) -> None:
    """Destroy the key NUMBER of `guanfang keys unfinished`, if it was made; it can't come on record any more."""
    from workflow.commands_of_keys import ClearKeyIntent
    from workflow.handlers import handle
    from workflow.key_intents import clear as clear_key

    if not yes:
        with reading() as (connection, _clock):
            one = next((one for one in view.unfinished_keys(connection) if one.number == number), None)
        if one is None:
            raise Refused("keys.intent_ended", number=number)
        click.echo(f"{one.number:>4}  {when(one.at)}  {one.label}  {one.place}")
        click.echo(
            f"Would give up the key {number} and {'leave' if left else 'destroy'} it. Add --yes to do it."
        )
        return
    with acting(login, from_stdin=password_stdin) as (office, actor):
        if left.strip():
            handle(office, ClearKeyIntent(number=number, left_reason=left), actor)
            click.echo(f"金鑰 {number} 留置於原處。 The key {number} is left where it may lie.")
            return
        clear_key(office, number, actor)
    click.echo(f"金鑰 {number} 已清除。 The key {number} is cleared away.")


@dataclass
class _Seen:
    """The keys of an audit: how many, and the moduli of those that can be compared, with whose they are."""

    count: int = 0
    moduli: list[tuple[int, str]] = field(default_factory=list)

    def examine(self, holder: KeyHolder) -> list[str]:
        """Return what is wrong with one key by itself, and keep its modulus for the comparison with all others."""
        from pki.certificates import read_tbs
        from pki.errors import DerRefusedError
        from pki.keygate import P256, P384, P521, KeyRules, examine_key, rsa_modulus

        self.count += 1
        # What a profile takes is not asked again: an old profile may have taken what today's does not.
        rules = KeyRules(rsa_bits_to=16_384, curves=frozenset({P256, P384, P521}))
        try:
            spki = read_tbs(holder.tbs).spki_der
            modulus = rsa_modulus(spki)
        except DerRefusedError:
            return ["cannot be read"]
        if modulus is not None:
            self.moduli.append((modulus, _who(holder)))
        return [fault.en for fault in examine_key(spki, rules)]


def _who(holder: KeyHolder) -> str:
    return f"{holder.ca} {holder.serial} ({holder.subject}, {holder.status})"


def _said(holders: Iterable[KeyHolder], *faults: str) -> list[str]:
    return [f"{_who(holder)}: {fault}" for holder in holders for fault in faults]


def _refuse_to_go_on(found: list[str]) -> None:
    for line in found:
        click.echo(line)
    if found:
        raise FoundError(f"{len(found)} findings")


def _read(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise WrongUseError(f"{file} is not a text file") from error
    digests = []
    for number, line in enumerate(lines, 1):
        words = line.split(maxsplit=1)
        if not words or words[0].startswith("#"):
            continue
        digest = words[0].lower()
        if not DIGEST.fullmatch(digest):
            raise WrongUseError(
                f"{file} line {number} does not begin with 64 hexadecimal digits; nothing was listed"
            )
        digests.append(digest)
    repeated = sum(times - 1 for times in Counter(digests).values())
    if repeated:
        click.echo(f"{repeated} lines repeat another one.")
    if not digests:
        raise WrongUseError(f"{file} holds no key")
    return list(dict.fromkeys(digests))
