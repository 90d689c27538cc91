"""What a command came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workflow.card_sessions import CardTurn
    from workflow.errors import RegistryError
    from workflow.facts import Actor, CaseFacts


@dataclass(frozen=True)
class Outcome:
    """The result of a command. `secret` is shown once and kept nowhere."""

    case_id: int | None = None
    number: str | None = None
    state: str | None = None
    version: int | None = None
    created_id: int | None = None
    secret: str | None = field(default=None, repr=False)
    actor: Actor | None = None
    cases: tuple[Outcome, ...] = ()
    turn: CardTurn | None = field(default=None, repr=False)
    """What comes next in a conversation with a card."""
    refusal: RegistryError | None = None
    """A refusal that leaves a trace, such as a counted wrong try: raised after the commit."""


def of_case(case: CaseFacts, *, secret: str | None = None, created_id: int | None = None) -> Outcome:
    """Return the outcome of a command to a case."""
    return Outcome(
        case_id=case.id,
        number=case.number,
        state=case.state,
        version=case.version,
        secret=secret,
        created_id=created_id,
    )
