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
}
