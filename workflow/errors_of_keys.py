"""Sentences of the refusals around authorities' keys and the people who touch them (ROL-02, ROL-08)."""

from __future__ import annotations

from typing import Final

KEY_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "people.missing": (
        "「{task}」須有{needed}親自到場並逐一登入，現有{present}。請補足人員後重新執行。",
        "{task} takes {needed}, each logged in; here are {present}. Bring the others and run it again.",
    ),
    "people.twice": (
        "「{login}」與另一帳號為同一人，同一人不得重複參與。請改由另一位人員登入。",
        "{login} is the same natural person as another account here. Nobody counts twice; let another person log in.",
    ),
    "people.no_key": (
        "帳號「{login}」沒有簽署金鑰，無法簽署紀錄。請以 guanfang accounts add --same-person-as 為其另建帳號。",
        (
            "The account {login} has no signing key and can't sign the record. Make the person another account with"
            " `guanfang accounts add --same-person-as`."
        ),
    ),
    "authority.key_works": (
        "憑證機構「{name}」的金鑰仍可使用，備援僅供復原或更換模組時回復。",
        "The key of {name} works. A copy is put back only for recovery, or when keys move elsewhere.",
    ),
    "authority.other_key": (
        "備援內的金鑰與憑證機構「{name}」的憑證不符，請改用正確的備援檔。",
        "The key in the copy is not that of the certificate of {name}. Take the right copy.",
    ),
    "authority.not_copied": (
        "硬體模組內的金鑰無法複製（{detail}）。請確認模組管理員（SO）PIN 及模組支援 AES 金鑰包裝與受信任的包裝金鑰；否則於計畫 [backup] 以 module 敘明模組自身的備援。",
        (
            "The token does not let its keys be copied ({detail}). Check the security officer's PIN, and that the module"
            " wraps keys under a trusted AES key; else say in the plan's [backup] with `module` how it is backed up."
        ),
    ),
    "authority.copy_damaged": (
        "「{name}」的備援檔已毀損或不是備援檔，請改用另一份。",
        "The copy of {name} is damaged, or is none. Take another one.",
    ),
    "authority.copy_not_opened": (
        "所提出的分持打不開「{name}」的備援檔。請核對備援檔與分持是否同一次典禮所製。",
        "These shares do not open the copy of {name}. Check that copy and shares were made at the same ceremony.",
    ),
    "authority.copy_shares": (
        "所提出的分持不是「{name}」備援的那一組（{set}）。請持有人提出該組分持。",
        "These shares are not of the set ({set}) that opens the copy of {name}. Bring the shares of that set.",
    ),
    "authority.copy_elsewhere": (
        "「{name}」的備援是硬體模組金鑰的備援，只能回復至硬體模組。請設定 GUANFANG_KEYSTORE=pkcs11 及該模組後重新執行。",
        (
            "The copy of {name} is of a key in a token and goes into a token alone. Set GUANFANG_KEYSTORE=pkcs11 and the"
            " token, and run it again."
        ),
    ),
    "authority.unknown_copy": (
        "這份備援不在「{name}」的備援清單，或已列為銷毀，請以清單上的備援檔回復。",
        "This copy is not on the list of copies of {name}, or is listed as destroyed. Take one that is listed.",
    ),
    "authority.established": (
        "本系統已有憑證機構，典禮只舉行一次；新金鑰請用 guanfang ca rollover。",
        "This registry has its authorities. A ceremony is held once; for a next key use `guanfang ca rollover`.",
    ),
    "authority.no_day_for_links": (
        "{name} 的憑證今日屆滿，與它互簽的連結憑證連一日都不足。如確定新根憑證不需連結，請加 --without-links。",
        (
            "The certificate of {name} ends today, so that links with it would not last a day. To make the new root without"
            " any, add --without-links."
        ),
    ),
    "authority.needs_ceremony": (
        "正式憑證機構的金鑰須由多人在場的典禮產製，請執行 guanfang ca ceremony；本指令僅供測試級（test_assurance）的展示系統使用。",
        (
            "Keys of real authorities are made in front of witnesses: hold a ceremony with `guanfang ca ceremony`. This is"
            " for a demonstration of test assurance (GUANFANG_TEST_ASSURANCE)."
        ),
    ),
    "authority.key_elsewhere": (
        "金鑰作業 {number} 的金鑰存放於「{place}」，目前的金鑰庫為「{here}」，無法代為銷毀。請改用原金鑰庫的設定再執行一次。",
        (
            "The keys of task {number} lie in {place}, and the keystore at work is {here}, which can't destroy them. Run"
            " it again with the settings of that keystore."
        ),
    ),
    "keys.intent_ended": (
        "編號 {number} 的金鑰已登錄、已清除或不存在，請以 guanfang keys unfinished 查詢。",
        "The key {number} is on record, was cleared away or never was; see `guanfang keys unfinished`.",
    ),
    "keys.intent_young": (
        "編號 {number} 的金鑰（{label}）自 {since} 起產製，可能仍在進行，{until} 以前不能清除。請於其後再執行；若已登錄，guanfang keys unfinished 即不再列出。",
        (
            "The key {number} ({label}) was begun at {since} and may be in the making; nobody clears it away before"
            " {until}. Run it again after that. Once it is on record, `guanfang keys unfinished` no longer lists it."
        ),
    ),
    "keys.elsewhere": (
        "編號 {number} 的金鑰應於「{place}」產製，目前的金鑰庫為「{here}」，無法代為清除。請改用原金鑰庫的設定再執行一次。",
        (
            "The key {number} was to be made in {place}, and the keystore at work is {here}, which can't clear it away."
            " Run it again with the settings of that keystore."
        ),
    ),
    "authority.not_found": (
        "沒有名為「{name}」的憑證機構，請以 guanfang ca list 查詢。",
        "There is no authority {name}; see `guanfang ca list`.",
    ),
    "authority.state": (
        "憑證機構「{name}」目前為「{state}」，不能{action}。",
        "The authority {name} is {state}, so you can't {action}.",
    ),
    "authority.exists": (
        "憑證機構「{name}」已由另一項金鑰作業產製，此計畫已不適用。請以 guanfang ca list 查詢，並重新擬訂計畫。",
        (
            "Another task has made the authority {name}, so this plan does not hold any more. See `guanfang ca list` and"
            " plan anew."
        ),
    ),
    "authority.root_stays": (
        "根憑證由自身簽發，不能列入自己的廢止清冊。根金鑰遭破解時，請通知信賴方移除該根憑證、以 guanfang ca revoke 廢止另一根簽發的連結憑證，並以 guanfang ca destroy 銷毀金鑰。",
        (
            "The root's certificate is signed by itself, and no list of its own can revoke it. When its key is"
            " compromised, tell relying parties to remove it, revoke its link by another root with `guanfang ca revoke`, and"
            " destroy the key with `guanfang ca destroy`."
        ),
    ),
    "authority.only_root": (
        "「{name}」是唯一的根，其下仍有憑證機構在簽發，不能停止簽發。請先以 guanfang ca rollover root 產製下一代根，或先停止其下的憑證機構。",
        (
            "{name} is the only root, and authorities still issue under it. Make the next root with"
            " `guanfang ca rollover root`, which retires this one, or retire those authorities first."
        ),
    ),
    "authority.revoked_already": (
        "憑證機構「{name}」的憑證已於 {since} 廢止，廢止後不能回復。",
        "The certificate of {name} was revoked at {since}. A revocation is never taken back.",
    ),
    "authority.task_open": (
        "另一項金鑰作業（{task}，編號 {number}，自 {since} 起）尚未結束。若已中斷，請執行 guanfang ca abort {number} --yes。",
        (
            "Another task with keys ({task}, number {number}, since {since}) is under way. If it was broken off, run"
            " `guanfang ca abort {number} --yes`."
        ),
    ),
    "authority.task_ended": (
        "金鑰作業 {number} 已結束或不存在，請以 guanfang ca tasks 查詢。",
        "The task with keys {number} has ended or never was; see `guanfang ca tasks`.",
    ),
    "authority.still_needed": (
        "憑證機構「{name}」仍有 {count} 張未到期的憑證，最後一張至 {until}。金鑰須保留至該日；必要時以 --force 並敘明事由。",
        (
            "{count} certificates of {name} have not ended, the last ends {until}. Keep the key until then; to destroy it"
            " all the same, use --force and say why."
        ),
    ),
    "authority.issues": (
        "憑證機構「{name}」仍在簽發憑證，請先以 guanfang ca retire 停止簽發。",
        "The authority {name} still issues. Retire it first with `guanfang ca retire`.",
    ),
    "authority.not_issued": (
        "憑證機構「{ca}」目前沒有可簽發的金鑰，請以 guanfang ca rollover 產製新金鑰。",
        "No key of {ca} issues now. Make a new one with `guanfang ca rollover`.",
    ),
}
