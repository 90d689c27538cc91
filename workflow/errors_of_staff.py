"""What is said of the registration authority, of staff cards, and of logging in and signing with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

STAFF_SENTENCES: Mapping[str, tuple[str, str]] = {
    "certificate.not_requested": (
        "註冊中心的簽發請求驗證不符，不能簽發：{detail}",
        "The registration authority's request doesn't verify, so nothing is issued: {detail}",
    ),
    "registration.revoked": (
        "{ca}註冊中心的憑證（序號 {serial}）已停用或廢止，不能請求簽發；請由管理員以 guanfang ca registration 換發。",
        (
            "The certificate of the {ca}'s registration authority (serial {serial}) is suspended or revoked. An"
            " administrator makes another with `guanfang ca registration`."
        ),
    ),
    "account.login_failed": (
        "帳號或密碼不正確。連續輸入錯誤 {limit} 次，帳號將暫停使用。",
        "The account or the password is wrong. After {limit} wrong tries in a row the account is locked.",
    ),
    "account.locked": (
        "帳號已鎖定，請於 {until} 後再試，或洽管理員。",
        "The account is locked until {until}. Try later or ask an administrator.",
    ),
    "account.card_required": (
        "本系統規定以帳號、密碼與卡片登入，請使用「以卡片登入」；尚無卡片請洽管理員。",
        "Account, password and card are needed to log in: use the log-in with a card. An administrator makes cards.",
    ),
    "account.login_form": (
        "帳號「{login}」不符規定：1 至 64 個英文字母、數字或 . _ - @，並以字母或數字開頭。請另取帳號。",
        "“{login}” is no login: 1 to 64 letters, digits or . _ - @, beginning with a letter or digit. Choose another.",
    ),
    "account.name_form": (
        "姓名含有無法印出的字元（如換行或控制碼），請修正。",
        "The name has characters that can't be printed, such as a line break or a control code. Correct it.",
    ),
    "account.proposer_gone": (
        "提議人的帳號已停用，請由現任管理員重新提議。",
        "The account of whoever proposed it is closed. An administrator in office has to propose it anew.",
    ),
    "account.name_missing": ("請以 --name 填寫本人姓名。", "Give the natural person's name with --name."),
    "account.roles": (
        "帳號須有下列角色之一：{roles}。請修正 --role。",
        "An account has one or more of the roles {roles}. Correct --role.",
    ),
    "account.roles_apart": (
        "角色 {roles} 不得由同一人兼任。請修正 --role 或由另一人擔任。",
        "The roles {roles} are never the same person's. Correct --role, or let another person have one.",
    ),
    "account.window": (
        "初審人員須以 --window 指定窗口，其他人員不得指定。",
        "A first reviewer, and nobody else, belongs to a window. Give --window to them alone.",
    ),
    "account.window_unknown": (
        "沒有名為「{window}」的窗口。請核對名稱，或先以 guanfang setup windows 載入。",
        "There is no window called {window}. Correct the name, or load it first with `guanfang setup windows`.",
    ),
    "account.password_short": (
        "密碼至少須有 {least} 個字元，請重新輸入。",
        "A password has at least {least} characters. Type a longer one.",
    ),
    "account.login_taken": (
        "已有帳號「{login}」，請另取帳號。",
        "There is an account {login} already. Choose another login.",
    ),
    "account.unknown": (
        "查無帳號「{login}」，請核對 --same-person-as。",
        "There is no account {login}. Correct --same-person-as.",
    ),
    "account.two_people": (
        (
            "本系統已開始運作，受信賴角色不得由一人授予。請管理員執行 guanfang accounts propose {login}，再由另一位管理員以"
            " guanfang accounts confirm 確認；緊急時以 --alone-because 敘明事由。"
        ),
        (
            "The registry is at work, so nobody gives a trusted role alone. An administrator runs `guanfang accounts"
            " propose {login}` and another `guanfang accounts confirm`; in an emergency say why with --alone-because."
        ),
    ),
    "account.proposed_already": (
        "帳號「{login}」已有待確認的提議，請先確認或以 guanfang accounts withdraw 撤回。",
        "The account {login} is proposed already. Confirm it, or take it back with `guanfang accounts withdraw`.",
    ),
    "account.not_proposed": (
        "帳號「{login}」沒有待確認的提議，請以 guanfang accounts proposals 查詢。",
        "Nothing about the account {login} waits to be confirmed; see `guanfang accounts proposals`.",
    ),
    "account.proposal_differs": (
        "帳號「{login}」的提議與您看到的內容不同，未確認。請重新檢視後以新的指紋確認。",
        "The proposal of {login} is not the one you saw, so it was not confirmed. Look again and give its fingerprint.",
    ),
    "account.own_role": (
        "不得為自己提議角色，請由另一位管理員提議。",
        "Nobody proposes a role for themselves. Another administrator has to do it.",
    ),
    "account.another_confirms": (
        "提議人與帳號本人不得確認，請由另一位人員確認。",
        "Neither the one who proposed it nor the one whom it is for confirms it. Another person has to.",
    ),
    "account.administrators_confirm": (
        "提議的帳號須由另一位管理員確認。",
        "A proposed account is confirmed by another administrator.",
    ),
    "account.auditors_review": (
        "單人緊急開立的帳號須由稽核員查明並確認。",
        "An account that was made alone is looked into and confirmed by an auditor.",
    ),
    "account.not_confirmed": (
        "帳號「{login}」係單人緊急開立，經他人確認前不得確認其他帳號，亦不得在場見證。",
        (
            "The account {login} was made alone. Until somebody else has confirmed it, it confirms no other and witnesses"
            " nothing."
        ),
    ),
    "account.not_open": ("查無使用中的帳號 {login}。", "There is no open account {login}."),
    "account.not_there": ("查無此帳號。", "There is no such account."),
    "account.not_locked": ("帳號 {login} 沒有被鎖定，無須解除。", "The account {login} is not locked."),
    "account.own": (
        "不能解除或停用自己的帳號，請由另一位管理員辦理。",
        "Nobody unlocks or ends an account of their own. Another administrator has to do it.",
    ),
    "account.last_administrators": (
        "停用後管理員將少於 {count} 人，無人能互相覆核；請先新增另一位管理員。",
        "Fewer than {count} administrators would be left to check each other. Add another administrator first.",
    ),
    "staff_card.off": (
        "本系統未啟用承辦人員卡片。",
        "Cards of the staff are not in use here.",
    ),
    "staff_card.not_yours": (
        "讀卡機中的卡片不是這個帳號使用中的卡片，請插入本人的承辦人員卡片。",
        "The card in the reader is not this account's card in use. Insert your own staff card.",
    ),
    "staff_card.not_valid": (
        "卡片的憑證不能使用（{detail}），請洽管理員換發卡片。",
        "The card's certificate can't be relied on ({detail}). An administrator makes another card.",
    ),
    "staff_card.no_account": ("查無帳號 {login}。", "There is no account {login}."),
    "staff_card.own": (
        "管理員不能為自己製作卡片，請由另一位管理員辦理。",
        "Administrators do not make their own cards. Another administrator has to do it.",
    ),
    "staff_card.taken": (
        "這張卡片（晶片序號 {csn}）已是他人的卡片，請插入空白卡。",
        "This card (chip {csn}) is somebody's already. Insert a blank one.",
    ),
    "staff_card.not_usable": (
        "這張卡片（晶片序號 {csn}）在庫存帳上位於「{place}」，不是可用的空白卡，請換一張。",
        "The books of the stock have this card (chip {csn}) at '{place}': it is no blank to be used. Take another.",
    ),
    "staff_card.has_one": (
        "帳號 {login} 已有卡片；遺失或損壞請先以 guanfang accounts card-end 停用。",
        "The account {login} has a card. If it is lost or broken, end it first with `guanfang accounts card-end`.",
    ),
    "staff_card.none": ("帳號 {login} 沒有使用中的卡片。", "The account {login} has no card in use."),
    "decision.card_required": (
        "本系統規定以卡片簽署決定，請使用「以卡片簽署」。",
        "Decisions are signed with a card here: use “Sign with the card”.",
    ),
}
