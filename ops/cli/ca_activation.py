"""`guanfang ca activate`, `deactivate`, `status`, `keeper` and `shares`: the keys under several people's control."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ops.cli.acting import Person, signing
from ops.cli.ca_people import by_people, present, say_dry_run, say_people
from ops.cli.cases import when
from ops.cli.group import FoundError, WrongUseError
from ops.cli.reading import each, reading
from ops.settings import Settings, SettingsError
from pki.shares import COUNT, MOST, THRESHOLD
from workflow.vocabulary import KeyDuty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ops.activation import KeeperClient
    from ops.key_secrets import Holder
    from pki.shares import SealedShare, Share
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.views.shares import ShareSetLine

SHARE = click.option(
    "--share",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A share on a medium; once for each.",
)


@click.group()
def shares() -> None:
    """Split the secret that opens the keys among officers, any few of whom activate them together."""


@shares.command("list")
def list_sets() -> None:
    """List the sets of shares, the newest first, and who holds each share."""
    from workflow.views.shares import share_sets

    with reading() as (connection, _clock):
        for one in each(share_sets(connection)):
            ended = f" – {when(one.ended_at)}" if one.ended_at else ""
            click.echo(
                f"{one.set_id}  {one.state.zh} {one.state.en}  {one.threshold}/{len(one.shares)}"
                f"  {when(one.made_at)}{ended}"
            )
            for share in one.shares:
                click.echo(f"  {share.number}  {share.holder}{_place(share.sealed, ended=bool(ended))}")


def _place(sealed: str | None, *, ended: bool) -> str:
    return "" if sealed or ended else "  媒體 on a medium"


def _splitting(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--out",
            type=click.Path(file_okay=False, path_type=Path),
            help="Write the shares as files into this folder, for media, instead of keeping them in the registry.",
        ),
        click.option(
            "--threshold", type=click.IntRange(2, MOST), default=THRESHOLD, show_default=True,
            help="How many shares are needed.",
        ),
        click.option(
            "--holder", "holders", multiple=True, required=True, metavar="LOGIN",
            help=f"An officer who is to hold a share; once for each, {COUNT} as a rule.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@shares.command()
@_splitting
@by_people
def make(
    holders: tuple[str, ...],
    threshold: int,
    out: Path | None,
    logins: tuple[str, ...],
    *,
    password_stdin: bool,
    yes: bool,
) -> None:
    """Split the secret for the first time; afterwards set GUANFANG_ACTIVATION=shares.

    Software keys are sealed anew under a secret that nobody has seen. Stop the programs before, start them after.
    """
    _announce(holders, threshold)
    if not yes:
        say_dry_run()
        return
    from ops import key_secrets

    settings = Settings.read()
    with present(logins, from_stdin=password_stdin) as (office, hands, actor):
        taken = _take_holders(holders, from_stdin=password_stdin)
        order = key_secrets.Splitting(
            key_secrets.first_secret(settings), threshold, taken, on_media=out is not None
        )
        _tell(key_secrets.share_out(settings, office, order, (hands, actor), partial(_write, out)), out)


@shares.command()
@_splitting
@click.option(
    "--old", "old", multiple=True, metavar="LOGIN", help="A holder of the set in force; once for each."
)
@click.option(
    "--keep-pin",
    is_flag=True,
    help="Leave a token its PIN, where it can't be changed: old shares still make it.",
)
@SHARE
@by_people
def replace(  # noqa: PLR0913 - each is an option of its own.
    holders: tuple[str, ...],
    threshold: int,
    out: Path | None,
    old: tuple[str, ...],
    files: tuple[Path, ...],
    logins: tuple[str, ...],
    *,
    keep_pin: bool,
    password_stdin: bool,
    yes: bool,
) -> None:
    """Put a new set in the place of the one in force, with enough shares of that: when a holder leaves, or lost theirs.

    Software keys are sealed anew and a token gets another PIN, so that old shares open nothing. Activate again after it.
    """
    _announce(holders, threshold)
    if not yes:
        say_dry_run()
        return
    from ops import key_secrets

    settings = Settings.read()
    media = _media(files, old, "--old")
    with present(logins, from_stdin=password_stdin) as (office, hands, actor):
        shared = key_secrets.current_set(office)
        with _logged_in(old, from_stdin=password_stdin) as people:
            given = [_hand_in(office, one.actor, media, from_stdin=password_stdin) for one in people]
        secret = key_secrets.combined(given, shared)
        taken = _take_holders(holders, from_stdin=password_stdin)
        order = key_secrets.Splitting(
            secret, threshold, taken, on_media=out is not None, replaces=shared.set_id, new_pin=not keep_pin
        )
        _tell(key_secrets.share_out(settings, office, order, (hands, actor), partial(_write, out)), out)
    _let_go(settings)


@shares.command()
@click.option(
    "--holder", "holders", multiple=True, required=True, metavar="LOGIN",
    help="A holder of the pending set; once for each.",
)  # fmt: skip
@SHARE
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read from standard input: all passwords, a line each, then the holders' passphrases.",
)
@click.option(
    "--set", "set_id", default="", metavar="ID", help="Which set that waits; the newest without it."
)
def confirm(holders: tuple[str, ...], files: tuple[Path, ...], set_id: str, *, password_stdin: bool) -> None:
    """Finish a change of the token's PIN that was interrupted: if the pending set makes its PIN, it is put in force.

    Where it does not, the token has its old PIN, the set in force still serves, and the change can be run again.
    """
    from ops import key_secrets
    from pki.shares import wipe

    settings = Settings.read()
    media = _media(files, holders, "--holder")
    with signing(holders, from_stdin=password_stdin) as (office, people):
        shared = key_secrets.waiting_set(settings, office, set_id)
        given = [
            _hand_in(office, one.actor, media, from_stdin=password_stdin, shared=shared) for one in people
        ]
        secret = key_secrets.combined(given, shared)
        try:
            key_secrets.confirm(settings, office, secret, shared.set_id)
        finally:
            wipe(secret)
    _let_go(settings)
    click.echo(f"分持已生效。 The set {shared.set_id} is in force.")


def _let_go(settings: Settings) -> None:
    """Let the keeper forget a secret that opens nothing any more."""
    if settings.activation == "shares":
        _client(settings).forget()


def _announce(holders: tuple[str, ...], threshold: int) -> None:
    if len(set(holders)) != len(holders):
        raise WrongUseError("--holder：每人只能持有一份。 --holder: nobody holds two shares; name each once.")
    if threshold > len(holders):
        raise WrongUseError(
            f"--threshold：持有人只有 {len(holders)} 位，請以 --holder 補足。"
            f" --threshold: {threshold} of {len(holders)} is impossible; name more with --holder."
        )
    click.echo(
        f"分持：{len(holders)} 份，任 {threshold} 份可啟用；持有人：{'、'.join(holders)}。"
        f" {len(holders)} shares, any {threshold} activate; held by {', '.join(holders)}."
    )
    say_people(KeyDuty.SHARING)


@contextmanager
def _logged_in(logins: tuple[str, ...], *, from_stdin: bool) -> Iterator[list[Person]]:
    with signing(logins, from_stdin=from_stdin) as (_office, people):
        yield people


def _take_holders(logins: tuple[str, ...], *, from_stdin: bool) -> tuple[Holder, ...]:
    """Let each holder log in and choose the passphrase of their share, alone at the keyboard."""
    from ops import key_secrets

    settings, taken = Settings.read(), []
    for login in logins:
        with _logged_in((login,), from_stdin=from_stdin) as (person,):
            word = _secret(f"Passphrase of the share of {login}", from_stdin=from_stdin, new=True)
            taken.append(key_secrets.holder(settings, person.actor, word))
    return tuple(taken)


def _secret(question: str, *, from_stdin: bool, new: bool = False) -> str:
    if not from_stdin:
        return str(click.prompt(question, hide_input=True, confirmation_prompt=new))
    word = sys.stdin.readline().rstrip("\n")
    if not word:
        raise WrongUseError("there is no passphrase on standard input")
    return word


def _hand_in(
    office: Office,
    actor: Actor,
    media: list[SealedShare],
    *,
    from_stdin: bool,
    shared: ShareSetLine | None = None,
) -> Share:
    from ops import key_secrets

    return key_secrets.hand_in(
        office,
        actor,
        lambda number: _secret(f"Passphrase of share {number} ({actor.name})", from_stdin=from_stdin),
        media,
        shared,
    )


def _media(files: tuple[Path, ...], logins: tuple[str, ...], option: str) -> list[SealedShare]:
    """Read the shares on media; each is of one of those who were named, and nobody has two."""
    from ops import key_secrets

    media = key_secrets.read_media(files)
    seen: dict[str, Path] = {}
    for file, one in zip(files, media, strict=True):
        if one.holder not in logins:
            raise WrongUseError(
                f"--share：{file} 的持有人是 {one.holder}，未以 {option} 指明。"
                f" --share: {file} is a share of {one.holder}, whom no {option} names."
            )
        if one.holder in seen:
            raise WrongUseError(
                f"--share：{seen[one.holder]} 與 {file} 同為 {one.holder} 的分持，請只提使用中的一份。"
                f" --share: {seen[one.holder]} and {file} are both of {one.holder}. Name the one of the set in force."
            )
        seen[one.holder] = file
    return media


def _medium(folder: Path, one: SealedShare) -> Path:
    return folder / f"share-{one.set.id[:8]}-{one.index}.json"


def _write(folder: Path | None, sealed: list[SealedShare]) -> None:
    """Put the shares on their media, on the disk and not only on the way to it; FoundError when they can't be."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for one in sealed:
            descriptor = os.open(_medium(folder, one), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(one.to_text())
                file.flush()
                os.fsync(file.fileno())
        _sync(folder)
    except OSError as error:
        raise FoundError(f"--out: {error}; nothing was changed") from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _tell(sealed: list[SealedShare], folder: Path | None) -> None:
    for one in sealed:
        place = f"  {_medium(folder, one)}" if folder is not None else ""
        click.echo(f"{one.index}  {one.holder}{place}")
    click.echo(f"set {sealed[0].set.id}")
    click.echo(
        "請設定 GUANFANG_ACTIVATION=shares、移除 PIN 設定並重新啟動各程式。"
        " Set GUANFANG_ACTIVATION=shares, take the PIN out of the settings and start the programs anew."
    )


@click.command()
def keeper() -> None:
    """Run the keeper of the activation: it holds the secret in memory until it is deactivated or ends."""
    from ops import logs
    from ops.activation import run

    settings = _sharing()
    logs.configure(settings.log_level)
    try:
        run(settings.keeper_socket)
    except OSError as error:
        raise FoundError(
            f"保管程式無法啟動，請檢查 GUANFANG_ACTIVATION_SOCKET：{error}"
            f" The keeper can't listen at GUANFANG_ACTIVATION_SOCKET: {error}"
        ) from error


@click.command()
@SHARE
@click.option(
    "--with",
    "logins",
    multiple=True,
    required=True,
    metavar="LOGIN",
    help="One of the people present; once for each.",
)
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read from standard input: all passwords, a line each, then the holders' passphrases.",
)
def activate(files: tuple[Path, ...], logins: tuple[str, ...], *, password_stdin: bool) -> None:
    """Activate the keys: holders hand in their shares before the others (two officers and a controller)."""
    from ops import key_secrets
    from pki.shares import wipe
    from workflow.commands_of_authorities import Hand
    from workflow.commands_of_shares import ActivateKeys
    from workflow.handlers import handle

    settings = _sharing()
    client = _keeper_running(settings)
    media = _media(files, logins, "--with")
    with signing(logins, from_stdin=password_stdin) as (office, people):
        shared = key_secrets.current_set(office)
        # Whoever holds no share is present as a witness, as the controller is.
        holders = {one.holder for one in shared.shares} | {one.holder for one in media}
        given = [
            _hand_in(office, one.actor, media, from_stdin=password_stdin)
            for one in people
            if one.actor.name in holders
        ]
        secret = key_secrets.combined(given, shared)
        try:
            key_secrets.require_opening(settings, office, secret)
            numbers = tuple(one.index for one in given)
            hands = tuple(Hand(one.actor.account_id or 0, one.password) for one in people)
            command = ActivateKeys(hands=hands, set_id=shared.set_id, numbers=numbers)
            handle(office, command, people[0].actor)
            _hold(client, shared.set_id, secret)
        finally:
            wipe(secret)
    click.echo("金鑰已啟用。 The keys are activated.")


