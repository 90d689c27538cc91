"""The next generation of the root, from the options of `guanfang ca rollover root`: a ceremony like that of the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.cli.ca_ceremony import hold_plan, say_plan
from ops.cli.ca_people import say_dry_run, say_people
from ops.cli.group import WrongUseError
from pki.errors import KeyRefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from ops.ceremony_plan import Plan
    from pki.keys import KeyKind


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say: the key and the years of its certificate, who is present, the backup, and the record's place.

    `module` says what the maker's own backup of a token is, in place of copies.
    """

    kind: KeyKind
    years: int
    logins: tuple[str, ...]
    directory: Path | None
    holders: tuple[str, ...]
    threshold: int
    module: str | None
    record: Path | None


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
    from ops.ceremony_plan import Plan, read_backup
    from ops.settings import Settings
    from ops.wiring import build_office
    from workflow.acts.share_holders import require_holders
    from workflow.root_rollover import Backup, planned_root

    if asked.record is None:
        raise WrongUseError("the root's roll-over leaves a signed record: say where with --record")
    said = _backup(asked)
    office = build_office(Settings.read())
    try:
        words, holders = read_backup(said, office)
        script = planned_root(office, asked.kind, asked.years, Backup(words, holders))
        with office.reading() as connection:
            require_holders(connection, holders)
    except (ValueError, KeyRefusedError) as error:
        raise WrongUseError(str(error)) from error
    finally:
        office.engine.dispose()
    return Plan(asked.logins, script, asked.threshold, asked.directory, asked.record)


def _backup(asked: Asked) -> dict[str, Any]:
    if (asked.directory is None) == (asked.module is None):
        raise WrongUseError(
            "a root's key needs a backup: either --copies with --holder, or --module with what the token's own is"
        )
    if asked.module is not None:
        return {"module": asked.module}
    return {"holders": asked.holders, "threshold": asked.threshold, "directory": asked.directory}
