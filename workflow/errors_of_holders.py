"""The sentences of what a card's holder is refused about user codes and suspensions; part of `workflow.errors`."""

from __future__ import annotations

from typing import Final

HOLDER_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "suspension.already": (
        "這張卡片的憑證已由持卡人停用。",
        "The holder has suspended this card's certificates already.",
    ),
    "emergency.over": (
        "這件緊急停用申請已由他人處理，請重新整理。",
        "Somebody has settled this emergency already. Reload the page.",
    ),
    "emergency.open": (
        "這張卡片已有一件緊急停用申請等候回電。",
        "An emergency suspension of this card waits for the call back already.",
    ),
    "suspension.none": (
        "這張卡片的憑證沒有由持卡人停用，無須復用。",
        "The holder has not suspended this card's certificates; there is nothing to resume.",
    ),
    "suspension.by_authority": (
        "憑證由憑證機構停用，不能由持卡人復用，請洽服務台。",
        "The CA suspended the certificates; their holder can't resume them. Call the help desk.",
    ),
    "suspension.revoked": (
        "憑證已廢止，不能停用也不能復用，須重新申請。",
        "The certificates are revoked: they are neither suspended nor resumed. Apply again.",
    ),
    "usercode.wrong": (
        "用戶代碼不正確，還可嘗試 {left} 次；輸入錯誤三次將鎖定，須辦理用戶代碼重設。",
        "The user code is wrong. Tries left: {left}; after three wrong ones it is locked and has to be reset.",
    ),
    "usercode.locked": (
        "用戶代碼已因輸入錯誤三次而鎖定，請辦理「用戶代碼重設」。",
        "The user code is locked after three wrong tries. Please apply for a user-code reset.",
    ),
    "usercode.not_to_unlock": (
        "只有尚未製卡、且用戶代碼已鎖定的申請案可由服務台解除鎖定；已製卡者請辦理「用戶代碼重設」。",
        "The desk unlocks only a locked code of an application without a card. With a card, the code is reset.",
    ),
    "usercode.reset_open": (
        "此卡片的用戶代碼重設案件正在處理中；如非貴單位所申請，請洽服務台。",
        "A user-code reset of this card is under way already. If it was not you who asked, please call the help desk.",
    ),
    "usercode.other_reset": (
        "此卡片另有重設案件 {number} 已收到用印之申請書；請先取消或完成該案。",
        "Another reset of this card, {number}, has its sealed form already. Cancel or finish that one first.",
    ),
}
