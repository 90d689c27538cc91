"""What a case kind is made of: states, rows and deadline kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workflow.vocabulary import Ca, CaseKind, Role, StatusChange, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from workflow.commands import CaseCommand, Command
    from workflow.effects import Do
    from workflow.errors import RegistryError
    from workflow.facts import CaseFacts, Facts
    from workflow.policy import Policy

NEW = "new"
"""The state before a case is on file; never stored."""


@dataclass(frozen=True)
class Guard:
    """A condition of a row: says why not, or None. `reads` names the surroundings it needs loaded."""

    name: str
    ask: Callable[[Facts, Policy, Command], RegistryError | None]
    reads: frozenset[str] = frozenset()


def guard(*reads: str) -> Callable[[Callable[[Facts, Policy, Command], RegistryError | None]], Guard]:
    """Make a guard of a function; its name becomes the guard's name."""

    def wrap(ask: Callable[[Facts, Policy, Command], RegistryError | None]) -> Guard:
        return Guard(ask.__name__, ask, frozenset(reads))

    return wrap


@dataclass(frozen=True)
class Row:
    """One way from a state to a state.

    `when` lists policy fields with the value they must have, so one table serves every CA. `change` is done to the
    card's certificates in the same commit. `bars` starts the organisation's ban (REV-05).
    """

    trigger: str
    source: str
    dest: str
    roles: frozenset[Role]
    guards: tuple[Guard, ...] = ()
    effects: tuple[Do, ...] = ()
    when: tuple[tuple[str, Any], ...] = ()
    change: StatusChange = StatusChange.NONE
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    bars: bool = False
    cites: tuple[str, ...] = ()

    def fits(self, policy: Policy) -> bool:
        """Tell whether the row is there under a policy."""
        return all(policy.get(name) == value for name, value in self.when)

    @property
    def reads(self) -> frozenset[str]:
        """The surroundings that the row's guards need."""
        return frozenset().union(*(guard.reads for guard in self.guards))


@dataclass(frozen=True)
class DeadlineKind:
    """A clock that a row starts: its final trigger, and reminders on the way.

    `budget` names the policy field that holds the number of days or months; `basis` gives the moment from which
    they are counted.
    """

    name: str
    zh: str
    en: str
    basis: Callable[[CaseFacts, Policy, datetime], datetime]
    budget: str = ""
    in_months: bool = False
    trigger: str = ""
    reminders: str = ""
    reminder_trigger: str = ""


@dataclass(frozen=True)
class CaseTable:
    """A whole case kind."""

    kind: CaseKind
    states: type[Word]
    finals: frozenset[str]
    rows: tuple[Row, ...]
    deadlines: Mapping[str, DeadlineKind]
    commands: Mapping[str, type[Command]]
    plain: Mapping[str, tuple[str, str]]
    """For each state, what it means for the applicant, in plain words (STA-01)."""
    served: frozenset[Ca] = frozenset(Ca)
    """The CAs that have this kind of case."""


def by_trigger(*commands: type[CaseCommand]) -> dict[str, type[Command]]:
    """Index commands by their triggers."""
    return {command.trigger: command for command in commands}
