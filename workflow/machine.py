"""The only importer of `transitions`: one shared machine per case kind, checked before it may run.

`decide` is pure. The machine fires on a throw-away probe; its callbacks only note which row fired, because an
exception in a callback of `transitions` would leave the state changed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import transitions

from workflow import policies
from workflow.cases import card_application, usercode_reset
from workflow.cases.table import NEW, CaseTable, Row
from workflow.commands import Command, WithUserCode
from workflow.deadlines import Rung, rungs
from workflow.effects import LANES, Do
from workflow.errors import NotAllowed, Refused, RegistryError, Stale
from workflow.vocabulary import CaseKind, Role, StatusChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from workflow.facts import Facts
    from workflow.policy import Policy

TABLES: Mapping[CaseKind, CaseTable] = {
    table.kind: table for table in (card_application.TABLE, usercode_reset.TABLE)
}
PUBLIC_ROLES = frozenset({Role.APPLICANT, Role.HOLDER})


class NonsenseTableError(Exception):
    """A table that must not run; lists every finding."""


@dataclass(frozen=True)
class Decision:
    """What a command leads to: the row that fired and all that has to be written with it."""

    row: Row
    source: str
    state: str
    effects: tuple[Do, ...]
    starts: tuple[Rung, ...]
    stops: tuple[str, ...]
    change: StatusChange
    bars: bool


class _Probe:
    """A throw-away model: carries the policy in, and the row that fired out."""

    def __init__(self, state: str, policy: Policy) -> None:
        self.state = state
        self.policy = policy
        self.fired: Row | None = None


class _RowCallbacks:
    """The two callbacks of one row. `transitions` hands them the event, never more."""

    def __init__(self, row: Row) -> None:
        self._row = row

    def fits(self, event: transitions.EventData) -> bool:
        return self._row.fits(event.model.policy)

    def note(self, event: transitions.EventData) -> None:
        event.model.fired = self._row


@cache
def _machine(kind: CaseKind) -> transitions.Machine:
    """Build the shared machine of a case kind; raises NonsenseTableError before it could run on nonsense."""
    table = TABLES[kind]
    findings = check(table, policies.ALL)
    if findings:
        raise NonsenseTableError("\n".join(findings))
    machine = transitions.Machine(
        None,
        states=[NEW, *(str(state) for state in table.states)],
        initial=NEW,
        auto_transitions=False,
        send_event=True,
    )
    for row in table.rows:
        callbacks = _RowCallbacks(row)
        machine.add_transition(
            row.trigger, str(row.source), str(row.dest), conditions=callbacks.fits, after=callbacks.note
        )
    return machine


def row_for(kind: CaseKind, state: str, trigger: str, policy: Policy) -> Row | None:
    """Return the row that a trigger would fire in a state under a policy, or None."""
    event = _machine(kind).events.get(trigger)
    if event is None:
        return None
    probe = _Probe(state, policy)
    try:
        event.trigger(probe)
    except transitions.MachineError:
        return None
    return probe.fired


def why_not(facts: Facts, policy: Policy, command: Command, row: Row) -> tuple[tuple[str, RegistryError], ...]:
    """Return every reason against a row, as (guard's name, refusal); empty when it may fire."""
    found: list[tuple[str, RegistryError]] = []
    if not facts.actor.roles & row.roles:
        role = "、".join(sorted(role.zh for role in facts.actor.roles)) or "—"
        found.append(("role", NotAllowed("access.denied", role=role, action=row.trigger)))
    for guard in row.guards:
        refusal = guard.ask(facts, policy, command)
        if refusal is not None:
            found.append((guard.name, refusal))
    return tuple(found)


def decide(facts: Facts, policy: Policy, command: Command, trigger: str) -> Decision:
    """Decide one command. Raises the first refusal; pure: no database, clock, random or network."""
    case = facts.case
    row = row_for(case.kind, case.state, trigger, policy)
    if row is None:
        raise Refused("case.not_now", state=state_word(case.kind, case.state), action=trigger)
    seen = getattr(command, "seen_version", None)
    if seen is not None and seen != case.version:
        raise Stale("case.stale", state=state_word(case.kind, case.state))
    for _name, refusal in why_not(facts, policy, command, row):
        raise refusal
    return _decision(facts, policy, row)


def _decision(facts: Facts, policy: Policy, row: Row) -> Decision:
    table = TABLES[facts.case.kind]
    starts = tuple(
        rung for name in row.starts for rung in rungs(table.deadlines[name], facts.case, policy, facts.now)
    )
    stops = row.stops if str(row.dest) not in table.finals else tuple(table.deadlines)
    return Decision(
        row=row,
        source=facts.case.state,
        state=str(row.dest),
        effects=row.effects,
        starts=starts,
        stops=stops,
        change=row.change,
        bars=row.bars,
    )


def state_word(kind: CaseKind, state: str) -> str:
    """Return a state's Chinese name."""
    return "—" if state == NEW else TABLES[kind].states(state).zh


def offers(kind: CaseKind, state: str, policy: Policy, roles: frozenset[Role]) -> tuple[Row, ...]:
    """Return the rows that someone with these roles could try in a state; screens draw only these buttons."""
    return tuple(
        row
        for row in TABLES[kind].rows
        if row.source == state and row.fits(policy) and row.roles & roles
    )


def check_all() -> None:
    """Build every machine, so that nonsense stops the start; raises NonsenseTableError."""
    for kind in TABLES:
        _machine(kind)


def check(table: CaseTable, among: Iterable[Policy]) -> list[str]:
    """Return what is wrong with a table under the policies of the CAs it serves; empty when it may run."""
    findings = [*_unknown_names(table), *_unguarded_doors(table)]
    for policy in among:
        if policy.ca in table.served:
            findings += [f"{table.kind} under {policy.version}: {finding}" for finding in _shape(table, policy)]
    return findings


def _unknown_names(table: CaseTable) -> Iterator[str]:
    states = {str(state) for state in table.states} | {NEW}
    for row in table.rows:
        if row.source not in states or row.dest not in states or row.dest == NEW:
            yield f"{row.trigger}: unknown state in {row.source} -> {row.dest}"
        if row.trigger not in table.commands:
            yield f"{row.trigger}: no command has this trigger"
        if not row.roles:
            yield f"{row.trigger} from {row.source}: nobody may fire it"
        for name in (*row.starts, *row.stops):
            if name not in table.deadlines:
                yield f"{row.trigger}: unknown deadline {name}"
        for do in row.effects:
            if do.effect not in LANES:
                yield f"{row.trigger}: effect {do.effect} has no lane"
    triggers = {row.trigger for row in table.rows}
    for deadline in table.deadlines.values():
        for trigger in (deadline.trigger, deadline.reminder_trigger):
            if trigger and trigger not in triggers:
                yield f"deadline {deadline.name}: no row has its trigger {trigger}"
    for state in table.states:
        if state not in table.plain:
            yield f"{state}: no plain words for the applicant"


def _unguarded_doors(table: CaseTable) -> Iterator[str]:
    """The public may only fire what its user code proves, but for opening a case."""
    for row in table.rows:
        command = table.commands.get(row.trigger)
        proven = command is not None and issubclass(command, WithUserCode)
        if row.roles & PUBLIC_ROLES and row.source != NEW and not proven:
            yield f"{row.trigger} from {row.source}: open to the public without a user code"


def _shape(table: CaseTable, policy: Policy) -> Iterator[str]:
    rows = [row for row in table.rows if row.fits(policy)]
    for (source, trigger), number in Counter((str(row.source), row.trigger) for row in rows).items():
        if number > 1:
            yield f"{number} rows fire for {trigger} in {source}"
    reached, frontier = {NEW}, [NEW]
    while frontier:
        here = frontier.pop()
        found = {str(row.dest) for row in rows if row.source == here} - reached
        reached |= found
        frontier += sorted(found)
    for state in sorted(reached - {NEW}):
        leaves = any(row.source == state and row.dest != state for row in rows)
        if state in table.finals and leaves:
            yield f"{state} is final but has a way out"
        if state not in table.finals and not leaves:
            yield f"{state} is a dead end"
    everywhere = {str(row.source) for row in table.rows} | {str(row.dest) for row in table.rows}
    for state in table.states:
        if str(state) not in everywhere:
            yield f"{state} is unreachable"
