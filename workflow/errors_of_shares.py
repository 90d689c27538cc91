"""Sentences of the refusals around shares of the keys' secret and their activation (ROL-07, ROL-08)."""

from __future__ import annotations

from typing import Final

SHARE_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "authority.not_activated": (
        "憑證機構金鑰尚未啟用，簽發、清冊與線上狀態回覆暫停，啟用後自動繼續；請簽發員與控管員執行 guanfang ca activate。",
        (
            "The authorities' keys are not activated. Issuing, lists and status answers wait and go on by themselves"
            " afterwards; officers and a controller should run `guanfang ca activate`."
        ),
    ),
    "share.unknown": (
        "此分持不屬於本系統現有的任何一組分持。請改用「guanfang ca shares list」所列該組的分持。",
        "This share is of no set that is known here. Use one of the set that `guanfang ca shares list` shows.",
    ),
    "share.old": (
        "此分持屬於已更換的一組（{set}），不能再使用。請改用使用中的一組，並銷毀此分持。",
        "This share is of a set that was replaced ({set}). Use the one in force, and destroy this share.",
    ),
    "share.other_set": (
        "第 {index} 份分持屬於另一組（{set}），須提出 {wanted} 這一組的分持。請持有人改提該組分持。",
        "Share {index} is of another set ({set}) than {wanted}, which is needed. Its holder should bring the one of that set.",
    ),
    "share.not_yours": (
        "第 {index} 份分持的持有人不是「{login}」。每人只能提出自己的分持。",
        "{login} is not the holder of share {index}. Everybody hands in their own share.",
    ),
    "share.none": (
        "「{login}」在使用中的一組沒有分持，或其分持存於媒體而未以 --share 指明檔案。",
        "{login} holds no share of the set in force, or holds it on a medium that --share did not name.",
    ),
    "share.passphrase": (
        "通行碼打不開第 {index} 份分持。請持有人重新輸入自己的通行碼。",
        "The passphrase does not open share {index}. Its holder should type it again.",
    ),
    "share.damaged": (
        "分持檔案或內容毀損，無法使用。請改由另一位持有人提出分持，並重新分持。",
        "The share is damaged. Let another holder hand in a share, and split the secret anew afterwards.",
    ),
    "share.repeated": (
        "第 {index} 份分持已提出過。請由另一位持有人提出其分持。",
        "Share {index} was handed in already. Let another holder hand in theirs.",
    ),
    "share.too_few": (
        "須有 {threshold} 份分持，僅提出 {given} 份。請補足持有人後重新執行。",
        "{threshold} shares are needed and {given} were handed in. Bring the other holders and run it again.",
    ),
    "share.holders": (
        "分持須有 {count} 位不同的簽發員（複審人員）持有，每人一份。請修正 --holder。",
        "{count} different officers (second reviewers) have to hold the shares, one each. Correct --holder.",
    ),
    "holder.unknown": (
        "分持持有人「{login}」沒有使用中的帳號。請核對計畫 [backup] 的 holders，或先以 guanfang accounts 建立帳號。",
        "{login} is to hold a share and has no open account. Correct `holders` in [backup], or add the account first.",
    ),
    "holder.role": (
        "分持持有人「{login}」的角色不符，須為{roles}。請於計畫 [backup] 的 holders 改列其他人員。",
        "{login} may not hold a share: a holder is {roles}. Name somebody else under `holders` in [backup].",
    ),
    "holder.twice": (
        "分持持有人「{login}」與「{other}」為同一人，每人只能持有一份。請於計畫 [backup] 的 holders 改列其他人員。",
        "{login} and {other} are one person, who may hold one share. Name somebody else under `holders` in [backup].",
    ),
    "share.set_in_force": (
        "已有使用中的一組分持（{set}）。請改用 guanfang ca shares replace。",
        "A set of shares is in force ({set}). Use `guanfang ca shares replace`.",
    ),
    "share.no_set": (
        "尚未分持金鑰啟用密碼。請先執行 guanfang ca shares make。",
        "The keys' secret was not split yet. Run `guanfang ca shares make` first.",
    ),
    "share.opens_nothing": (
        "此組分持打不開金鑰（{detail}），未作任何變更。若更換 PIN 曾中斷，請執行 guanfang ca shares confirm；否則請維運員檢查金鑰載具。",
        (
            "These shares do not open the keys ({detail}). Nothing was changed. If a change of the PIN was interrupted, run"
            " `guanfang ca shares confirm`; else operators should check the token."
        ),
    ),
    "share.pin_not_changed": (
        "金鑰載具未接受新的 PIN（{detail}）。請以新的一組分持執行 guanfang ca shares confirm 查明；仍用原 PIN 者可加 --keep-pin 重新執行。",
        (
            "The token did not take a new PIN ({detail}). See with `guanfang ca shares confirm` and the new shares which one"
            " it has; a token that can't change it takes --keep-pin."
        ),
    ),
    "share.not_pending": (
        "沒有待生效的分持，請以 guanfang ca shares list 查詢。",
        "No set of shares is pending; see `guanfang ca shares list`.",
    ),
    "share.confirm_elsewhere": (
        "待生效的分持（{set}）屬於金鑰載具的 PIN，須以該載具查明是否已更換。請設定 GUANFANG_KEYSTORE=pkcs11 及 GUANFANG_PKCS11_TOKEN 後重新執行；未作任何變更。",
        (
            "The set that waits ({set}) makes the PIN of a token, and only the token can tell whether it has it. Set"
            " GUANFANG_KEYSTORE=pkcs11 and GUANFANG_PKCS11_TOKEN and run it again. Nothing was changed."
        ),
    ),
    "share.changed_meanwhile": (
        "金鑰或分持在作業期間已被他人變更，未作任何變更。請重新執行。",
        "Keys or shares were changed by others meanwhile. Nothing was done; run it again.",
    ),
}
