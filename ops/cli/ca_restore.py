"""`guanfang ca restore`: an authority's key put back from its copy, by enough share holders and the people of key work."""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.cli.ca_people import by_people, present, say_dry_run, say_people
from ops.cli.group import FoundError
from workflow.vocabulary import KeyTask

if TYPE_CHECKING:
    from pki.shares import SealedShare

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("name", help="The authority's name, such as xca or xca-g2.")
@click.option("--copy", required=True, type=FILE, help="The encrypted copy of the key.")
@click.option(
    "--share", "files", multiple=True, required=True, type=FILE, help="A holder's share; once for each."
)
@click.option("--reason", required=True, help="Why, in a sentence; all who are present sign it.")
@by_people
def restore(  # noqa: PLR0913 - one parameter an option.
    name: str,
    copy: Path,
    files: tuple[Path, ...],
    reason: str,
    logins: tuple[str, ...],
    *,
    password_stdin: bool,
    yes: bool,
) -> None:
    """Put the key of the authority NAME back from a copy, after it was lost or the passphrase of keys was changed.

    The copy of a key in a token goes into the token of the settings, which may be another one.

    With --password-stdin the passphrases of the shares follow the passwords, in the order of the shares.
    """
    from ops.key_copies import ReadCopy, put_back, shared_secret
    from pki.certificates import read_certificate
    from pki.shares import wipe
    from workflow import restoring
    from workflow.authorities import certificate_of

    shares = [read_share(file) for file in files]
    for one in shares:
        said = f"分持 share {one.index} / {one.set.count}（須 needed {one.set.threshold}）：{one.holder}"
        click.echo(f"{said}  {one.set.id}")
    say_people(KeyTask.RESTORATION)
    if not yes:
        say_dry_run()
        return
    content = copy.read_bytes()
    order = restoring.Restoration(
        name, reason, sha256(content).hexdigest(), frozenset(one.set.id for one in shares)
    )
    with present(logins, from_stdin=password_stdin) as (office, hands, actor):
        restoring.require_restorable(office, order)
        given = [(one, _passphrase(one.holder, from_stdin=password_stdin)) for one in shares]
        secret = shared_secret(given)
        found = ReadCopy(name, content, read_certificate(certificate_of(office, name)).spki_der)
        try:
            restoring.restore(
                office,
                order,
                lambda label: put_back(office.keystore, label, found, bytes(secret)),
                hands,
                actor,
            )
        finally:
            wipe(secret)
    click.echo(f"{name} 的金鑰已回復。 The key of {name} is back.")


def read_share(file: Path) -> SealedShare:
    """Read a share from a file; FoundError when it is none."""
    from pki.errors import ShareRefusedError
    from pki.shares import SealedShare

    try:
        return SealedShare.from_text(file.read_text(encoding="utf-8"))
    except (ShareRefusedError, UnicodeDecodeError) as error:
        raise FoundError(
            f"--share：{file} 不是完好的分持檔，請改提另一位持有人的分持。"
            f" --share: {file} is no sound share. Bring another holder's."
        ) from error


def _passphrase(holder: str, *, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt(f"{holder} 的分持通行碼 Passphrase of {holder}", hide_input=True))
