"""The certificate request: signing requests from elsewhere than a card, one or a whole batch, approved by two people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow import commands_of_requests as r
from workflow import guards as g
from workflow.cases.table import NEW, CaseTable, DeadlineKind, Row, by_trigger
from workflow.effects import Do, Effect, notice
from workflow.vocabulary import Ca, CaseKind, Role, StatusChange, Word

if TYPE_CHECKING:
    from collections.abc import Mapping


class States(Word):
    """States of a batch."""

    SUBMITTED = "submitted", "已送件，檢查中", "Submitted, being examined"
    EXAMINED = "examined", "已檢查，等待核准", "Examined, waiting for approval"
    APPROVED_ONCE = "approved_once", "已核准，等待覆核", "Approved once, waiting for the second approval"
    ISSUING = "issuing", "簽發中", "Being issued"
    ISSUED = "issued", "已簽發", "Issued"
    TO_ACCEPT = "to_accept", "已簽發，等待接受", "Issued, waiting to be accepted"
    ACCEPTED = "accepted", "已接受", "Accepted"
    DECLINED = "not_accepted", "不接受，憑證已廢止", "Not accepted, revoked"
    LAPSED = "acceptance_lapsed", "逾期未接受，憑證已廢止", "Not accepted in time, revoked"
    PARTLY_REFUSED = "partly_refused", "部分簽發，部分不予簽發", "Partly issued, partly refused"
    REFUSED = "refused", "不予核發", "Refused"
    WITHDRAWN = "withdrawn", "已撤回", "Withdrawn"


S = States
PLAIN: Mapping[str, tuple[str, str]] = {
    S.SUBMITTED: ("已收到憑證請求檔，系統檢查中。", "We have your signing requests and are examining them."),
    S.EXAMINED: ("檢查完成，等待核准。", "They are examined and wait for approval."),
    S.APPROVED_ONCE: ("已核准，等待第二位人員覆核。", "Approved; a second person has to approve."),
    S.ISSUING: ("憑證簽發中。", "The certificates are being issued."),
    S.ISSUED: ("憑證已簽發，可以下載。", "The certificates are issued and can be downloaded."),
    S.TO_ACCEPT: (
        "憑證已簽發。請核對憑證內容，並於期限內以用戶代碼接受；逾期未接受，憑證將廢止。",
        "The certificates are issued. Check what they say and accept them with the user code in time, or they are revoked.",
    ),
    S.ACCEPTED: ("憑證已接受，現為有效。", "The certificates are accepted and in force."),
    S.DECLINED: (
        "您不接受憑證內容，憑證已廢止；須重新申請。",
        "You did not accept the certificates, so they are revoked. A new application is needed.",
    ),
    S.LAPSED: (
        "逾期未接受，憑證已廢止；須重新申請。",
        "They were not accepted in time, so they are revoked. A new application is needed.",
    ),
    S.PARTLY_REFUSED: (
        "部分憑證已簽發，可以下載；其餘不予簽發，理由列於各項目。",
        "Some certificates are issued and can be downloaded; the others were refused, as said beside each.",
    ),
    S.REFUSED: ("本批不予核發。", "The batch was refused."),
    S.WITHDRAWN: ("本批已撤回。", "The batch was withdrawn."),
}

# An applicant is here one who holds an API token; none of the public's screens leads here.
SUBMITTERS = frozenset({Role.APPLICANT, Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.HELP_DESK})
STAFF = SUBMITTERS - {Role.APPLICANT}
OFFICER = frozenset({Role.SECOND_REVIEWER})
SYSTEM = frozenset({Role.SYSTEM})
DECIDES = (g.decides_on_what_was_seen, g.another_person, g.no_hand_in_the_entry)
EXAMINE = Do(Effect.EXAMINE_REQUEST)
CRL = Do(Effect.PUBLISH_CRL)
AT_ONCE = (("request_acceptance", False),)
BY_ACCEPTANCE = (("request_acceptance", True),)
HOLDER = frozenset({Role.HOLDER})
OPEN = (S.SUBMITTED, S.EXAMINED, S.APPROVED_ONCE)

ROWS: tuple[Row, ...] = (
    Row("submit_request", NEW, S.SUBMITTED, SUBMITTERS, guards=(g.may_be_requested, g.may_apply, g.has_an_oid),
        effects=(EXAMINE,), cites=("CSR-02", "CSR-05", "P-11")),
    *(Row("amend_request", source, S.SUBMITTED, STAFF, effects=(EXAMINE,), cites=("FRM-01",)) for source in OPEN),
    *(Row("withdraw_request", source, S.WITHDRAWN, STAFF, guards=(g.reason_given,)) for source in OPEN),
    *(Row("examine_request", source, S.EXAMINED, STAFF | SYSTEM, cites=("CSR-04", "CSR-06"))
      for source in (S.SUBMITTED, S.EXAMINED)),
    Row("approve_request", S.EXAMINED, S.APPROVED_ONCE, OFFICER, guards=(*DECIDES, g.something_to_issue), cites=("ROL-07",)),
    Row("confirm_request", S.APPROVED_ONCE, S.ISSUING, OFFICER, guards=(*DECIDES, g.first_review_stands, g.something_to_issue),
        cites=("ROL-02", "ROL-07")),
    *(Row("refuse_request", source, S.REFUSED, OFFICER, guards=(g.reason_given, *DECIDES), effects=(notice("refused"),))
      for source in (S.EXAMINED, S.APPROVED_ONCE)),
    Row("all_issued", S.ISSUING, S.ISSUED, SYSTEM, when=AT_ONCE, guards=(g.all_were_issued,), effects=(notice("request_issued"),), cites=("RV2-06",)),
    Row("some_issued", S.ISSUING, S.PARTLY_REFUSED, SYSTEM, when=AT_ONCE, guards=(g.some_were_issued,), effects=(notice("request_partly_refused"),)),
    Row("none_issued", S.ISSUING, S.REFUSED, SYSTEM, guards=(g.none_was_issued,), effects=(notice("request_none_issued"),)),
    Row("hand_over", S.ISSUING, S.TO_ACCEPT, SYSTEM, when=BY_ACCEPTANCE, guards=(g.some_wait_for_acceptance,), starts=("acceptance",),
        effects=(notice("request_to_accept"),), cites=("ACT-06", "RV2-06")),
    Row("remind_acceptance", S.TO_ACCEPT, S.TO_ACCEPT, SYSTEM, effects=(notice("acceptance_reminder"),), cites=("NTC-01",)),
    Row("accept_certificates", S.TO_ACCEPT, S.ACCEPTED, HOLDER, guards=(g.something_to_accept,), change=StatusChange.ACTIVATE, stops=("acceptance",),
        effects=(notice("request_accepted"),), cites=("ACT-06", "ACT-07")),
    Row("decline_certificates", S.TO_ACCEPT, S.DECLINED, HOLDER, change=StatusChange.REVOKE, stops=("acceptance",),
        effects=(CRL, notice("request_declined")), cites=("ACT-06", "ACT-09")),
    Row("lapse_acceptance", S.TO_ACCEPT, S.LAPSED, SYSTEM, change=StatusChange.REVOKE, stops=("acceptance",),
        effects=(CRL, notice("acceptance_lapsed")), cites=("ACT-07",)),
)  # fmt: skip

TABLE = CaseTable(
    kind=CaseKind.CERTIFICATE_REQUEST,
    states=States,
    finals=frozenset({S.ISSUED, S.PARTLY_REFUSED, S.ACCEPTED, S.DECLINED, S.LAPSED, S.REFUSED, S.WITHDRAWN}),
    rows=ROWS,
    deadlines={
        "acceptance": DeadlineKind(
            "acceptance", "憑證接受期限", "Acceptance", lambda _case, _policy, now: now, budget="acceptance_days",
            trigger="lapse_acceptance", reminders="acceptance_reminders", reminder_trigger="remind_acceptance",
        ),
    },
    commands={
        "submit_request": r.SubmitCertificateRequest,
        **by_trigger(
            r.AmendCertificateRequest, r.ExamineRequest, r.ApproveRequest, r.ConfirmRequest, r.RefuseRequest,
            r.WithdrawRequest, r.RecordAllIssued, r.RecordSomeIssued, r.RecordNoneIssued,
            r.HandOverCertificates, r.RemindAcceptance, r.AcceptCertificates, r.DeclineCertificates, r.LapseAcceptance,
        ),
    },
    plain=PLAIN,
    served=frozenset({Ca.GCA, Ca.XCA}),
)  # fmt: skip
