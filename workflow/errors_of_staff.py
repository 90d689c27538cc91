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
    "account.card_required": (
        "本系統規定以帳號、密碼與卡片登入，請使用「以卡片登入」；尚無卡片請洽管理員。",
        "Account, password and card are needed to log in: use the log-in with a card. An administrator makes cards.",
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
