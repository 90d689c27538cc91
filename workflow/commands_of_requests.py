"""Commands about certificates that are asked for with a signing request, and about certificates by their serial.

The keys lie elsewhere than on a card (CSR-01). One case holds one request or a whole batch; it is examined, approved by
two natural persons neither of whom entered it, and then issued item by item.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workflow.commands import CaseCommand, Command, Decide, Filing, WithReason, WithUserCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.vocabulary import Ca, RevocationReason


@dataclass(frozen=True, kw_only=True)
class RequestedItem:
    """One signing request of a batch.

    `label` is what the submitter calls it, such as a file's name. `subject` holds what the certificate shall say beyond
    the organisation's registered name: `common_name` (a server's name), `dns_names` (a list of domains), `email`.
    """

    label: str
    csr: bytes = field(repr=False)
    subject: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SubmitCertificateRequest(Filing):
    """Put one or many signing requests on file as one case; everybody's door: screen, command line and API.

    `profile` names a certificate profile, `organisation_oid` the subscriber by its OID in the CA's register (OID-01).
    `contact` holds `contact_name`, `contact_email` and `contact_phone`. The actor is a member of the staff, or one
    with the role APPLICANT on behalf of an API token; a natural person among them never approves the batch.
    Returns an Outcome with `case_id` and `number`; examination follows by itself, and nothing is issued before two
    approvals. Raises BadInput for a field that is missing, and Refused with a `request.…` code.
    """

    ca: Ca
    profile: str
    organisation_oid: str
    items: tuple[RequestedItem, ...] = field(repr=False)
    contact: Mapping[str, str] = field(repr=False)
    user_code: str = field(default="", repr=False)
    """Chosen by the subscriber; needed where the CA has certificates accepted by them (ACT-06), and kept nowhere else."""


@dataclass(frozen=True, kw_only=True)
class AmendCertificateRequest(CaseCommand):
    """Replace the items of a batch; every approval is void then, and the batch is examined again."""

    trigger = "amend_request"
    items: tuple[RequestedItem, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ExamineRequest(CaseCommand):
    """Dry run: put every item through the gate and the lints without storing or signing anything of it."""

    trigger = "examine_request"


@dataclass(frozen=True, kw_only=True)
class ApproveRequest(Decide):
    """The first of two approvals, bound to the batch as it was seen and signed (pitfall of bulk issuance)."""

    trigger = "approve_request"


@dataclass(frozen=True, kw_only=True)
class ConfirmRequest(Decide):
    """The second approval, by another natural person: the batch goes to issuing."""

    trigger = "confirm_request"


@dataclass(frozen=True, kw_only=True)
class RefuseRequest(Decide):
    """The batch is refused for good, with the reason."""

    trigger = "refuse_request"
    reason: str


@dataclass(frozen=True, kw_only=True)
class WithdrawRequest(WithReason):
    """The batch is taken back before it was approved twice."""

    trigger = "withdraw_request"


@dataclass(frozen=True, kw_only=True)
class RefuseItems(Command):
    """The gate refused items when their turn to be issued came: (item, findings) each."""

    case_id: int
    refused: tuple[tuple[int, tuple[Mapping[str, str], ...]], ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class RecordAllIssued(CaseCommand):
    """Every item has its certificate."""

    trigger = "all_issued"


@dataclass(frozen=True, kw_only=True)
class RecordSomeIssued(CaseCommand):
    """Some items have their certificates, the others were refused."""

    trigger = "some_issued"


@dataclass(frozen=True, kw_only=True)
class RecordNoneIssued(CaseCommand):
    """Every item was refused."""

    trigger = "none_issued"


@dataclass(frozen=True, kw_only=True)
class HandOverCertificates(CaseCommand):
    """The last certificate of a batch is there, and the subscriber has to accept what is issued (ACT-06)."""

    trigger = "hand_over"


@dataclass(frozen=True, kw_only=True)
class RemindAcceptance(CaseCommand):
    """The contact is reminded that certificates wait to be accepted."""

    trigger = "remind_acceptance"


@dataclass(frozen=True, kw_only=True)
class AcceptCertificates(WithUserCode):
    """The subscriber has checked what the certificates say and accepts them: they come into force and are published."""

    trigger = "accept_certificates"


@dataclass(frozen=True, kw_only=True)
class DeclineCertificates(WithUserCode):
    """The subscriber does not accept what the certificates say: they are revoked."""

    trigger = "decline_certificates"


@dataclass(frozen=True, kw_only=True)
class LapseAcceptance(CaseCommand):
    """Nobody accepted the certificates in time, which counts as a refusal: they are revoked (ACT-07)."""

    trigger = "lapse_acceptance"


@dataclass(frozen=True, kw_only=True)
class RevokeSerial(Command):
    """Revoke by serial, even if the certificate was never recorded, by two people at the machine (ROL-02).

    The actor is the first of them and `second_account` the second; each password opens that person's signing key, and
    both sign the same statement. `ca`, or `authority` for the one generation of its key that signed it, is needed only for a serial on no record:
    without a generation the one that issues now is meant.
    """

    serial: str
    reason: RevocationReason
    note: str
    second_account: int
    passwords: tuple[str, str] = field(repr=False)
    ca: Ca | None = None
    authority: str | None = None
