"""What people can do, in their words: for each trigger and command the name that a refusal calls it by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.errors import Words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.vocabulary import Role

DEEDS: dict[str, Words] = {
    "submit": Words("送出申請", "hand in the application"),
    "amend": Words("修改申請資料", "amend the application"),
    "withdraw": Words("撤回申請", "withdraw the application"),
    "chase_letter": Words("催辦公文", "chase the letter"),
    "receive_letter": Words("收文", "receive the letter"),
    "approve_first": Words("初審核可", "approve the first review"),
    "return_first": Words("初審退件", "return at the first review"),
    "forward": Words("函送複審", "forward to the second review"),
    "approve_second": Words("複審核可", "approve the second review"),
    "return_second": Words("複審退件", "return at the second review"),
    "refuse": Words("不予核發", "refuse the application"),
    "order_manufacture": Words("製卡", "manufacture the card"),
    "take_on_line": Words("上線製卡", "take onto the line"),
    "card_made": Words("登錄製卡完成", "record the card as made"),
    "card_spoiled": Words("登錄廢卡", "record the card as spoiled"),
    "pack": Words("裝封", "pack the card"),
    "post": Words("交寄", "post the card"),
    "mail_returned": Words("登錄郵件退回", "record the mail as returned"),
    "remind_activation": Words("提醒開卡", "remind of the activation"),
    "begin_activation": Words("開卡", "activate the card"),
    "activate": Words("開卡", "activate the card"),
    "lapse_activation": Words("逾期未開卡處理", "lapse the activation"),
    "allow_late_activation": Words("准予補開卡", "allow a late activation"),
    "unlock_user_code": Words("解除用戶代碼鎖定", "unlock the user code"),
    "resend_notice": Words("重寄通知", "send the notice again"),
    "request": Words("申請用戶代碼重設", "ask for a user-code reset"),
    "receive_copy": Words("登錄傳真或電子郵件", "log the copy"),
    "code_sent": Words("寄送新用戶代碼", "send the new user code"),
    "tell_by_phone": Words("電話告知新用戶代碼", "tell the new code by telephone"),
    "remind_paper": Words("提醒寄回正本", "remind of the paper"),
    "paper_back": Words("登錄正本寄回", "record the paper as back"),
    "lapse_paper": Words("正本逾期處理", "lapse the paper"),
    "accept_late": Words("受理逾期正本", "accept the late paper"),
    "decline_late": Words("不受理逾期正本", "decline the late paper"),
    "cancel": Words("取消重設", "cancel the reset"),
    "submit_request": Words("送出憑證請求", "submit certificate requests"),
    "examine_request": Words("檢查憑證請求", "examine certificate requests"),
    "amend_request": Words("修改憑證請求", "amend certificate requests"),
    "approve_request": Words("核准批次", "approve the batch"),
    "confirm_request": Words("覆核批次", "confirm the batch"),
    "refuse_request": Words("不予核發批次", "refuse the batch"),
    "withdraw_request": Words("撤回批次", "withdraw the batch"),
    "all_issued": Words("登錄全數簽發", "record that all were issued"),
    "some_issued": Words("登錄部分簽發", "record that some were issued"),
    "none_issued": Words("登錄均未簽發", "record that none was issued"),
    "SubmitCertificateRequest": Words("送出憑證請求", "submit certificate requests"),
    "RecordRegistrationKey": Words("換發註冊中心金鑰", "replace the registration authority's key"),
    "OrderStaffCard": Words("製作承辦人員卡片", "make a staff card"),
    "EndStaffCard": Words("停用承辦人員卡片", "end a staff card"),
    "OpenCardLogIn": Words("以卡片登入", "log in with a card"),
    "OpenCardSigning": Words("以卡片簽署決定", "sign a decision with a card"),
    "RevokeSerial": Words("依序號廢止憑證", "revoke a certificate by its serial"),
    "KeepShares": Words("分持金鑰啟用密碼", "split the keys' secret"),
    "HandInShare": Words("提出金鑰分持", "hand in a share"),
    "ActivateKeys": Words("啟用金鑰", "activate the keys"),
    "DeactivateKeys": Words("停用金鑰", "deactivate the keys"),
    "BeginKeyTask": Words("進行金鑰作業", "work on an authority's key"),
    "AbortKeyTask": Words("中止金鑰作業", "break off a task with keys"),
    "RecordGenerations": Words("登錄憑證機構", "record authorities"),
    "RetireAuthority": Words("停止簽發", "retire an authority"),
    "RestoreAuthority": Words("回復金鑰", "put a key back"),
    "RevokeAuthority": Words("廢止憑證機構的憑證", "revoke an authority's certificate"),
    "DestroyAuthority": Words("銷毀金鑰", "destroy a key"),
    "pause_deadlines": Words("暫停期限", "pause the deadlines"),
    "resume_deadlines": Words("恢復期限", "resume the deadlines"),
    "LogLetter": Words("登錄公文", "log a letter"),
    "TieLetter": Words("公文收案", "tie a letter to cases"),
    "ForwardCases": Words("函送複審", "forward to the second review"),
    "PostCards": Words("交寄卡片", "post cards"),
    "AddStock": Words("空白卡入庫", "count blank cards in"),
    "SpoilBlank": Words("報廢空白卡", "spoil a blank card"),
    "OpenLineBatch": Words("開立製卡批次", "open a batch for the line"),
    "StopLineBatch": Words("停止製卡批次", "stop a batch on the line"),
    "ReturnReader": Words("讀卡機恢復使用", "put a reader back into use"),
    "SettleQuarantined": Words("處理隔離卡片", "settle a quarantined card"),
    "BeginCardRetirement": Words("註銷卡片", "retire a card"),
    "RecordCardRetired": Words("登錄卡片註銷", "record a card as retired"),
    "RequeueDeadLetter": Words("重新處理失敗的工作", "requeue a dead letter"),
    "ConfirmSweep": Words("確認到期處理", "confirm the sweep"),
    "MoveClock": Words("撥動示範時鐘", "move the demonstration's clock"),
    "ListCompromisedKeys": Words("登錄外洩金鑰", "list compromised keys"),
    "AssignOid": Words("配賦物件識別碼", "assign an OID"),
    "PauseDeadlines": Words("暫停期限", "pause the deadlines"),
    "ResumeDeadlines": Words("恢復期限", "resume the deadlines"),
    "PublishDocument": Words("公布文件", "publish a document"),
    "WithdrawDocument": Words("撤下文件", "withdraw a document"),
    "SetPublication": Words("選擇憑證是否公布", "choose whether certificates are published"),
    "RecordWatch": Words("登錄巡查結果", "record what a watch found"),
    "AddApiToken": Words("建立存取權杖", "make a token"),
    "ConfirmApiToken": Words("確認存取權杖", "confirm a token"),
    "RevokeApiToken": Words("撤銷存取權杖", "revoke a token"),
    "AdmitApiToken": Words("以存取權杖連線", "come in with a token"),
    "OpenCardSession": Words("讀取卡片", "use the card"),
    "AdvanceCardSession": Words("讀取卡片", "use the card"),
    "EndCardSession": Words("結束讀卡", "end the use of the card"),
    "ChangeContact": Words("連絡人修改", "change the contact"),
    "SuspendByHolder": Words("停用憑證", "suspend the certificates"),
    "ResumeByHolder": Words("復用憑證", "resume the certificates"),
    "UnlockUserCode": Words("解除用戶代碼鎖定", "unlock the user code"),
    "ResendNotice": Words("重寄通知", "send the notice again"),
}


def deed(name: str) -> Words:
    """Return what people call a trigger or command; one that only the system knows keeps its name."""
    return DEEDS.get(name, Words(name, name))


def roles_in_words(roles: Iterable[Role]) -> Words:
    """Return several roles in words."""
    ordered = sorted(roles)
    return Words("、".join(role.zh for role in ordered) or "—", ", ".join(role.en for role in ordered) or "—")
