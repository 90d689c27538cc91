"""What is said when the registry itself fails: its database, its storage, the connection between."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTAGE_SENTENCES: Mapping[str, tuple[str, str]] = {
    "registry.busy": (
        "系統忙碌，請稍後再試；您的資料沒有被更動。",
        "The system is busy; try again. Nothing was changed.",
    ),
    "registry.claim_lost": (
        "這件工作逾時未回報，已由其他程式接手，這裡不再寫入。",
        "This work was silent for too long, and another program has taken it up; nothing more is written here.",
    ),
    "registry.storage": (
        "系統儲存空間不足或無法寫入，資料沒有被更動，請稍後再試。",
        "The registry can't write to its storage. Nothing was changed; try again later.",
    ),
    "registry.unreachable": (
        "資料庫暫時無法連線，這次的操作沒有完成，資料沒有被更動。請稍候幾分鐘再試。",
        "The database can't be reached at the moment. Nothing was changed; try again in a few minutes.",
    ),
    "registry.cut_off": (
        "送出時與資料庫的連線中斷，無法確定這次的操作是否已經完成。請稍候幾分鐘，先查詢結果，再決定是否重做。",
        "The connection to the database broke, so this may or may not have been done. Look before you do it again.",
    ),
}
