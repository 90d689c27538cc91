"""The certificate request: signing requests from elsewhere than a card, one or a whole batch, approved by two people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow import commands_of_requests as r
from workflow import guards as g
from workflow.cases.table import NEW, CaseTable, Row, by_trigger
from workflow.effects import Do, Effect, notice
from workflow.vocabulary import Ca, CaseKind, Role, Word

if TYPE_CHECKING:
    from collections.abc import Mapping


class States(Word):
    """States of a batch."""

    SUBMITTED = "submitted", "已送件，檢查中", "Submitted, being examined"
    EXAMINED = "examined", "已檢查，等待核准", "Examined, waiting for approval"
    APPROVED_ONCE = "approved_once", "已核准，等待覆核", "Approved once, waiting for the second approval"
    ISSUING = "issuing", "簽發中", "Being issued"
    ISSUED = "issued", "已簽發", "Issued"
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
    Row("all_issued", S.ISSUING, S.ISSUED, SYSTEM, guards=(g.all_were_issued,), effects=(notice("request_issued"),), cites=("RV2-06",)),
    Row("some_issued", S.ISSUING, S.PARTLY_REFUSED, SYSTEM, guards=(g.some_were_issued,), effects=(notice("request_partly_refused"),)),
    Row("none_issued", S.ISSUING, S.REFUSED, SYSTEM, guards=(g.none_was_issued,), effects=(notice("request_none_issued"),)),
)  # fmt: skip

TABLE = CaseTable(
    kind=CaseKind.CERTIFICATE_REQUEST,
    states=States,
    finals=frozenset({S.ISSUED, S.PARTLY_REFUSED, S.REFUSED, S.WITHDRAWN}),
    rows=ROWS,
    deadlines={},
    commands={
        "submit_request": r.SubmitCertificateRequest,
        **by_trigger(
            r.AmendCertificateRequest, r.ExamineRequest, r.ApproveRequest, r.ConfirmRequest, r.RefuseRequest,
            r.WithdrawRequest, r.RecordAllIssued, r.RecordSomeIssued, r.RecordNoneIssued,
        ),
    },
    plain=PLAIN,
    served=frozenset({Ca.GCA, Ca.XCA}),
)  # fmt: skip
