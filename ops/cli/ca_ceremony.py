"""`guanfang ca ceremony`: root and authorities made in front of witnesses, from a plan that was agreed on beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.cli.ca_copies import CopyDesk, ask, may_be_recorded, newest_task, say_broken_off
from ops.cli.ca_people import present, say_dry_run, say_people
from ops.cli.group import ROW_NUMBER, FoundError, WrongUseError
from workflow.vocabulary import KeyTask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.ceremony_plan import Plan
    from pki.keystores import KeptKey, Keystore
    from workflow.commands_of_authorities import KeyBackup

YES = frozenset({"y", "yes", "是"})


@click.command()
@click.option(
    "--plan",
    "file",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The ceremony's plan, a TOML file; docs/keys.md has one.",
)
@click.option("--yes", is_flag=True, help="Hold it; without it the command only reads the plan and says it.")
@click.option(
    "--stdin",
    "from_stdin",
    is_flag=True,
    help="Read from standard input, a line each: the witnesses' passwords, a yes for each step, and before the"
    " last step the token's SO PIN, for keys in a token, and the share holders' passphrases.",
)
def ceremony(file: Path, *, yes: bool, from_stdin: bool) -> None:
    """Hold the key ceremony: make root and authorities step by step, share their backup, leave a signed record."""
    plan = _read(file)
    say_plan(plan)
    say_people(KeyTask.CEREMONY)
    if not yes:
        say_dry_run()
        return
    hold_plan(plan, from_stdin=from_stdin)


def _read(file: Path) -> Plan:
    from ops.ceremony_plan import PlanError, read_plan, require_places
    from ops.settings import Settings
    from ops.wiring import build_office
    from workflow.acts.share_holders import require_holders
    from workflow.authorities import established
    from workflow.errors import Refused

    office = build_office(Settings.read())
    try:
        plan = read_plan(file, office)
        # Whoever begins the ceremony is refused the same; here it is known while nobody has come yet.
        with office.reading() as connection:
            require_holders(connection, plan.script.holders)
        if established(office):
            raise Refused("authority.established")
        require_places(plan)
    except PlanError as error:
        raise WrongUseError(str(error)) from error
    else:
        return plan
    finally:
        office.engine.dispose()


def say_plan(plan: Plan) -> None:
    """Say what would be made, with which backup, and where the record goes."""
    for one in plan.script.in_order():
        said = one.said()
        click.echo(f"{said['authority']:<8} {said['key']:<9} {said['years']:>3} 年 years  {said['subject']}")
    for subject, signer in plan.script.links():
        click.echo(f"連結憑證 link: {signer} → {subject}")
    if plan.script.task is KeyTask.ROLLOVER and not plan.script.links():
        click.echo("前一代根金鑰不簽章，無連結憑證。 The root before it does not sign: there are no links.")
    if plan.copies is None:
        click.echo(f"備援 backup: {plan.script.backup['module']}")
    else:
        click.echo(
            f"備援 backup: {plan.copies}，{plan.threshold} / {len(plan.script.holders)}：{', '.join(plan.script.holders)}"
        )
    click.echo(f"紀錄 record: {plan.record}")
    click.echo(f"在場 present: {', '.join(plan.witnesses)}")


def hold_plan(plan: Plan, *, from_stdin: bool) -> None:
    """Hold a ceremony as planned, and write its record; whatever breaks it off leaves no copy of a key that nobody has."""
    from ops.ceremony_record import NoRecordError, write_record
    from ops.key_copies import CopiesError
    from workflow.ceremonies import hold

    master = _Master(plan, from_stdin=from_stdin)
    with present(plan.witnesses, from_stdin=from_stdin) as (office, hands, actor):
        before = newest_task(office)
        try:
            number = hold(office, plan.script, hands, actor, master)
        except BaseException as error:
            by_others = getattr(error, "code", "") in {"authority.established", "authority.exists"}
            if not by_others and may_be_recorded(office, plan.script.root.name):
                click.echo(
                    "憑證機構已登錄或無法確認；備援均予保留，請以 `guanfang ca tasks` 查明。\n"
                    "The authorities are recorded, or it can't be told: all copies are kept. See `guanfang ca tasks`.",
                    err=True,
                )
                raise
            if master.desk is not None:
                master.desk.remove()
            # Whatever broke it off, those present are told what became of it.
            say_broken_off(office, plan.script.task, error, before)
            if isinstance(error, CopiesError):
                raise FoundError(str(error)) from error
            raise
        try:
            written, paper = write_record(office, number, plan.record)
        except NoRecordError as error:
            raise FoundError(f"典禮完成。 The ceremony is held. {error}") from error
    click.echo(f"典禮完成。 The ceremony is held. {written} {paper}")
    if master.desk is None:
        click.echo(
            "本系統未製作備援，請依計畫以模組自身的功能備援。 No copies were written: take the module's own backup, as planned."
        )


class _Master:
    """Reads the steps aloud on the screen, and asks people or standard input."""

    def __init__(self, plan: Plan, *, from_stdin: bool) -> None:
        self._from_stdin = from_stdin
        self._number = 0
        self.desk = (
            CopyDesk(plan.copies, plan.script.holders, plan.threshold, from_stdin)
            if plan.copies is not None
            else None
        )

    def step(self, zh: str, en: str, said: Mapping[str, str]) -> None:
        """Read a step aloud; anything but a yes breaks the ceremony off."""
        self._number += 1
        click.echo(f"\n步驟 Step {self._number}: {zh}\n{en}")
        for name, value in said.items():
            read = (
                ":".join(value[at : at + 4] for at in range(0, len(value), 4)) if name == "sha256" else value
            )
            click.echo(f"  {name}: {read}")
        if ask("確認？ Confirm [y/N]", from_stdin=self._from_stdin).lower() not in YES:
            raise FoundError(f"步驟 {self._number} 未獲確認。 Step {self._number} was not confirmed.")

    def back_up(self, keystore: Keystore, keys: Mapping[str, KeptKey]) -> tuple[KeyBackup, ...]:
        """Have each holder type a passphrase, and write copies and shares."""
        return self.desk.take(keystore, keys) if self.desk is not None else ()


@click.command()
@click.argument("number", type=ROW_NUMBER, help="The task's number, as `guanfang ca tasks` says it.")
@click.option(
    "--out",
    "directory",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder that the record is written into.",
)
def record(number: int, directory: Path) -> None:
    """Write the signed record of a ceremony anew, as JSON and PDF; `guanfang ca tasks` has the NUMBER."""
    from ops.ceremony_record import NoRecordError, write_record
    from ops.settings import Settings
    from ops.wiring import build_office

    office = build_office(Settings.read())
    try:
        for path in write_record(office, number, directory):
            click.echo(path)
    except NoRecordError as error:
        raise FoundError(str(error)) from error
    finally:
        office.engine.dispose()
