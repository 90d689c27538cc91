"""What the staff can do to one case, as data: for each trigger its words, its fields and its command.

A screen draws the buttons from `workflow.machine.offers` and the forms from here. Whether somebody may do it, and now,
is decided by the registry alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workflow import commands as c
from workflow import commands_of_requests as r
from workflow.deeds import deed
from workflow.errors import BadInput, FieldProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.views.case_parts import Head


LONGEST_VERSION = 15
"""Digits of the longest version of a case; Python refuses to read numbers of thousands of digits."""


@dataclass(frozen=True, slots=True)
class Input:
    """One field of an action's form. `kind` is that of the field macro; `choices` are (value, zh, en)."""

    name: str
    zh: str
    en: str
    kind: str = "text"
    required: bool = True
    help_zh: str = ""
    help_en: str = ""
    choices: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do to a case. `review` ones bind to what was seen and are signed.

    `after` says in (zh, en) how it stands afterwards, where the command only asks for what happens later.
    """

    command: type[c.CaseCommand]
    zh: str
    en: str
    inputs: tuple[Input, ...] = ()
    tone: str = "primary"
    review: bool = False
    after: tuple[str, str] = ("", "")

    @property
    def done(self) -> tuple[str, str]:
        """What the page says once the command was carried out."""
        return self.after if any(self.after) else (f"已完成：{self.zh}", f"Done: {self.en}")

    @property
    def trigger(self) -> str:
        """The trigger that the command fires."""
        return self.command.trigger


REASON = Input("reason", "理由", "Reason", "textarea", help_zh="將記錄於案件歷程；退件或不予核發時，也會寄給申請人。",
               help_en="Kept in the history; on a return or refusal it is also sent to the applicant.")  # fmt: skip
NOTE = Input("note", "備註", "Note", required=False)
PASSWORD = Input("password", "簽署密碼", "Signing password", "password",
                 help_zh="用以開啟您的簽署金鑰，簽署本決定。", help_en="It opens your signing key for this decision.")  # fmt: skip
ARRIVED_BY = Input("arrived_by", "收到方式", "Arrived by", "radios",
                   choices=(("fax", "傳真", "Fax"), ("email", "電子郵件", "E-mail"), ("counter", "臨櫃", "At the counter")))  # fmt: skip

ACTIONS: Mapping[str, Action] = {
    action.trigger: action
    for action in (
        Action(c.ApproveFirstReview, "初審合格", "Pass the first review", (PASSWORD,), review=True),
        Action(c.ReturnFirstReview, "初審退件", "Return", (REASON, PASSWORD), "plain", review=True),
        Action(c.ApproveSecondReview, "複審核可", "Approve", (PASSWORD,), review=True),
        Action(c.ReturnSecondReview, "複審退件", "Return", (REASON, PASSWORD), "plain", review=True),
        Action(c.RefuseApplication, "不予核發", "Refuse", (REASON, PASSWORD), "danger", review=True),
        Action(c.RecordCardSpoiled, "登錄廢卡", "Record a spoiled card", (REASON, Input("csn", "晶片序號", "Chip serial number", required=False)), "danger"),
        Action(c.RecordCardLost, "登錄卡片遺失", "Record a lost card", (REASON,), "danger"),
        Action(c.RecordMailReturned, "登錄郵件退回", "Record returned mail", (REASON,), "plain"),
        Action(c.AllowLateActivation, "准予補開卡", "Allow late activation", (REASON,)),
        Action(c.RecordResetCopy, "登錄傳真或電子郵件", "Log the copy", (ARRIVED_BY, NOTE)),
        Action(c.TellCodeByPhone, "電話告知新代碼", "Tell the new code by telephone", (
            Input("spoke_with", "接聽人姓名", "Spoke with"),
            Input("phone", "撥打的電話", "Number called", "tel"),
        )),
        Action(c.RecordPaperBack, "登錄正本已寄回", "Record the paper", (
            Input("evidence", "正本文號與用印", "Number and seals of the paper", help_zh="例如：正本，蓋有關防；或公文文號。",
                  help_en="Such as: original with the seal 關防; or the letter's number."),
        )),
        Action(c.AcceptLatePaper, "受理逾期正本", "Accept the late paper", (REASON,)),
        Action(c.DeclineLatePaper, "不受理逾期正本", "Decline the late paper", (REASON,), "danger"),
        Action(c.CancelReset, "取消重設", "Cancel the reset", (REASON,), "danger"),
        Action(c.PauseDeadlines, "暫停期限", "Pause the deadlines", (REASON,), "plain"),
        Action(c.ResumeDeadlines, "恢復計時", "Resume the deadlines", (REASON,), "plain"),
        Action(r.ExamineRequest, "重新檢查", "Examine again", (), "plain"),
        Action(r.ApproveRequest, "核准批次", "Approve the batch", (PASSWORD,), review=True),
        Action(r.ConfirmRequest, "覆核並簽發", "Confirm and issue", (PASSWORD,), review=True),
        Action(r.RefuseRequest, "不予核發", "Refuse", (REASON, PASSWORD), "danger", review=True),
        Action(r.WithdrawRequest, "撤回批次", "Withdraw the batch", (REASON,), "plain"),
        Action(c.UnlockUserCode, "解除用戶代碼鎖定", "Unlock the user code", (REASON,), "plain"),
        Action(c.ResendNotice, "補寄通知", "Send the last notice again", (), "plain", after=(
            "通知已排入寄送；寄出前列於「尚未完成的系統作業」。",
            "The notice waits to be sent; until it is, it stands under “Work not finished yet”.",
        )),
    )
}  # fmt: skip

DESKS = {
    "receive_letter": ("clerk.tray", "連結公文", "Tie a letter"),
    "forward": ("window.forward", "函送複審", "Forward"),
    "order_manufacture": ("centre.index", "製卡", "Manufacture"),
    "pack": ("centre.packing", "裝封", "Pack"),
    "post": ("centre.posting", "交寄", "Post"),
}
"""Triggers that are worked on many cases at once, at a page of their own: its endpoint and words."""

_BY_ITSELF = {
    "submit": ("上傳申請資料", "Application uploaded"),
    "amend": ("修改申請資料", "Application amended"),
    "withdraw": ("撤回申請", "Application withdrawn"),
    "request": ("填寫重設申請書", "Reset asked for"),
    "chase_letter": ("催送公文", "Letter chased"),
    "card_made": ("製卡完成", "Card made"),
    "begin_activation": ("開始開卡", "Activation begun"),
    "activate": ("開卡", "Activated"),
    "remind_activation": ("提醒開卡", "Reminded to activate"),
    "lapse_activation": ("逾期未開卡", "Not activated in time"),
    "code_sent": ("寄送新代碼", "New code sent"),
    "remind_paper": ("提醒寄回正本", "Reminded of the paper"),
    "lapse_paper": ("正本逾期", "Paper overdue"),
    "submit_request": ("送出憑證請求", "Certificate requests submitted"),
    "amend_request": ("修改憑證請求", "Certificate requests amended"),
    "all_issued": ("全數簽發完成", "All issued"),
    "some_issued": ("部分簽發完成", "Some issued"),
    "hand_over": ("憑證待接受", "Handed over for acceptance"),
    "remind_acceptance": ("提醒接受憑證", "Reminded to accept"),
    "accept_certificates": ("接受憑證", "Certificates accepted"),
    "decline_certificates": ("不接受憑證", "Certificates declined"),
    "lapse_acceptance": ("逾期未接受憑證", "Not accepted in time"),
    "none_issued": ("均未簽發", "None issued"),
}
"""What applicants, holders and the system do: words for the history, where no button has them."""


def words_of(trigger: str) -> tuple[str, str]:
    """Return what the history calls a trigger, in Chinese and in English."""
    if trigger in ACTIONS:
        return ACTIONS[trigger].zh, ACTIONS[trigger].en
    if trigger in DESKS:
        return DESKS[trigger][1:]
    if trigger in _BY_ITSELF:
        return _BY_ITSELF[trigger]
    known = deed(trigger)
    return known.zh, known.en


FIELD_OF = {
    "case.reason_missing": "reason",
    "decision.password_wrong": "password",
    "card.not_found": "card_number",
    "card.wrong_envelope": "envelope_number",
    "stock.not_counted_in": "csn",
    "card.reader_unknown": "reader",
    "card.none_in_reader": "reader",
    "card.not_blank": "reader",
    "mail.number_wrong": "mail_number",
    "mail.number_used": "mail_number",
    "mail.kinds_mixed": "mail_number",
    "letter.duplicate": "number",
    "letter.counts_differ": "difference_reason",
    "letter.no_cases": "case_id",
    "letter.unreadable": "files",
}
"""The field beside which a refusal is shown; any other refusal gets a page of its own."""


def build(action: Action, head: Head, typed: Mapping[str, str]) -> c.CaseCommand:
    """Make the command of what was typed; raises BadInput with a problem for each required field left empty."""
    missing = [one for one in action.inputs if one.required and not typed.get(one.name, "").strip()]
    if missing:
        raise BadInput(*(_required(one) for one in missing))
    values: dict[str, Any] = {
        one.name: typed.get(one.name, "") if one.kind == "password" else typed.get(one.name, "").strip()
        for one in action.inputs
    }
    if action.review:
        values["seen_sha256"] = typed.get("seen_sha256", "")
    seen = typed.get("seen_version", "")
    version = int(seen) if seen.isdecimal() and len(seen) <= LONGEST_VERSION else -1
    return action.command(case_id=head.case_id, seen_version=version, **values)


def _required(one: Input) -> FieldProblem:
    return FieldProblem(one.name, "required", f"請填寫「{one.zh}」。", f"{one.en} is required.")
