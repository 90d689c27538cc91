"""The user-code reset: form, fax or e-mail, the new code, and the sealed paper back within one month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow import commands as c
from workflow import guards as g
from workflow.cases.table import NEW, CaseTable, DeadlineKind, Row, by_trigger
from workflow.effects import Do, Effect, notice
from workflow.vocabulary import Ca, CaseKind, Channel, Consequence, Role, StatusChange, Word

if TYPE_CHECKING:
    from collections.abc import Mapping


class States(Word):
    """States of a user-code reset (UCR-01…04)."""

    REQUESTED = "requested", "已填申請書", "Form filled"
    COPY_RECEIVED = "copy_received", "已收傳真或電子郵件", "Copy received"
    AWAITING_PAPER = "awaiting_paper", "已告知新代碼，等候正本", "New code told, paper awaited"
    CLOSED = "closed", "結案", "Closed"
    SUSPENDED = "paper_overdue_suspended", "正本逾期，憑證停用", "Paper overdue: suspended"
    REVOKED = "paper_overdue_revoked", "正本逾期，憑證廢止", "Paper overdue: revoked"
    LATE_PAPER = "late_paper", "正本逾期補到，待處理", "Paper came late, to be decided"
    LATE_PAPER_REVOKED = (
        "late_paper_revoked",
        "廢止後補到正本，待處理",
        "Paper came after revocation, to be decided",
    )
    DECLINED = "declined", "逾期不受理，結案", "Late paper declined"
    CANCELLED = "cancelled", "已取消", "Cancelled"


S = States
PLAIN: Mapping[str, tuple[str, str]] = {
    S.REQUESTED: (
        "請在申請書用印後傳真或以電子郵件寄給服務台。",
        "Seal the form and fax or e-mail it to the help desk.",
    ),
    S.COPY_RECEIVED: ("服務台已收到申請書，正在核對。", "The help desk has the form and is checking it."),
    S.AWAITING_PAPER: (
        "新的用戶代碼已告知，請於一個月內寄回正本。",
        "The new code has been told. Send the original within one month.",
    ),
    S.CLOSED: ("用戶代碼重設完成。", "The user code has been reset."),
    S.SUSPENDED: (
        "正本逾期未寄回，憑證已停用。補寄後由專人處理。",
        "The original did not come in time: the certificates are suspended. Send it and people will decide.",
    ),
    S.REVOKED: (
        "正本逾期未寄回，憑證已廢止。",
        "The original did not come in time: the certificates are revoked.",
    ),
    S.LATE_PAPER: (
        "已收到逾期補寄的正本，由專人處理中。",
        "The late original has arrived; people are deciding.",
    ),
    S.LATE_PAPER_REVOKED: (
        "已收到逾期補寄的正本，由專人處理中；已廢止的憑證不能恢復。",
        "The late original has arrived; a revoked certificate can't come back.",
    ),
    S.DECLINED: ("逾期補件不受理。", "The late original was declined."),
    S.CANCELLED: ("重設申請已取消。", "The reset was cancelled."),
}

APPLICANT = frozenset({Role.APPLICANT})
DESK = frozenset({Role.HELP_DESK})
PAPER_DESK = frozenset({Role.HELP_DESK, Role.LETTER_CLERK})
OFFICER = frozenset({Role.SECOND_REVIEWER})
SYSTEM = frozenset({Role.SYSTEM})

BY_EMAIL = (("reset_told_by", Channel.EMAIL),)
BY_PHONE = (("reset_told_by", Channel.PHONE),)
CRL = Do(Effect.PUBLISH_CRL)

ROWS: tuple[Row, ...] = (
    Row("request", NEW, S.REQUESTED, APPLICANT, guards=(g.certificates_not_revoked,), cites=("UCR-01", "UCR-02", "UCR-03", "UCR-04")),
    Row("receive_copy", S.REQUESTED, S.COPY_RECEIVED, DESK, when=BY_EMAIL, guards=(g.no_other_reset,),
        effects=(Do(Effect.SEND_NEW_CODE),), cites=("UCR-02",)),
    Row("receive_copy", S.REQUESTED, S.COPY_RECEIVED, DESK, when=BY_PHONE, guards=(g.no_other_reset,), cites=("UCR-03",)),
    Row("code_sent", S.COPY_RECEIVED, S.AWAITING_PAPER, SYSTEM, when=BY_EMAIL, starts=("paper",), cites=("UCR-02", "P-15")),
    Row("tell_by_phone", S.COPY_RECEIVED, S.AWAITING_PAPER, DESK, when=BY_PHONE, starts=("paper",), cites=("UCR-03", "P-15")),
    Row("remind_paper", S.AWAITING_PAPER, S.AWAITING_PAPER, SYSTEM, effects=(notice("paper_reminder"),), cites=("UCR-02",)),
    Row("paper_back", S.AWAITING_PAPER, S.CLOSED, PAPER_DESK, stops=("paper",), effects=(notice("reset_closed"),), cites=("UCR-02", "UCR-03")),
    Row("lapse_paper", S.AWAITING_PAPER, S.SUSPENDED, SYSTEM, when=(("reset_overdue", Consequence.SUSPEND),),
        change=StatusChange.SUSPEND, effects=(CRL, notice("paper_overdue_suspended")), stops=("paper",), cites=("UCR-02", "P-08", "SUS-07")),
    Row("lapse_paper", S.AWAITING_PAPER, S.REVOKED, SYSTEM, when=(("reset_overdue", Consequence.REVOKE),),
        change=StatusChange.REVOKE, effects=(CRL, notice("paper_overdue_revoked")), stops=("paper",), cites=("UCR-03", "P-08")),
    Row("paper_back", S.SUSPENDED, S.LATE_PAPER, PAPER_DESK, cites=("UCR-02",)),
    Row("paper_back", S.REVOKED, S.LATE_PAPER_REVOKED, PAPER_DESK, cites=("UCR-03",)),
    Row("accept_late", S.LATE_PAPER, S.CLOSED, OFFICER, guards=(g.reason_given, g.certificates_not_revoked), change=StatusChange.RESUME,
        effects=(CRL, notice("reset_late_accepted")), cites=("SUS-08",)),
    Row("decline_late", S.LATE_PAPER, S.DECLINED, OFFICER, guards=(g.reason_given,), effects=(notice("reset_late_declined"),), cites=("UCR-02",)),
    Row("decline_late", S.LATE_PAPER_REVOKED, S.DECLINED, OFFICER, guards=(g.reason_given,), effects=(notice("reset_late_declined"),),
        cites=("UCR-03", "SUS-08")),
    *(Row("cancel", source, S.CANCELLED, DESK, guards=(g.reason_given,)) for source in (S.REQUESTED, S.COPY_RECEIVED)),
)  # fmt: skip

TABLE = CaseTable(
    kind=CaseKind.USERCODE_RESET,
    states=States,
    finals=frozenset({S.CLOSED, S.DECLINED, S.CANCELLED}),
    rows=ROWS,
    deadlines={
        "paper": DeadlineKind(
            "paper", "正本寄回期限", "Paper back", lambda _case, _policy, now: now, budget="reset_paper_months",
            in_months=True, trigger="lapse_paper", reminders="reset_reminder_days", reminder_trigger="remind_paper",
        ),
    },
    commands={
        "request": c.RequestReset,
        **by_trigger(
            c.RecordResetCopy, c.TellCodeByPhone, c.RecordCodeSent, c.RecordPaperBack, c.RemindPaper, c.LapsePaper,
            c.AcceptLatePaper, c.DeclineLatePaper, c.CancelReset,
        ),
    },
    plain=PLAIN,
    served=frozenset({Ca.GCA, Ca.XCA}),
)  # fmt: skip
