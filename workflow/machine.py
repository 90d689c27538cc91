"""The only importer of `transitions`: one shared machine per case kind, checked before it may run.

`decide` is pure. The machine fires on a throw-away probe; its callbacks only note which row fired, because an
exception in a callback of `transitions` would leave the state changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import transitions

from workflow import policies
from workflow.cases import card_application, certificate_request, usercode_reset
from workflow.cases.table import NEW, CaseTable, Row
from workflow.deadlines import Rung, rungs
from workflow.deeds import deed, roles_in_words
from workflow.errors import NotAllowed, Refused, RegistryError, Stale, Words
from workflow.soundness import check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.commands import Command
    from workflow.effects import Do
    from workflow.facts import Facts
    from workflow.policy import Policy
    from workflow.vocabulary import CaseKind, Role, StatusChange

TABLES: Mapping[CaseKind, CaseTable] = {
    table.kind: table for table in (card_application.TABLE, usercode_reset.TABLE, certificate_request.TABLE)
}


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
        return self._row.fits(_probe(event).policy)

    def note(self, event: transitions.EventData) -> None:
        _probe(event).fired = self._row


def _probe(event: transitions.EventData) -> _Probe:
    """Return the probe that an event was fired on; `transitions` knows it only as an object."""
    model: Any = event.model
    probe: _Probe = model
    return probe


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


@lru_cache(maxsize=4096)
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


def why_not(
    facts: Facts, policy: Policy, command: Command, row: Row
) -> tuple[tuple[str, RegistryError], ...]:
    """Return every reason against a row, as (guard's name, refusal); empty when it may fire."""
    found: list[tuple[str, RegistryError]] = []
    if not facts.actor.roles & row.roles:
        said = NotAllowed("access.denied", role=roles_in_words(facts.actor.roles), action=deed(row.trigger))
        found.append(("role", said))
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
        raise Refused("case.not_now", state=state_of(case.kind, case.state), action=deed(trigger))
    seen = getattr(command, "seen_version", None)
    if seen is not None and seen != case.version:
        raise Stale("case.stale", state=state_of(case.kind, case.state))
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


def state_of(kind: CaseKind, state: str) -> Words:
    """Return a state's name in both languages."""
    if state == NEW:
        return Words("—", "—")
    found = TABLES[kind].states(state)
    return Words(found.zh, found.en)


def offers(kind: CaseKind, state: str, policy: Policy, roles: frozenset[Role]) -> tuple[Row, ...]:
    """Return the rows that someone with these roles could try in a state; screens draw only these buttons."""
    return tuple(
        row for row in TABLES[kind].rows if row.source == state and row.fits(policy) and row.roles & roles
    )


def check_all() -> None:
    """Build every machine, so that nonsense stops the start; raises NonsenseTableError."""
    for kind in TABLES:
        _machine(kind)
