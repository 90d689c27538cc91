"""The commands of the registry: imperatives, one frozen dataclass each.

A `CaseCommand` is decided by the case kind's table through its trigger. An `Act` concerns things around cases,
such as letters, stock or accounts, and may fire triggers on several cases at once.
A field named in `SECRET` never reaches the audit log, the outbox or a log line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from workflow.vocabulary import Ca, CaseKind, Channel, Rank, SubscriberKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

SECRET = frozenset({"user_code", "password", "new_code", "content", "pin", "filing"})


@dataclass(frozen=True, kw_only=True)
class Command:
    """Anything that may be asked of the registry."""


@dataclass(frozen=True, kw_only=True)
class Filing(Command):
    """A command that opens a case from a form.

    `filing` is a random number that was made for the form when it was shown. The same number never opens a second case:
    what is sent again is answered with the first case. Nothing, where nobody sends a form twice.
    """

    filing: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class CaseCommand(Command):
    """A command to one case. `seen_version` is the case's version on the page that sent it; None to skip the check."""

    trigger: ClassVar[str]
    kind: ClassVar[CaseKind | None] = None
    case_id: int
    seen_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class WithUserCode(CaseCommand):
    """A command that the applicant or holder proves with the user code; three wrong ones lock it (PIN-03)."""

    user_code: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class WithReason(CaseCommand):
    """A command that must say why."""

    reason: str


# --- Card application ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class SubmitApplication(Filing):
    """Put an application on file: opens the case and gives it its number (APP-02, APP-20).

    `form` holds the checked values of the form; `organisation_id` the organisation that was found, or None for
    the form without OID (APP-12).
    """

    ca: Ca
    subscriber_kind: SubscriberKind
    rank: Rank
    organisation_id: int | None
    window_id: int | None
    form: Mapping[str, Any]
    agreement_accepted: bool
    user_code: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class AmendApplication(WithUserCode):
    """Change the form before the review, or after it was returned (FRM-01, RV1-04)."""

    trigger = "amend"
    form: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class WithdrawApplication(WithUserCode):
    """Take the application back."""

    trigger = "withdraw"


@dataclass(frozen=True, kw_only=True)
class CheckUserCode(Command):
    """Open a case by its number and user code, as for the status query (STA-01); counts a wrong try (PIN-03)."""

    number: str
    user_code: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ChaseLetter(CaseCommand):
    """Ask the applicant where the official letter is (LTR-01); sent by a deadline."""

    trigger = "chase_letter"


@dataclass(frozen=True, kw_only=True)
class Decide(CaseCommand):
    """A reviewer's decision, bound to what was seen and signed with the reviewer's key (RV1-03, RV2-01)."""

    seen_sha256: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ApproveFirstReview(Decide):
    """The window finds data and form in order (RV1-03)."""

    trigger = "approve_first"


@dataclass(frozen=True, kw_only=True)
class ReturnFirstReview(Decide):
    """The window returns the application with reasons (RV1-04)."""

    trigger = "return_first"
    reason: str


@dataclass(frozen=True, kw_only=True)
class ApproveSecondReview(Decide):
    """The CA agency approves: the card may be made (RV2-02)."""

    trigger = "approve_second"


@dataclass(frozen=True, kw_only=True)
class ReturnSecondReview(Decide):
    """The CA agency returns the application with reasons (APP-33)."""

    trigger = "return_second"
    reason: str


@dataclass(frozen=True, kw_only=True)
class RefuseApplication(Decide):
    """The CA agency refuses for good, with the reason (APP-07, APP-30)."""

    trigger = "refuse"
    reason: str


@dataclass(frozen=True, kw_only=True)
class OrderManufacture(CaseCommand):
    """The card centre puts the case on a reader with a blank card."""

    trigger = "order_manufacture"
    reader: str


@dataclass(frozen=True, kw_only=True)
class RecordCardMade(CaseCommand):
    """The card was written, read back and proved (CRD-07)."""

    trigger = "card_made"
    card_number: str
    issued_at: datetime
    """When the certificates were issued: the basis of XCA's ninety days (P-06)."""


@dataclass(frozen=True, kw_only=True)
class RecordCardSpoiled(WithReason):
    """The card was spoiled, or its outcome is unknown: its certificates are revoked, the case waits for another."""

    trigger = "card_spoiled"
    csn: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordCardLost(WithReason):
    """A made card got lost before its holder had it: its certificates are revoked, the case waits for another."""

    trigger = "card_lost"


@dataclass(frozen=True, kw_only=True)
class PackCard(CaseCommand):
    """Put the right card in the right envelope: both numbers are scanned (CRD-07)."""

    trigger = "pack"
    card_number: str
    envelope_number: str


@dataclass(frozen=True, kw_only=True)
class RecordMailReturned(WithReason):
    """The post brought the envelope back."""

    trigger = "mail_returned"


@dataclass(frozen=True, kw_only=True)
class BeginActivation(WithUserCode):
    """The holder's card is in a reader and the user code is given (ACT-02); stores the next PUK before it is set."""

    trigger = "begin_activation"
    csn: str


@dataclass(frozen=True, kw_only=True)
class CompleteActivation(CaseCommand):
    """The card has its PIN: certificates become valid and are published (ACT-01)."""

    trigger = "activate"
    csn: str


@dataclass(frozen=True, kw_only=True)
class RemindActivation(CaseCommand):
    """Remind the holder that the card waits for activation; sent by a deadline."""

    trigger = "remind_activation"


@dataclass(frozen=True, kw_only=True)
class LapseActivation(CaseCommand):
    """Ninety days are over without activation; sent by a deadline (ACT-03, ACT-04, ACT-08)."""

    trigger = "lapse_activation"


