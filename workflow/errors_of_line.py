"""The sentences of the manufacturing line's refusals, in both languages."""

from __future__ import annotations

LINE_SENTENCES: dict[str, tuple[str, str]] = {
    "card.not_quarantined": (
        "卡片（晶片序號 {csn}）不在隔離中，請重新整理清單。",
        "The card (chip {csn}) is not in quarantine. Reload the list.",
    ),
    "card.holds_keys": (
        "卡片（晶片序號 {csn}）已產製金鑰，不得再作空白卡，請報廢。",
        "The card (chip {csn}) holds keys of ours and can't be a blank again. Spoil it.",
    ),
    "line.no_cases": (
        "沒有可製卡的案件，請選擇已審核通過的案件。",
        "There is no case to make a card for. Choose approved cases.",
    ),
    "line.too_many": (
        "一個批次最多 {most} 案，請分批開立。",
        "A batch holds {most} cases at most. Open several.",
    ),
    "line.case_taken": (
        "案件 {number} 已在製卡批次中，請由該批次處理。",
        "The case {number} is in a batch of the line already; it is made there.",
    ),
    "line.no_batch": (
        "查無進行中的製卡批次 {batch}。",
        "There is no running batch {batch}.",
    ),
    "line.not_set_aside": (
        "讀卡機「{reader}」目前並未停用。",
        "The reader '{reader}' is not set aside.",
    ),
}
