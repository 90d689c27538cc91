"""The sentences about the secrets of cards and the master keys that they are derived from."""

from __future__ import annotations

CARD_SENTENCES: dict[str, tuple[str, str]] = {
    "card.puk_refused": (
        "卡片不接受解鎖碼，無法設定 PIN 碼。請保留卡片並洽服務台。",
        "The card does not accept its unblocking key, so no PIN can be set. Keep the card and call the help desk.",
    ),
    "card.not_proved": (
        "卡片無法證明是本中心發出的卡片，沒有送出解鎖碼。請洽服務台。",
        "The card could not prove that it is ours, so its unblocking key was not sent. Call the help desk.",
    ),
    "card.still_certified": (
        "卡片（晶片序號 {csn}）仍有未廢止的有效憑證，或仍在製作中，不能註銷。請先廢止憑證或登錄廢卡。",
        "The card (chip {csn}) is being made, or has certificates that still count. Revoke them or spoil the card first.",
    ),
    "card.no_master_key": (
        "找不到卡片主金鑰 {name}，無法製卡或解鎖。請由維運人員以 guanfang setup master-key 建立，或由備份復原。",
        (
            "There is no master key of cards {name}, so no card can be made or unblocked. An operator makes it with"
            " `guanfang setup master-key`, or restores it from its backup."
        ),
    ),
    "card.other_master_key": (
        "設定中的卡片主金鑰不是製作這張卡片時的 {name}，請由備份復原該金鑰。",
        (
            "The master key of that label is not {name}, which this card was made with. Restore that one from its"
            " backup."
        ),
    ),
    "card.master_key_closed": (
        "卡片主金鑰目前無法使用：{detail}。請確認金鑰已啟用、硬體模組已連線後再試。",
        (
            "The master key of cards can't be used now: {detail}. See that keys are activated and the module is"
            " connected, and try again."
        ),
    ),
    "card.master_key_twins": (
        (
            "權杖內名為 {name} 的卡片主金鑰不只一把，一把都不使用：{keys}。卡片用的是其中一把時，請以硬體模組的工具依 id 刪除其餘；"
            "都沒有卡片使用時，請將 GUANFANG_CARD_MASTER_KEY 換成新的標籤再建立。"
        ),
        (
            "The token has more than one master key of cards {name}, and none is used: {keys}. Where cards know one of"
            " them, remove the others by their ids with the module's own tool; where no card does, give"
            " GUANFANG_CARD_MASTER_KEY a new label and make that key."
        ),
    ),
    "card.master_key_people": (
        "正式系統的卡片主金鑰須由多人在場產製或回復，請以 --with 逐一指明在場人員（每人一次）；僅測試級（test_assurance）的展示系統得由系統自行產製。",
        (
            "The master key of real cards is made, or put back, in front of people: name each with --with. Only a"
            " demonstration of test assurance (GUANFANG_TEST_ASSURANCE) does it without anybody."
        ),
    ),
    "card.master_key_exists": (
        "卡片主金鑰 {name} 已存在，不會重新產製。更換主金鑰請使用新的名稱。",
        "The master key of cards {name} is there already and is not made again. A new one needs a new label.",
    ),
}
