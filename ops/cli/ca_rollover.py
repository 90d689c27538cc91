"""`guanfang ca rollover`, `tasks`, `abort` and `leave`: the next key of a CA or the root, and what is left of tasks that broke off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.cli.acting import acting, as_somebody
from ops.cli.ca_copies import CopyDesk, may_be_recorded, newest_task, say_broken_off
from ops.cli.ca_people import by_people, present, say_dry_run, say_people
from ops.cli.ca_root import Asked, RootOptions, of_the_root, roll_over_root
from ops.cli.cases import when
from ops.cli.group import ROW_NUMBER, FoundError, WrongUseError
from ops.cli.reading import each, reading
from pki.keys import KeyKind
from pki.shares import MOST, THRESHOLD
from workflow.vocabulary import Ca, KeyTask

if TYPE_CHECKING:
    from workflow.commands_of_authorities import NewAuthority
    from workflow.rollover import Rollover
    from workflow.views.authorities import KeyTaskLine

KINDS = click.Choice([kind.value for kind in KeyKind])
CA_YEARS, ROOT_YEARS = 20, 30
THE_ROOT = "root"
"""On the command line: whichever generation is the newest."""


@click.command()
@click.argument(
    "ca", type=click.Choice([*map(str, Ca), THE_ROOT]), help="The CA that gets a key, or the root."
)
@click.option(
    "--key",
    "kind",
    type=KINDS,
    default=KeyKind.RSA_4096.value,
    show_default=True,
    help="The kind of the new key.",
)
@click.option(
    "--years",
    type=click.IntRange(1, 30),
    help="How many years the certificate lasts; 20 for a CA and 30 for the root without it.",
)
@click.option(
    "--copies",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a copy of the key into this empty folder, and a share of what opens it for each --holder.",
)
@click.option("--holder", "holders", multiple=True, metavar="LOGIN", help="Who holds a share; once for each.")
@click.option(
    "--threshold",
    type=click.IntRange(2, MOST),
    default=THRESHOLD,
    show_default=True,
    help="How many shares open the copy.",
)
@of_the_root
@by_people
def rollover(  # noqa: PLR0913 - one parameter an option.
    ca: str,
    kind: str,
    years: int | None,
    logins: tuple[str, ...],
    *,
    directory: Path | None,
    holders: tuple[str, ...],
    threshold: int,
    root: RootOptions,
    password_stdin: bool,
    yes: bool,
) -> None:
    """Give a CA, or the root, its next key. New certificates come from it; the older key goes on signing lists and answers.

    The root's is a ceremony, whose steps are confirmed one by one; it needs --record, and --copies or --module. With
    --password-stdin follow the passwords: for the root a yes for each step, the last one at the very end; the token's SO
    PIN, for a key in a token; and the holders' passphrases.
    """
    if (directory is None) != (not holders) or (
        holders and not threshold <= len(set(holders)) == len(holders)
    ):
        raise WrongUseError(
            "--copies 與 --holder 須同時指定，且不同的持有人不得少於 --threshold。"
            " --copies and --holder go together, with as many different holders as --threshold or more."
        )
    if ca == THE_ROOT:
        asked = Asked(
            KeyKind(kind),
            years or ROOT_YEARS,
            logins,
            directory,
            holders,
            threshold,
            root,
        )
        roll_over_root(asked, from_stdin=password_stdin, yes=yes)
        return
    if root.given:
        raise WrongUseError("--record, --module and --without-links are for the root")
    desk = CopyDesk(directory, holders, threshold, password_stdin) if directory is not None else None
    plan = replace(_planned(Ca(ca), KeyKind(kind), years or CA_YEARS), holders=holders, threshold=threshold)
    _roll_over_ca(plan, desk, logins, from_stdin=password_stdin, yes=yes)


def _roll_over_ca(
    plan: Rollover, desk: CopyDesk | None, logins: tuple[str, ...], *, from_stdin: bool, yes: bool
) -> None:
    """Say the plan and, with `yes`, carry it out."""
    for label, value in plan.said().items():
        click.echo(f"{label:<12} {value}")
    if desk is None:
        click.echo("未製作備援。 No copy is taken; name --copies and --holder for one.")
    say_people(KeyTask.ROLLOVER)
    if not yes:
        say_dry_run()
        return
    made = _roll_over(plan, desk, logins, from_stdin=from_stdin)
    click.echo(f"{'sha256':<12} {fingerprint(made.certificate)}")
    click.echo(
        f"{made.name} 已開始簽發，前一代僅續簽廢止清冊與 OCSP。 {made.name} issues from now on; the older key serves on."
    )


def _planned(ca: Ca, kind: KeyKind, years: int) -> Rollover:
    from ops.settings import Settings
    from ops.wiring import build_office
    from workflow.rollover import planned

    office = build_office(Settings.read())
    try:
        return planned(office, ca, kind, years)
    finally:
        office.engine.dispose()


def _roll_over(
    plan: Rollover, desk: CopyDesk | None, logins: tuple[str, ...], *, from_stdin: bool
) -> NewAuthority:
    from ops.key_copies import CopiesError
    from workflow.rollover import roll_over

    with present(logins, from_stdin=from_stdin) as (office, hands, actor):
        if desk is None:
            return roll_over(office, plan, hands, actor)
        before = newest_task(office)
        try:
            return roll_over(office, plan, hands, actor, desk.take)
        except BaseException as error:
            # Whatever broke it off: a copy of a key that nobody has is none, and one that is recorded is its only one.
            if not may_be_recorded(office, plan.name):
                desk.remove()
                say_broken_off(office, KeyTask.ROLLOVER, error, before)
            if isinstance(error, CopiesError):
                raise FoundError(str(error)) from error
            raise


def fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate in groups of four digits, to be read aloud."""
    from hashlib import sha256

    digest = sha256(certificate).hexdigest()
    return ":".join(digest[at : at + 4] for at in range(0, len(digest), 4))