@click.command()
@click.option("--reason", required=True, help="Goes into the audit log.")
@by_people
def deactivate(reason: str, logins: tuple[str, ...], *, password_stdin: bool, yes: bool) -> None:
    """Deactivate the keys: all programs forget them within a second (two officers and a controller).

    In an emergency whoever may stop the keeper's process has deactivated them too.
    """
    from workflow.commands_of_shares import DeactivateKeys
    from workflow.handlers import handle

    client = _client(_sharing())
    say_people(KeyDuty.DEACTIVATION)
    if not yes:
        say_dry_run()
        return
    with present(logins, from_stdin=password_stdin) as (office, hands, actor):
        handle(office, DeactivateKeys(hands=hands, reason=reason), actor)
    client.forget()
    if client.state().active:
        raise FoundError("the keeper still holds the secret; stop its process")
    click.echo("金鑰已停用。 The keys are deactivated.")


@click.command()
def status() -> None:
    """Tell whether the keys are activated, and with which set of shares; exit code 1 when they are not."""
    settings = Settings.read()
    if settings.activation != "shares":
        click.echo("自動啟用：金鑰由設定開啟。 Automatic: the settings open the keys.")
        return
    state = _client(settings).state()
    if not state.running:
        raise FoundError(
            f"尚未啟用：保管程式未執行（{settings.keeper_socket}）。 Not activated: the keeper does not run."
        )
    if not state.active:
        raise FoundError("尚未啟用。 Not activated; run `guanfang ca activate`.")
    click.echo(f"已啟用 Activated with set {state.set_id}")


def _hold(client: KeeperClient, set_id: str, secret: bytearray) -> None:
    from ops.activation import KeeperError

    try:
        client.hold(set_id, secret)
    except KeeperError as error:
        raise FoundError(
            "保管程式中途停止，金鑰未啟用；請啟動 guanfang ca keeper 後重新執行。"
            f" Not activated: {error}. Start `guanfang ca keeper` and run it again."
        ) from error


def _sharing() -> Settings:
    settings = Settings.read()
    if settings.activation != "shares":
        raise SettingsError(
            "GUANFANG_ACTIVATION: is `automatic`, so there is nothing to activate; set it to `shares`"
        )
    return settings


def _client(settings: Settings) -> KeeperClient:
    from ops.activation import KeeperClient

    return KeeperClient(settings.keeper_socket)


def _keeper_running(settings: Settings) -> KeeperClient:
    client = _client(settings)
    if not client.state().running:
        raise FoundError(
            f"保管程式未執行，請先啟動 guanfang ca keeper。 No keeper answers at {settings.keeper_socket};"
            " start `guanfang ca keeper` first."
        )
    return client
