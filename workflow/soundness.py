"""Whether a case kind's table makes sense: what is wrong with it is found before any case runs on it.

Pure data in, sentences for the programmer out; `workflow.machine` refuses to start while there is one.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from workflow.cases.table import NEW
from workflow.commands import WithUserCode
from workflow.effects import LANES
from workflow.policy import Policy, Sourced
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from workflow.cases.table import CaseTable, Row

PUBLIC_ROLES = frozenset({Role.APPLICANT, Role.HOLDER})


def check(table: CaseTable, among: Iterable[Policy]) -> list[str]:
    """Return what is wrong with a table under the policies of the CAs it serves; empty when it may run."""
    findings = [*_names(table), *_deadlines(table), *_doors(table)]
    if findings:
        # The shape of a table that names what isn't there says nothing.
        return findings
    served = [policy for policy in among if policy.ca in table.served]
    for policy in served:
        findings += [f"{table.kind} under {policy.version}: {finding}" for finding in _shape(table, policy)]
    return [*findings, *_idle(table, served)]


def _names(table: CaseTable) -> Iterator[str]:
    """Find states, triggers, deadlines, effects and policy fields that don't exist."""
    states = {str(state) for state in table.states} | {NEW}
    for row in table.rows:
        if row.source not in states or row.dest not in states or row.dest == NEW:
            yield f"{row.trigger}: unknown state in {row.source} -> {row.dest}"
        if row.trigger not in table.commands:
            yield f"{row.trigger}: no command has this trigger"
        yield from (
            f"{row.trigger}: unknown policy field {name}" for name, _ in row.when if not _is_field(name)
        )
        named = (*row.starts, *row.stops)
        yield from (
            f"{row.trigger}: unknown deadline {name}" for name in named if name not in table.deadlines
        )
        yield from (
            f"{row.trigger}: effect {do.effect} has no lane" for do in row.effects if do.effect not in LANES
        )
    yield from (
        f"{state}: no plain words for the applicant" for state in table.states if state not in table.plain
    )
    yield from (f"{state}: unknown final state" for state in table.finals if state not in states - {NEW})


def _is_field(name: str) -> bool:
    """Tell whether a policy has a sourced field of this name."""
    annotation = Policy.__annotations__.get(name, "")
    return str(annotation).startswith(Sourced.__name__)


def _deadlines(table: CaseTable) -> Iterator[str]:
    """Find deadlines that fire nothing, or count with a number that no policy has."""
    triggers = {row.trigger for row in table.rows}
    for deadline in table.deadlines.values():
        for trigger, field in (
            (deadline.trigger, deadline.budget),
            (deadline.reminder_trigger, deadline.reminders),
        ):
            if trigger and trigger not in triggers:
                yield f"deadline {deadline.name}: no row has its trigger {trigger}"
            if bool(trigger) != bool(field) or (field and not _is_field(field)):
                yield f"deadline {deadline.name}: trigger {trigger or '-'} goes with no policy field {field or '-'}"


def _doors(table: CaseTable) -> Iterator[str]:
    """Find rows open to nobody, and rows the public could fire without a user code; opening a case needs none."""
    for row in table.rows:
        command = table.commands.get(row.trigger)
        proven = command is not None and issubclass(command, WithUserCode)
        if not row.roles or not all(isinstance(role, Role) for role in row.roles):
            yield f"{row.trigger} from {row.source}: nobody may fire it"
        if row.roles & PUBLIC_ROLES and row.source != NEW and not proven:
            yield f"{row.trigger} from {row.source}: open to the public without a user code"


def _shape(table: CaseTable, policy: Policy) -> Iterator[str]:
    """Find twin rows, dead ends and ends that aren't, under one policy."""
    rows = [row for row in table.rows if row.fits(policy)]
    for (source, trigger), number in Counter((str(row.source), row.trigger) for row in rows).items():
        if number > 1:
            yield f"{number} rows fire for {trigger} in {source}"
    for state in sorted(reachable(rows, NEW) - {NEW}):
        if state in table.finals and any(row.source == state for row in rows):
            yield f"{state} is final but has a way out"
        if state not in table.finals and not reachable(rows, state) & table.finals:
            yield f"{state} is a dead end"


def _idle(table: CaseTable, served: Sequence[Policy]) -> Iterator[str]:
    """Find states and rows that no policy ever uses."""
    reached: set[str] = set()
    for policy in served:
        reached |= reachable([row for row in table.rows if row.fits(policy)], NEW)
    yield from (f"{state} is unreachable" for state in table.states if str(state) not in reached)
    for row in table.rows:
        if not any(row.fits(policy) for policy in served):
            yield f"{row.trigger} from {row.source}: fits no policy"


def reachable(rows: Sequence[Row], start: str) -> frozenset[str]:
    """Return the states that can be reached from `start`, itself included."""
    reached, frontier = {str(start)}, [str(start)]
    while frontier:
        here = frontier.pop()
        found = {str(row.dest) for row in rows if row.source == here} - reached
        reached |= found
        frontier += sorted(found)
    return frozenset(reached)
