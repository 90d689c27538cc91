"""What the card pages' scripts say, in both languages; the names are those that the scripts use."""

from __future__ import annotations

from web.language import t


def card_words() -> dict[str, str]:
    """Return what the page's script says, in the visitor's language."""
    return {name: t(*pair) for name, pair in _WORDS.items()}


_WORDS = {
    "no_store": (
        "瀏覽器封鎖了 Cookie 或網站資料，請允許本網站使用後重新整理。",
        "The browser blocks cookies or site data. Allow them for this site and load the page again.",
    ),
    "looking": ("正在尋找讀卡代理程式…", "Looking for the card agent…"),
    "found": ("讀卡代理程式已連線（版本 {version}）。", "The card agent is connected (version {version})."),
    "none": ("找不到讀卡代理程式。", "No card agent was found."),
    "old": ("讀卡代理程式的版本不符，請更新。", "The card agent's version does not fit. Please update it."),
    "pair": (
        "請輸入代理程式視窗顯示的八位數配對碼。",
        "Enter the eight-digit pairing code that the agent's window shows.",
    ),
    "paired": ("配對完成。", "Paired."),
    "no_reader": (
        "找不到讀卡機，請接上後重新偵測。",
        "No reader was found. Connect one and look again.",
    ),
    "empty": ("（沒有卡片）", " (empty)"),
    "holds": ("（卡片 {number}）", " (card {number})"),
    "inserted": ("（有卡片）", " (card inserted)"),
    "choose": ("請選擇讀卡機。", "Choose the reader."),
    "working": ("處理中，請勿移除卡片。", "Working: do not remove the card."),
    "sending_pin": (
        "正在把 PIN 碼送到卡片，請勿移除卡片。",
        "Sending the PIN to the card: do not remove the card.",
    ),
    "done": ("完成，可以取出卡片。", "Done: the card may be removed."),
    "read": ("已讀取卡片，請勿取出，繼續下一步。", "The card was read. Leave it in the reader and go on."),
    "failed": ("沒有完成。", "It was not completed."),
    "lost": (
        "與網站的連線中斷，請確認網路後再試一次。",
        "The connection with the site was lost. Check the network and try again.",
    ),
    "lost_agent": (
        "與讀卡代理程式的連線中斷，請確認它仍在執行。",
        "The connection with the card agent was lost. Is it still running?",
    ),
    "popup": (
        "瀏覽器擋下了彈出視窗，請允許後再試。",
        "The browser blocked the window. Allow it and try again.",
    ),
    "pin_shape": ("PIN 碼須為 6 至 8 位數字。", "A PIN is 6 to 8 digits."),
    "pin_weak": (
        "這個 PIN 碼太容易猜，請避免連號、重複或 123456 之類的數字。",
        "This PIN is too easy to guess: no runs, repetitions, or the like of 123456.",
    ),
    "pin_differs": ("兩次輸入的新 PIN 碼不同。", "The two new PINs differ."),
    "pin_same": ("新 PIN 碼不能與舊的相同。", "The new PIN must not be the old one."),
    "required": ("請填寫此欄位。", "Fill in this field."),
    "confirm": ("請核對卡片資料後勾選。", "Check the card's details and tick the box."),
    "check_passed": ("通過", "Passed"),
    "check_failed": ("未通過", "Failed"),
    "check_waiting": ("尚未檢測", "Not checked yet"),
    "fix_agent": ("安裝或啟動代理程式", "Install or start the agent"),
    "fix_version": ("更新代理程式", "Update the agent"),
    "fix_pairing": ("輸入配對碼", "Enter the pairing code"),
    "fix_reader": ("重新偵測", "Look again"),
}
