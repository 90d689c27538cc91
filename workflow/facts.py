"""What is known about a case, its surroundings and the actor when a command is decided: plain frozen values.

The shell loads them under the case's row lock; `Surroundings` only as far as the row's guards ask for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workflow.vocabulary import Ca, CaseKind, Rank, Role, Stage, SubscriberKind, Verdict

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True)
class Actor:
    """Who acts: an account with its natural person, an applicant proven by user code, or the system."""

    name: str
    roles: frozenset[Role]
    account_id: int | None = None
    person_id: int | None = None
    window_id: int | None = None
    channel: str = "web"

    def has(self, role: Role) -> bool:
        """Tell whether the actor holds a role."""
        return role in self.roles


SYSTEM = Actor(name="system", roles=frozenset({Role.SYSTEM}), channel="worker")
PUBLIC = Actor(name="public", roles=frozenset({Role.APPLICANT, Role.HOLDER}))


@dataclass(frozen=True)
class CaseFacts:
    """The case's own row."""

    id: int
    number: str
    ca: Ca
    kind: CaseKind
    state: str
    version: int
    policy_version: str
    organisation_id: int | None = None
    window_id: int | None = None
    subject_name: str = ""
    subscriber_kind: SubscriberKind | None = None
    rank: Rank | None = None
    parent_id: int | None = None
    revision: int = 0
    snapshot_sha256: str = ""
    entered_by: int | None = None
    """The person who keyed the entry in, when a member of the staff did."""
    card_number: str | None = None
    user_code_tries: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    """Small facts gathered on the way, such as the basis dates of deadlines."""


@dataclass(frozen=True)
class DecisionFact:
    """A review decision that still stands."""

    stage: Stage
    verdict: Verdict
    person_id: int
    snapshot_sha256: str


@dataclass(frozen=True)
class Surroundings:
    """What the registry knows around the case, loaded by need."""

    decisions: tuple[DecisionFact, ...] = ()
    clerks: frozenset[int] = frozenset()
    """Persons who logged or tied a letter of this case."""
    letters: int = 0
    primary_case: str | None = None
    """Number of another case of the same organisation that holds or asks for a primary card."""
    primary_expires: date | None = None
    banned_until: date | None = None
    not_eligible: str | None = None
    """Why the organisation may not apply, in its own words; None if it may (APP-12)."""
    has_oid: bool = True
    """Whether the organisation has its object identifier (OID-01)."""
    certificates_alive: bool = True
    certificates_suspended: bool = False
    items_examined: bool = False
    """Whether every item of a batch has been looked at."""
    items_waiting: int = 0
    """Items of a batch that nobody refused and that have no certificate yet."""
    items_issued: int = 0
    items_refused: int = 0
    items_alive: int = 0
    """Certificates of a batch that wait for their subscriber's word and are not revoked."""
    held_elsewhere: bool = False
    """Whether another case of the same card keeps its certificates suspended."""
    other_reset: str | None = None
    """Number of another reset of the same card whose sealed copy has come."""


@dataclass(frozen=True)
class Facts:
    """Everything a decision is made from."""

    case: CaseFacts
    actor: Actor
    now: datetime
    around: Surroundings = field(default_factory=Surroundings)
