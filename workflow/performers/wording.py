"""The words of the notices, zh-TW first and English below. No notice ever carries a secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from forms.rocdate import roc_long
from workflow.deadlines import taipei_day

if TYPE_CHECKING:
    from workflow.facts import CaseFacts


@dataclass(frozen=True)
class Told:
    """What a notice may speak of."""

    case: CaseFacts
    contact: str
    reason: str
    due_at: datetime | None
    ban_until: date | None
    mail_number: str
    serial: str
    base_url: str
    hotline: str
    expires: str = ""
    """The last day of a certificate's validity, as 2026-11-21; empty where none is spoken of."""

    @property
    def last_day(self) -> date | None:
        """The last day of the running deadline: it ends at the midnight after it."""
        return taipei_day(self.due_at - timedelta(seconds=1)) if self.due_at else None

    @property
    def last_day_zh(self) -> str:
        """The last day as paper writes it."""
        return roc_long(self.last_day) if self.last_day else "期限"

    @property
    def last_day_en(self) -> str:
        """The last day in English."""
        return self.last_day.isoformat() if self.last_day else "the end of the time limit"


# For each notice: subject in both languages, text in both languages.
WORDING: dict[str, tuple[str, str, str, str]] = {
    "form": (
        "憑證申請書", "Your application form",
        "已收到您的申請資料，申請書如附件。請列印、用印後隨公文寄出。",
        "We have your application; the form is attached. Print it, seal it and send it with the official letter.",
    ),
    "letter_chase": (
        "尚未收到公文", "Your official letter has not arrived",
        "我們還沒有收到貴單位的公文。請將申請書隨公文寄出；若已寄出，請忽略本通知。",
        "We have not received your official letter yet. Please send it with the form, or ignore this if you have.",
    ),
    "letter_received": (
        "已收到公文", "Your letter has arrived",
        "已收到貴單位的公文，案件進入審核。", "Your official letter has arrived; the review has begun.",
    ),
    "returned": (
        "申請資料須補正", "Please correct your application",
        "審核人員退回您的申請，理由如下：\n\n    {reason}\n\n請至「修改及補列印申請書」更正後重新上傳，案件不必重新排隊。",
        "The reviewer returned your application for this reason:\n\n    {reason}\n\nCorrect and upload it; it keeps its place.",
    ),
    "approved": (
        "審核通過", "Application approved",
        "您的申請已審核通過，卡片將開始製作。", "Your application is approved; the card will be made.",
    ),
    "refused": (
        "申請不予核發", "Application refused",
        "您的申請不予核發，理由如下：\n\n    {reason}", "Your application was refused for this reason:\n\n    {reason}",
    ),
    "withdrawn": ("申請已撤回", "Application withdrawn", "您的申請已撤回。", "Your application was withdrawn."),
    "posted": (
        "卡片已寄出", "Your card has been posted",
        "卡片已掛號寄出，掛號號碼 {mail_number}。收到後請於 {last_day_zh} 前開卡；開卡前請勿使用卡片。",
        "Your card was posted, registered number {mail_number}. Activate it by {last_day_en}; do not use it before.",
    ),
    "mail_returned": (
        "郵件退回", "The post returned your card",
        "卡片遭郵局退回（{reason}），我們將與您聯絡後重新寄送。", "The post returned your card ({reason}). We will call you and send it again.",
    ),
    "card_replaced": (
        "補製卡片", "Another card is made for you",
        "為您製作的卡片已遺失或損壞（{reason}），其憑證已廢止，我們將補製新卡並另行寄送。您不必重新申請，用戶代碼不變；日後如尋獲該卡片，請勿使用並寄還我們。",
        "The card made for you was lost or damaged ({reason}). Its certificates are revoked; another is made and sent. You need not apply again, and your user code stays. Should the first card turn up, do not use it and send it back.",
    ),
    "activation_reminder": (
        "請儘速開卡", "Please activate your card",
        "您的卡片尚未開卡，期限為 {last_day_zh}，逾期憑證將依規定停用或廢止。",
        "Your card is not activated yet. The last day is {last_day_en}; after it the certificates are suspended or revoked.",
    ),
    "activated": (
        "開卡完成", "Card activated",
        "卡片已開卡，憑證有效。若非您本人操作，請立即洽服務台。", "Your card is activated. If this was not you, call the help desk at once.",
    ),
    "suspended_unactivated": (
        "逾期未開卡，憑證已停用", "Certificates suspended: card not activated",
        "卡片逾期未開卡，憑證已停用。如仍需使用，請洽服務台辦理補開卡。", "The card was not activated in time, so its certificates are suspended. Call the help desk if you still need it.",
    ),
    "revoked_unactivated": (
        "逾期未開卡，憑證已廢止", "Certificates revoked: card not activated",
        "卡片逾期未開卡，憑證已廢止，{ban_zh}。", "The card was not activated in time, so its certificates are revoked; {ban_en}.",
    ),
    "lapsed": ("申請已失效", "Application lapsed", "申請案逾期失效，須重新申請。", "Your application has lapsed; please apply again."),
    "late_activation": (
        "准予補開卡", "Late activation allowed",
        "服務台已同意補開卡，請儘速至網站開卡。", "The desk allows a late activation. Please activate the card soon.",
    ),
    "paper_reminder": (
        "請寄回用戶代碼重設申請書正本", "Please send the original of your reset form",
        "我們還沒有收到申請書正本，期限為 {last_day_zh}，逾期憑證將依規定停用或廢止。",
        "The original of your form has not arrived. The last day is {last_day_en}; after it the certificates are suspended or revoked.",
    ),
    "reset_closed": ("用戶代碼重設完成", "User-code reset closed", "已收到正本，用戶代碼重設結案。", "The original has arrived; the reset is closed."),
    "paper_overdue_suspended": (
        "正本逾期，憑證已停用", "Certificates suspended: original overdue",
        "申請書正本逾期未寄回，憑證已停用。請儘速寄回，將由專人處理。", "The original did not come in time, so the certificates are suspended. Send it and people will decide.",
    ),
    "paper_overdue_revoked": (
        "正本逾期，憑證已廢止", "Certificates revoked: original overdue",
        "申請書正本逾期未寄回，憑證已廢止並公布。", "The original did not come in time, so the certificates are revoked and this is published.",
    ),
    "reset_late_accepted": ("逾期正本已受理，憑證復用", "Late original accepted, certificates resumed",
        "逾期補寄之正本已受理，憑證恢復使用。", "The late original was accepted; the certificates are in force again."),
    "pin_unblocked": (
        "PIN 碼已重設", "Your card's PIN was set anew",
        "卡片的 PIN 碼已以用戶代碼重設。若非您本人操作，請立即停用憑證並洽服務台。",
        "The card's PIN was set anew with the user code. If this was not you, suspend the certificates and call the help desk at once.",
    ),
    "suspended_by_holder": (
        "憑證已停用", "Certificates suspended",
        "卡片的憑證已依您的申請停用，即時生效。找到卡片後可於網站復用；確定遺失請申請廢止。若非您本人操作，請立即洽服務台。",
        "The card's certificates are suspended as you asked, at once. Resume them on the site if the card is found, or apply for revocation if it is lost. If this was not you, call the help desk.",
    ),
    "resumed_by_holder": (
        "憑證已復用", "Certificates resumed",
        "卡片的憑證已依您的申請恢復使用。若非您本人操作，請立即洽服務台。", "The card's certificates are in force again as you asked. If this was not you, call the help desk at once.",
    ),
    "contact_changed": (
        "連絡人資料已修改", "Contact changed",
        "卡片的連絡人資料已以卡片與 PIN 碼修改，往後通知將寄給新的連絡人。若非貴單位操作，請立即洽服務台。",
        "The card's contact was changed with card and PIN; notices go to the new contact from now on. If this was not you, call the help desk at once.",
    ),
    "request_issued": (
        "憑證已簽發", "Certificates issued",
        "您申請的憑證已全數簽發。請洽受理窗口下載，安裝前請核對憑證內容；如有錯誤請立即通知服務台。\n\n安裝說明：{base_url}/help/server-certificates/",
        "All the certificates you asked for are issued. Ask the window for them and check their contents before you install them; the address above says how.",
    ),
    "request_partly_refused": (
        "部分憑證已簽發", "Some certificates issued",
        "您申請的憑證部分已簽發，其餘不予簽發。各項目的理由請洽受理窗口。",
        "Some of the certificates you asked for are issued, the others were refused. Ask the window for the reasons.",
    ),
    "request_none_issued": (
        "憑證未能簽發", "No certificate issued",
        "您申請的憑證均不符規定，未能簽發。各項目的理由請洽受理窗口。",
        "None of the certificates you asked for could be issued. Ask the window for the reasons.",
    ),
    "request_to_accept": (
        "請核對並接受憑證", "Please check and accept your certificates",
        "您申請的憑證已簽發。請至「非IC卡類憑證接受」核對憑證內容，並於 {last_day_zh} 前以用戶代碼接受；逾期視為拒絕，憑證將自動廢止。",
        "Your certificates are issued. Check what they say on the site and accept them with the user code by {last_day_en}; after it they count as refused and are revoked.",
    ),
    "acceptance_reminder": (
        "請儘速接受憑證", "Please accept your certificates",
        "您的憑證尚未接受，期限為 {last_day_zh}，逾期憑證將自動廢止。",
        "Your certificates are not accepted yet. The last day is {last_day_en}; after it they are revoked.",
    ),
    "request_accepted": (
        "憑證已接受", "Certificates accepted",
        "憑證已接受，現為有效並公布於儲存庫。若非您本人操作，請立即洽服務台。",
        "Your certificates are accepted, in force and published. If this was not you, call the help desk at once.",
    ),
    "request_declined": (
        "不接受憑證，憑證已廢止", "Certificates declined and revoked",
        "憑證已依您的表示不予接受並廢止，如仍需使用須重新申請。若非您本人操作，請立即洽服務台。",
        "The certificates were declined as you asked and are revoked; apply again if you need them. If this was not you, call the help desk at once.",
    ),
    "acceptance_lapsed": (
        "逾期未接受，憑證已廢止", "Certificates revoked: not accepted",
        "憑證逾期未接受，視為拒絕，已廢止並公布於廢止清冊，須重新申請。",
        "The certificates were not accepted in time, so they are revoked and on the list; please apply again.",
    ),
    "expiry": (
        "憑證即將到期，請重新申請", "Your certificates expire soon: please apply again",
        "您的憑證將於 {expires_zh} 到期，到期後即失效，不能展期。如仍需使用請重新申請：正卡現在即可申請新卡，附卡與非IC卡類憑證建議於到期前 60 至 15 日申請。新憑證使用新的金鑰；舊卡請妥善保管，以解密舊檔案。\n\n申請：{base_url}/apply/",
        "Your certificates expire on {expires_en} and are not extended. Apply again if you still need them: for a primary card at once, for secondary cards and certificates without a card best 60 to 15 days before. New certificates have new keys; keep the old card to decrypt old files.",
    ),
    "revoked_by_ca": (
        "憑證機構已廢止憑證", "Certificate revoked by the authority",
        "憑證機構已廢止您的憑證（序號 {serial}），理由如下：\n\n    {reason}\n\n廢止不能回復；如仍需使用請重新申請，如有疑問請洽服務台。",
        "The authority has revoked your certificate (serial {serial}) for this reason:\n\n    {reason}\n\nThis can't be undone. Apply again if you still need one; call the help desk if you have questions.",
    ),
    "reset_late_declined": ("逾期正本不受理", "Late original declined",
        "逾期補寄之正本不予受理，理由：{reason}", "The late original was declined: {reason}"),
}  # fmt: skip


def compose(template: str, told: Told) -> tuple[str, str]:
    """Return subject and text of a notice; KeyError for a template that isn't there."""
    subject_zh, subject_en, zh, en = WORDING[template]
    facts = {
        "reason": told.reason,
        "mail_number": told.mail_number,
        "serial": told.serial,
        "base_url": told.base_url,
        "expires_zh": roc_long(date.fromisoformat(told.expires)) if told.expires else "",
        "expires_en": told.expires,
        "last_day_zh": told.last_day_zh,
        "last_day_en": told.last_day_en,
        "ban_zh": f"{roc_long(told.ban_until)}以後始得重新申請" if told.ban_until else "須重新申請",
        "ban_en": f"a new application is possible from {told.ban_until}"
        if told.ban_until
        else "please apply again",
    }
    text = (
        f"{told.contact} 您好：\n\n{told.case.subject_name}（案件流水號 {told.case.number}）\n\n{zh.format(**facts)}\n\n"
        f"{en.format(**facts)}\n\n查詢進度 / Status: {told.base_url}/\n服務台 / Help desk: {told.hotline}\n"
    )
    return f"[{told.case.ca.zh}] {subject_zh} / {subject_en}", text
