"""The card application: from the form to the activated card, or to what the CA's rules say instead."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from workflow import commands as c
from workflow import guards as g
from workflow.cases.table import NEW, CaseTable, DeadlineKind, Row, by_trigger
from workflow.commands_of_line import TakeBlank
from workflow.effects import Do, Effect, notice
from workflow.vocabulary import Basis, CaseKind, Consequence, Role, StatusChange, Word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.facts import CaseFacts
    from workflow.policy import Policy


class States(Word):
    """States of an application (STA-01 and section 27 of the rules)."""

    UPLOADED = "uploaded", "已有申請資料", "Application on file"
    FIRST_REVIEW = "first_review", "已收到公文（初審中）", "Letter received, first review"
    RETURNED_FIRST = "returned_first", "初審退件", "Returned by the first review"
    FIRST_PASSED = "first_passed", "初審合格", "First review passed"
    SECOND_REVIEW = "second_review", "複審中", "Second review"
    RETURNED_SECOND = "returned_second", "複審退件", "Returned by the second review"
    APPROVED = "approved", "審核通過，等待發卡", "Approved, waiting for the card"
    MANUFACTURING = "manufacturing", "製卡中", "Being manufactured"
    MADE = "made", "發卡成功，等待包裝配送", "Card made, waiting to be packed"
    PACKED = "packed", "已裝封，等待交寄", "Packed, waiting for the post"
    POSTED = "posted", "已寄出，等待開卡", "Posted, waiting for activation"
    MAIL_RETURNED = "mail_returned", "郵件退回", "Mail returned"
    ACTIVATED = "activated", "已開卡", "Activated"
    SUSPENDED = "suspended_unactivated", "逾期未開卡，憑證停用", "Not activated in time: suspended"
    LATE_ALLOWED = "late_allowed", "准予補開卡", "Late activation allowed"
    LATE_PACKED = "late_packed", "准予補開卡，卡片已裝封", "Late activation allowed, card packed"
    REVOKED = "revoked_unactivated", "逾期未開卡，憑證廢止", "Not activated in time: revoked"
    LAPSED = "lapsed", "逾期失效", "Lapsed"
    REFUSED = "refused", "不予核發", "Refused"
    WITHDRAWN = "withdrawn", "已撤回", "Withdrawn"


S = States
PLAIN: Mapping[str, tuple[str, str]] = {
    S.UPLOADED: (
        "我們已收到您的申請資料，正在等候公文。請將申請書隨公文寄出。",
        "We have your application and wait for the official letter. Send the form with it.",
    ),
    S.FIRST_REVIEW: (
        "已收到公文，主管機關審核中。",
        "The letter has arrived; the competent authority is reviewing.",
    ),
    S.RETURNED_FIRST: (
        "申請資料需要補正，請依電子郵件說明修改後重新上傳；案件不必重新排隊。",
        "Please correct the application as our e-mail says. It keeps its place.",
    ),
    S.FIRST_PASSED: (
        "初審合格，將函送憑證機構複審。",
        "The first review is passed; the case goes on to the CA agency.",
    ),
    S.SECOND_REVIEW: ("憑證機構複審中。", "The CA agency is reviewing."),
    S.RETURNED_SECOND: (
        "申請資料需要補正，請依電子郵件說明修改後重新上傳；案件不必重新排隊。",
        "Please correct the application as our e-mail says. It keeps its place.",
    ),
    S.APPROVED: ("審核通過，等待製卡。", "Approved; the card will be made."),
    S.MANUFACTURING: ("卡片製作中。", "The card is being made."),
    S.MADE: ("卡片已製成，等待包裝配送。", "The card is made and will be packed."),
    S.PACKED: ("卡片已裝封，等待郵局收件。", "The card is packed and waits for the post."),
    S.POSTED: (
        "卡片已掛號寄出。收到後請於期限內開卡。",
        "The card is on its way by registered post. Activate it within the time limit.",
    ),
    S.MAIL_RETURNED: (
        "郵件遭退回，我們將與您聯絡後重新寄送。",
        "The post brought the card back; we will call you and send it again.",
    ),
    S.ACTIVATED: ("已開卡，憑證有效。", "The card is activated; its certificates are valid."),
    S.SUSPENDED: (
        "逾期未開卡，憑證已停用，請洽服務台。",
        "Not activated in time: the certificates are suspended. Please call the help desk.",
    ),
    S.LATE_ALLOWED: (
        "服務台已同意補開卡，請儘速開卡。",
        "The desk allows a late activation. Please activate the card soon.",
    ),
    S.LATE_PACKED: (
        "服務台已同意補開卡，卡片已裝封，等待郵局收件。",
        "The desk allows a late activation; the card is packed and waits for the post.",
    ),
    S.REVOKED: (
        "逾期未開卡，憑證已廢止，須重新申請。",
        "Not activated in time: the certificates are revoked. A new application is needed.",
    ),
    S.LAPSED: ("申請案已逾期失效，須重新申請。", "The application has lapsed. A new one is needed."),
    S.REFUSED: (
        "本案不予核發，理由已以電子郵件通知。",
        "The application was refused; the reason was sent by e-mail.",
    ),
    S.WITHDRAWN: ("申請案已撤回。", "The application was withdrawn."),
}

APPLICANT = frozenset({Role.APPLICANT})
HOLDER = frozenset({Role.HOLDER})
CLERK = frozenset({Role.LETTER_CLERK})
WINDOW = frozenset({Role.FIRST_REVIEWER})
OFFICER = frozenset({Role.SECOND_REVIEWER})
CENTRE = frozenset({Role.CARD_CENTRE})
DESK = frozenset({Role.HELP_DESK})
SYSTEM = frozenset({Role.SYSTEM})

TWO_REVIEWS = (("first_review", True),)
ONE_REVIEW = (("first_review", False),)
DECIDES = (g.decides_on_what_was_seen, g.another_person)
# A second card's certificates are new, but what suspended those of the first holds them back too.
ALIVE = (g.certificates_alive, g.not_held_elsewhere)
LATE = (g.certificates_not_revoked, g.not_held_elsewhere)
MAIL_FORM = Do(Effect.MAIL_FORM)
CRL = Do(Effect.PUBLISH_CRL)


def _lapses(source: States) -> tuple[Row, ...]:
    """Say what ninety days without activation do to a card that lies in `source` (P-05)."""

    def row(consequence: Consequence, dest: States, change: StatusChange, *effects: Do) -> Row:
        return Row(
            "lapse_activation",
            source,
            dest,
            SYSTEM,
            when=(("not_activated", consequence),),
            change=change,
            effects=effects,
            stops=("activation",),
            bars=consequence is Consequence.REVOKE,
            cites=("ACT-03", "ACT-04", "ACT-08", "P-05"),
        )

    return (
        row(Consequence.SUSPEND, S.SUSPENDED, StatusChange.SUSPEND, CRL, notice("suspended_unactivated")),
        row(Consequence.REVOKE, S.REVOKED, StatusChange.REVOKE, CRL, notice("revoked_unactivated")),
        row(Consequence.LAPSE, S.LAPSED, StatusChange.REVOKE, CRL, notice("lapsed")),
    )


def _replaces(trigger: str, source: States) -> Row:
    """Give the case of a made card that its holder never had another one: what was approved is still owed (REV-08).

    Letter, reviews and user code stay, and no ban begins, for the organisation did nothing. Certificates that were
    revoked before, by somebody's decision, are applied for again instead (REV-01).
    """
    return Row(
        trigger,
        source,
        S.APPROVED,
        CENTRE,
        guards=(g.reason_given, g.certificates_not_revoked),
        change=StatusChange.REVOKE,
        effects=(CRL, notice("card_replaced")),
        stops=("activation",),
        cites=("CRD-01", "REV-08"),
    )


def _amends(source: States, dest: States, when: tuple[tuple[str, bool], ...]) -> Row:
    return Row("amend", source, dest, APPLICANT, effects=(MAIL_FORM,), when=when, cites=("FRM-01", "RV1-04"))


ROWS: tuple[Row, ...] = (
    Row("submit", NEW, S.UPLOADED, APPLICANT,
        guards=(g.agreement_accepted, g.kind_is_served, g.may_apply, g.has_a_window, g.not_banned, g.only_primary),
        effects=(MAIL_FORM,), starts=("letter",), cites=("APP-02", "APP-13", "APP-20")),
    Row("amend", S.UPLOADED, S.UPLOADED, APPLICANT, effects=(MAIL_FORM,), cites=("FRM-01",)),
    _amends(S.RETURNED_FIRST, S.FIRST_REVIEW, TWO_REVIEWS),
    _amends(S.RETURNED_SECOND, S.FIRST_REVIEW, TWO_REVIEWS),
    _amends(S.RETURNED_SECOND, S.SECOND_REVIEW, ONE_REVIEW),
    *(Row("withdraw", source, S.WITHDRAWN, APPLICANT, effects=(notice("withdrawn"),), stops=("letter",))
      for source in (S.UPLOADED, S.RETURNED_FIRST, S.RETURNED_SECOND)),
    Row("chase_letter", S.UPLOADED, S.UPLOADED, SYSTEM, effects=(notice("letter_chase"),), cites=("LTR-01",)),
    Row("receive_letter", S.UPLOADED, S.FIRST_REVIEW, CLERK, when=TWO_REVIEWS, stops=("letter",),
        effects=(notice("letter_received"),), cites=("LTR-01", "LTR-02")),
    Row("receive_letter", S.UPLOADED, S.SECOND_REVIEW, CLERK, when=ONE_REVIEW, stops=("letter",),
        effects=(notice("letter_received"),), cites=("LTR-01", "RV1-06")),
    Row("approve_first", S.FIRST_REVIEW, S.FIRST_PASSED, WINDOW,
        guards=(g.own_organisations_only, g.letter_is_here, *DECIDES), cites=("RV1-03",)),
    Row("return_first", S.FIRST_REVIEW, S.RETURNED_FIRST, WINDOW,
        guards=(g.own_organisations_only, g.reason_given, *DECIDES), effects=(notice("returned"),), cites=("RV1-04", "NTC-03")),
    Row("forward", S.FIRST_PASSED, S.SECOND_REVIEW, WINDOW, guards=(g.own_organisations_only,), cites=("LTR-02", "RV1-03")),
    Row("approve_second", S.SECOND_REVIEW, S.APPROVED, OFFICER, when=TWO_REVIEWS,
        guards=(g.letter_is_here, *DECIDES, g.first_review_stands, g.has_an_oid, g.only_primary, g.not_banned),
        effects=(notice("approved"),), cites=("RV2-02", "APP-05")),
    Row("approve_second", S.SECOND_REVIEW, S.APPROVED, OFFICER, when=ONE_REVIEW,
        guards=(g.letter_is_here, *DECIDES, g.has_an_oid, g.only_primary, g.not_banned),
        effects=(notice("approved"),), cites=("RV2-01", "APP-05")),
    Row("return_second", S.SECOND_REVIEW, S.RETURNED_SECOND, OFFICER, guards=(g.reason_given, *DECIDES),
        effects=(notice("returned"),), cites=("APP-33", "NTC-03")),
    Row("refuse", S.SECOND_REVIEW, S.REFUSED, OFFICER, guards=(g.reason_given, *DECIDES),
        effects=(notice("refused"),), cites=("APP-07", "APP-30")),
    Row("order_manufacture", S.APPROVED, S.MANUFACTURING, CENTRE, effects=(Do(Effect.MANUFACTURE),), cites=("CRD-01", "RV2-02")),
    # The same for a batch: a reader takes the case and makes its card at once, so that no work waits in the outbox.
    Row("take_on_line", S.APPROVED, S.MANUFACTURING, SYSTEM, cites=("CRD-01", "RV2-02")),
    Row("card_made", S.MANUFACTURING, S.MADE, SYSTEM, guards=(g.certificates_alive,), starts=("activation",), cites=("CRD-07", "P-06")),
    Row("card_spoiled", S.MANUFACTURING, S.APPROVED, SYSTEM | CENTRE, guards=(g.reason_given,),
        change=StatusChange.REVOKE, effects=(CRL,), cites=("CRD-01",)),
    *(_replaces("card_spoiled", source) for source in (S.MADE, S.PACKED, S.MAIL_RETURNED, S.LATE_PACKED)),
    *(_replaces("card_lost", source)
      for source in (S.MADE, S.PACKED, S.POSTED, S.MAIL_RETURNED, S.LATE_ALLOWED, S.LATE_PACKED)),
    Row("pack", S.MADE, S.PACKED, CENTRE, guards=(g.card_fits_envelope,), cites=("CRD-06", "CRD-07")),
    Row("pack", S.MAIL_RETURNED, S.PACKED, CENTRE, guards=(g.card_fits_envelope,), cites=("CRD-06",)),
    Row("post", S.PACKED, S.POSTED, CENTRE, effects=(notice("posted"),), cites=("CRD-05", "P-03")),
    Row("mail_returned", S.POSTED, S.MAIL_RETURNED, CENTRE | DESK, guards=(g.reason_given,),
        effects=(notice("mail_returned"),), cites=("CRD-06",)),
    *(Row("remind_activation", source, source, SYSTEM, effects=(notice("activation_reminder"),), cites=("NTC-01",))
      for source in (S.MADE, S.PACKED, S.POSTED, S.MAIL_RETURNED)),
    Row("begin_activation", S.POSTED, S.POSTED, HOLDER, guards=ALIVE, cites=("ACT-02", "SUS-08")),
    Row("begin_activation", S.LATE_ALLOWED, S.LATE_ALLOWED, HOLDER, guards=LATE, cites=("ACT-02",)),
    Row("activate", S.POSTED, S.ACTIVATED, SYSTEM, guards=ALIVE, change=StatusChange.ACTIVATE,
        stops=("activation",), effects=(notice("activated"),), cites=("ACT-01", "ACT-02", "SUS-08")),
    Row("activate", S.LATE_ALLOWED, S.ACTIVATED, SYSTEM, guards=LATE, change=StatusChange.ACTIVATE,
        effects=(CRL, notice("activated")), cites=("ACT-01", "SUS-08")),
    *(row for source in (S.MADE, S.PACKED, S.POSTED, S.MAIL_RETURNED) for row in _lapses(source)),
    Row("allow_late_activation", S.SUSPENDED, S.LATE_ALLOWED, OFFICER,
        guards=(g.reason_given, g.certificates_not_revoked), effects=(notice("late_activation"),), cites=("SUS-08",)),
    # A card that lapsed before it reached its holder is sent out like any other.
    Row("pack", S.LATE_ALLOWED, S.LATE_PACKED, CENTRE, guards=(g.card_fits_envelope,), cites=("CRD-06",)),
    Row("post", S.LATE_PACKED, S.LATE_ALLOWED, CENTRE, effects=(notice("posted"),), cites=("CRD-05",)),
)  # fmt: skip


def _activation_basis(case: CaseFacts, policy: Policy, now: datetime) -> datetime:
    """Return the moment the ninety days are counted from, as the CA's rules say (P-06)."""
    if policy.activation_basis.value is Basis.CERTIFICATE_ISSUED and "certificate_issued_at" in case.data:
        return datetime.fromisoformat(case.data["certificate_issued_at"])
    return now