@click.command()
def tasks() -> None:
    """List the tasks with authorities' keys, the newest first."""
    from workflow.views.authorities import key_tasks

    with reading() as (connection, _clock):
        for one in each(key_tasks(connection)):
            place = f"  {one.place}" if one.place else ""
            left = "" if one.ended_at else "  尚未結束 not ended"
            left += f"  金鑰未銷毀 keys left: {one.left_reason}" if one.left_reason else ""
            click.echo(
                f"{one.number:>4}  {when(one.at)}  {one.task.zh} {one.task.en}  {one.authorities}"
                f"  {one.state.zh} {one.state.en}  {', '.join(one.people)}{place}{left}"
            )


@click.command()
@click.argument("number", type=ROW_NUMBER, help="The task's number, as `guanfang ca tasks` says it.")
@click.option("--reason", default="broken off", show_default=True, help="Goes into the audit log.")
@click.option("--yes", is_flag=True, help="Do it; without it the command only says what it would do.")
@as_somebody
def abort(number: int, reason: str, login: str, *, password_stdin: bool, yes: bool) -> None:
    """End a task that was broken off and destroy the keys it had made, or those a destruction left in the token."""
    from workflow.key_tasks import abort as abort_task

    if not yes:
        _say_task(_open_task(number))
        click.echo(f"Would end task {number} and destroy the keys that it left. Add --yes to do it.")
        return
    with acting(login, from_stdin=password_stdin) as (office, actor):
        abort_task(office, number, reason, actor)
    click.echo(f"作業 {number} 已結束，未留下金鑰。 Task {number} has ended and left no key.")


@click.command()
@click.argument("number", type=ROW_NUMBER, help="The task's number, as `guanfang ca tasks` says it.")
@click.option("--reason", required=True, help="Why, in a sentence; all who are present sign it.")
@by_people
def leave(number: int, reason: str, logins: tuple[str, ...], *, password_stdin: bool, yes: bool) -> None:
    """End a task whose keys nobody can destroy any more, for their token is lost. It does not say that they are destroyed."""
    from workflow.commands_of_authorities import LeaveKeys
    from workflow.handlers import handle

    task = _open_task(number)
    _say_task(task)
    say_people(task.task)
    if not yes:
        say_dry_run()
        return
    with present(logins, from_stdin=password_stdin) as (office, hands, actor):
        handle(office, LeaveKeys(number=number, reason=reason, hands=hands), actor)
    click.echo(f"作業 {number} 已結束，金鑰未銷毀。 Task {number} has ended; its keys were not destroyed.")


def _open_task(number: int) -> KeyTaskLine:
    from workflow.views.authorities import key_tasks

    with reading() as (connection, _clock):
        task = next((one for one in key_tasks(connection) if one.number == number), None)
    if task is None or task.ended_at is not None:
        raise FoundError(
            f"金鑰作業 {number} 已結束或不存在。 The task {number} has ended or never was; see `guanfang ca tasks`."
        )
    return task


def _say_task(task: KeyTaskLine) -> None:
    click.echo(f"{task.number}  {task.task.zh} {task.task.en}  {task.authorities}  {task.place}")
