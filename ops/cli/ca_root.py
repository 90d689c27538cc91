"""The next generation of the root, from the options of `guanfang ca rollover root`: a ceremony like that of the first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ops.cli.ca_ceremony import hold_plan, say_plan
from ops.cli.ca_people import say_dry_run, say_people
from ops.cli.group import WrongUseError
from pki.errors import PkiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops.ceremony_plan import Plan
    from pki.keys import KeyKind


@dataclass(frozen=True, slots=True)
class RootOptions:
    """What is asked for the root alone: the record's place, the maker's own backup of a token in place of copies, no links."""

    record: Path | None
    module: str | None
    alone: bool

    @property
    def given(self) -> bool:
        """Whether any of them was."""
        return self.record is not None or self.module is not None or self.alone


def of_the_root(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options for the root alone, as one argument `root`."""

    @click.option(
        "--record",
        type=click.Path(path_type=Path, file_okay=False),
        help="For the root: where the signed record of the ceremony goes, as JSON and PDF.",
    )
    @click.option(
        "--module", metavar="TEXT", help="For the root: what the token's own backup is, in place of --copies."
    )
    @click.option(
        "--without-links",
        "alone",
        is_flag=True,
        help="For the root: make no links with the one before it, whose key is lost or whose last day this is.",
    )
    @wraps(command)
    def packed(*given: Any, record: Path | None, module: str | None, alone: bool, **others: Any) -> Any:
        return command(*given, root=RootOptions(record, module, alone), **others)

    return packed


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say: the key and the years of its certificate, who is present, and copies with their holders."""

    kind: KeyKind
    years: int
    logins: tuple[str, ...]
    directory: Path | None
    holders: tuple[str, ...]
    threshold: int
    root: RootOptions


def roll_over_root(asked: Asked, *, from_stdin: bool, yes: bool) -> None:
    """Say the plan and, with `yes`, hold the ceremony."""
    plan = _planned(asked)
    say_plan(plan)
    say_people(plan.script.task)
    if not yes:
        say_dry_run()
        return
    hold_plan(plan, from_stdin=from_stdin)


def _planned(asked: Asked) -> Plan:
    from ops.ceremony_plan import Plan, PlanError, read_backup, require_places
    from ops.settings import Settings
    from ops.wiring import build_office
    from workflow.acts.share_holders import require_holders
    from workflow.root_rollover import Backup, planned_root

    if asked.root.record is None:
        raise WrongUseError("the root's roll-over leaves a signed record: say where with --record")
    said = _backup(asked)
    office = build_office(Settings.read())
    try:
        words, holders = read_backup(said, office)
        script = planned_root(
            office, asked.kind, asked.years, Backup(words, holders), linked=not asked.root.alone
        )
        with office.reading() as connection:
            require_holders(connection, holders)
        plan = Plan(asked.logins, script, asked.threshold, asked.directory, asked.root.record)
        require_places(plan)
    except (ValueError, PkiError, PlanError) as error:
        raise WrongUseError(str(error)) from error
    finally:
        office.engine.dispose()
    return plan


def _backup(asked: Asked) -> dict[str, Any]:
    if (asked.directory is None) == (asked.root.module is None):
        raise WrongUseError(
            "a root's key needs a backup: either --copies with --holder, or --module with what the token's own is"
        )
    if asked.root.module is not None:
        return {"module": asked.root.module}
    return {
        "holders": list(asked.holders),
        "threshold": asked.threshold,
        "directory": str(asked.directory),
    }