@dataclass(frozen=True, kw_only=True)
class AllowLateActivation(WithReason):
    """The desk lets the holder of a suspended card activate it after all."""

    trigger = "allow_late_activation"


@dataclass(frozen=True, kw_only=True)
class ResendNotice(CaseCommand):
    """Send the last notice once more (CRD-08)."""

    trigger = "resend_notice"


@dataclass(frozen=True, kw_only=True)
class UnlockUserCode(WithReason):
    """The desk opens a code again that wrong tries locked before there was a card, having called the contact (UCR-01)."""

    trigger = "unlock_user_code"


# --- User-code reset ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class RequestReset(Filing):
    """Put a user-code reset on file; its form is printed, sealed and sent (UCR-02, UCR-03)."""

    card_number: str
    form: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class RecordResetCopy(CaseCommand):
    """The help desk logs the fax or e-mail that carries the form."""

    trigger = "receive_copy"
    arrived_by: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class TellCodeByPhone(CaseCommand):
    """A recorded telephone call in which the new user code is told (UCR-03, P-15)."""

    trigger = "tell_by_phone"
    spoke_with: str
    phone: str


@dataclass(frozen=True, kw_only=True)
class RecordCodeSent(CaseCommand):
    """The new user code went out by e-mail (UCR-02); carries only its hash."""

    trigger = "code_sent"
    code_hash: str = field(repr=False)
    channel: Channel = Channel.EMAIL


@dataclass(frozen=True, kw_only=True)
class RecordPaperBack(CaseCommand):
    """The sealed original, or the letter with the form, is back (UCR-02, UCR-03)."""

    trigger = "paper_back"
    evidence: str
    """The letter's or the paper's number and what it bears, such as 關防."""


@dataclass(frozen=True, kw_only=True)
class RemindPaper(CaseCommand):
    """Remind the holder of the paper that is due; sent by a deadline."""

    trigger = "remind_paper"


@dataclass(frozen=True, kw_only=True)
class LapsePaper(CaseCommand):
    """The month is over without the paper; sent by a deadline (P-08)."""

    trigger = "lapse_paper"


@dataclass(frozen=True, kw_only=True)
class AcceptLatePaper(WithReason):
    """People decide on paper that came late: accept it, and resume what was suspended."""

    trigger = "accept_late"


@dataclass(frozen=True, kw_only=True)
class DeclineLatePaper(WithReason):
    """People decide on paper that came late: what befell the certificate stays."""

    trigger = "decline_late"


@dataclass(frozen=True, kw_only=True)
class CancelReset(WithReason):
    """The reset is not needed any more, or was not asked for by the holder."""

    trigger = "cancel"


# --- Acts: letters, post, stock, accounts, running the house --------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class LogLetter(Command):
    """Log an incoming letter by hand, or one that was imported (LTR-01)."""

    sender_name: str
    sender_code: str
    number: str
    """發文字號 as printed."""
    dated: date
    subject: str
    explanation: str = ""
    said_primary: int | None = None
    said_secondary: int | None = None
    proposed: tuple[str, ...] = ()
    """Case numbers found in the letter."""
    files: tuple[tuple[str, str, bytes], ...] = field(default=(), repr=False)
    """(name, media type, bytes) of the letter's files."""


@dataclass(frozen=True, kw_only=True)
class TieLetter(Command):
    """Tie a letter to its cases, which thereby are received (LTR-01, APP-02)."""

    letter_id: int
    case_ids: tuple[int, ...]
    difference_reason: str = ""
    """Why the counts may differ, when they do (APP-03, APP-04)."""


@dataclass(frozen=True, kw_only=True)
class AssignOid(Command):
    """Give an organisation its object identifier, before its card is approved and under the same letter (OID-01, APP-22)."""

    organisation_id: int
    oid: str


@dataclass(frozen=True, kw_only=True)
class ForwardCases(Command):
    """The window's own letter takes its approved cases to the CA agency (LTR-02)."""

    case_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class PostCards(Command):
    """Post packed cards by registered mail: (case id, mail number) pairs make one mailing list (CRD-05)."""

    items: tuple[tuple[int, str], ...]


@dataclass(frozen=True, kw_only=True)
class AddStock(Command):
    """Count blank cards in, by the serial numbers of their chips."""

    csns: tuple[str, ...]
    box: str


@dataclass(frozen=True, kw_only=True)
class SpoilBlank(Command):
    """Take a blank card out of stock as spoiled."""

    csn: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class BeginCardRetirement(Command):
    """Take a card out of use for good: the outcome's secret is its management key, with which it is overwritten."""

    csn: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RecordCardRetired(Command):
    """Record that a card was made unusable and verified to be; its secrets are forgotten."""

    csn: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LogIn(Command):
    """Log in with login and password; wrong ones count towards the lock-out."""

    login: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class RecordLogOut(Command):
    """A member of the staff left."""


@dataclass(frozen=True, kw_only=True)
class RequeueDeadLetter(Command):
    """Put a dead letter of the outbox back to work."""

    outbox_id: int


@dataclass(frozen=True, kw_only=True)
class PauseDeadlines(WithReason):
    """Stop the clock of a case's deadlines, with the reason."""

    trigger = "pause_deadlines"


@dataclass(frozen=True, kw_only=True)
class ResumeDeadlines(WithReason):
    """Let a case's deadlines run again; they end later by the time they stood still."""

    trigger = "resume_deadlines"


@dataclass(frozen=True, kw_only=True)
class ConfirmSweep(Command):
    """A person confirms that a sweep over the limit may go on."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class MoveClock(Command):
    """Move the demonstration's clock forward."""

    days: int
