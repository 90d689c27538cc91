"""The parts of a case's page, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date, datetime

    from workflow.effects import Effect
    from workflow.vocabulary import (
        Ca,
        CardState,
        CaseKind,
        CertificateStatus,
        Lane,
        LetterDirection,
        MailState,
        OutboxState,
        Rank,
        Stage,
        SubscriberKind,
        Verdict,
        Word,
    )


@dataclass(frozen=True, slots=True)
class Head:
    """The case's own facts. `snapshot_sha256` is what a reviewer's decision binds to (RV1-07)."""

    case_id: int
    number: str
    ca: Ca
    kind: CaseKind
    state: Word
    version: int
    policy_version: str
    subject_name: str
    subscriber_kind: SubscriberKind | None
    rank: Rank | None
    organisation_id: int | None
    oid: str
    """The organisation's OID; empty for one that has none (APP-12)."""
    window_name: str
    contact_name: str
    contact_email: str
    card_number: str
    code_tries: int
    """Wrong user codes in a row (PIN-03)."""
    revision: int
    snapshot_sha256: str
    opened_at: datetime
    queued_at: datetime
    state_since: datetime
    parent_id: int | None
    parent_number: str


@dataclass(frozen=True, slots=True)
class FormPart:
    """The values of the newest revision, and those of the one before, to mark what changed."""

    values: dict[str, Any]
    before: dict[str, Any] | None
    revision: int
    by_name: str
    at: datetime

    @property
    def changed(self) -> frozenset[str]:
        """The names of fields that differ from the revision before."""
        if self.before is None:
            return frozenset()
        names = self.values.keys() | self.before.keys()
        return frozenset(name for name in names if self.values.get(name) != self.before.get(name))


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document that can be downloaded; `size` in bytes."""

    id: int
    kind: str
    name: str
    media_type: str
    size: int
    sha256: str
    at: datetime
    letter_id: int | None


@dataclass(frozen=True, slots=True)
class LetterPart:
    """A letter tied to the case, with its documents."""

    id: int
    direction: LetterDirection
    our_number: str
    sender_name: str
    number: str
    dated: date
    subject: str
    documents: tuple[DocumentLine, ...]


@dataclass(frozen=True, slots=True)
class DecisionPart:
    """A review decision with its signature. `stands` is false for one that a later change of the form voided (design 3.8)."""

    id: int
    stage: Stage
    verdict: Verdict
    person: str
    reason: str
    snapshot_sha256: str
    at: datetime
    voided_at: datetime | None
    statement: str
    """The canonical words that were signed."""
    signature: bytes
    signing_spki: bytes | None
    """The public key of the account that signed."""

    @property
    def stands(self) -> bool:
        """Whether the decision has not been voided."""
        return self.voided_at is None


@dataclass(frozen=True, slots=True)
class CardPart:
    """A card that was made, or spoiled, for the case."""

    csn: str
    number: str
    state: CardState
    reason: str
    made_at: datetime | None


@dataclass(frozen=True, slots=True)
class CertificatePart:
    """A certificate of the case."""

    serial: str
    purpose: str
    status: CertificateStatus
    subject: str
    not_before: datetime
    not_after: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class MailPart:
    """A registered mail item."""

    attempt: int
    mail_number: str
    state: MailState
    list_id: int | None
    packed_at: datetime
    posted_at: datetime | None
    returned_at: datetime | None
    return_reason: str


@dataclass(frozen=True, slots=True)
class HistoryPart:
    """One step of the case. `source` is None for its opening."""

    version: int
    at: datetime
    trigger: str
    source: Word | None
    dest: Word
    actor: str
    person: str
    """The name of the member of the staff; empty for applicants, holders and the system."""
    note: str


@dataclass(frozen=True, slots=True)
class WorkPart:
    """Work of the outbox that is open or dead."""

    id: int
    lane: Lane
    effect: Effect | None
    template: str
    state: OutboxState
    attempts: int
    due_at: datetime
    last_error: str


@dataclass(frozen=True, slots=True)
class RelatedPart:
    """A case that was opened out of this one, such as a user-code reset."""

    id: int
    number: str
    kind: CaseKind
    state: Word


@dataclass(frozen=True, slots=True)
class CasePage:
    """The whole page. `actions` are the triggers that the actor's roles may try in this state."""

    head: Head
    form: FormPart | None
    letters: tuple[LetterPart, ...]
    decisions: tuple[DecisionPart, ...]
    cards: tuple[CardPart, ...]
    certificates: tuple[CertificatePart, ...]
    mail: tuple[MailPart, ...]
    history: tuple[HistoryPart, ...]
    documents: tuple[DocumentLine, ...]
    work: tuple[WorkPart, ...]
    related: tuple[RelatedPart, ...]
    actions: tuple[str, ...]