DEADLINES = {
    "letter": DeadlineKind(
        "letter", "等候公文", "Waiting for the letter", lambda _case, _policy, now: now,
        reminders="letter_chase_days", reminder_trigger="chase_letter",
    ),
    "activation": DeadlineKind(
        "activation", "開卡期限", "Activation", _activation_basis, budget="activation_days", trigger="lapse_activation",
        reminders="activation_reminders", reminder_trigger="remind_activation",
    ),
}  # fmt: skip

TABLE = CaseTable(
    kind=CaseKind.CARD_APPLICATION,
    states=States,
    finals=frozenset({S.ACTIVATED, S.REVOKED, S.LAPSED, S.REFUSED, S.WITHDRAWN}),
    rows=ROWS,
    deadlines=DEADLINES,
    commands={
        "submit": c.SubmitApplication,
        "receive_letter": c.TieLetter,
        "forward": c.ForwardCases,
        "post": c.PostCards,
        "take_on_line": TakeBlank,
        **by_trigger(
            c.AmendApplication, c.WithdrawApplication, c.ChaseLetter, c.ApproveFirstReview, c.ReturnFirstReview,
            c.ApproveSecondReview, c.ReturnSecondReview, c.RefuseApplication, c.OrderManufacture, c.RecordCardMade,
            c.RecordCardSpoiled, c.RecordCardLost, c.PackCard, c.RecordMailReturned, c.RemindActivation,
            c.BeginActivation, c.CompleteActivation, c.LapseActivation, c.AllowLateActivation,
        ),
    },
    plain=PLAIN,
)  # fmt: skip
