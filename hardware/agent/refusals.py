"""What the agent refuses, in the holder's words; the code tells a page's script what to do about it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from hardware.errors import (
    CardFileError,
    CardRemoved,
    CardUnsupported,
    CardWasReset,
    HardwareError,
    NoCard,
    NoReader,
    ReaderBusy,
    ReaderServiceDown,
    ReaderTimeout,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_S = HTTPStatus

SENTENCES: Final[Mapping[str, tuple[HTTPStatus, str, str]]] = {
    "agent.stranger": (_S.FORBIDDEN, "這個網頁不在讀卡代理程式的允許清單中。", "This page is not on the card agent's list."),
    "agent.request": (_S.BAD_REQUEST, "讀卡代理程式看不懂這個要求。", "The card agent does not understand the request."),
    "agent.unknown": (_S.NOT_FOUND, "讀卡代理程式沒有這個功能。", "The card agent has no such function."),
    "agent.too_large": (_S.REQUEST_ENTITY_TOO_LARGE, "送給讀卡代理程式的資料過長。", "The request to the card agent is too long."),
    "agent.unpaired": (
        _S.UNAUTHORIZED,
        "這個網頁尚未與讀卡代理程式配對，請輸入代理程式視窗顯示的配對碼。",
        "This page is not paired with the card agent. Enter the pairing code shown in the agent's window.",
    ),
    "agent.code_wrong": (
        _S.FORBIDDEN,
        "配對碼不正確，請核對代理程式視窗顯示的數字。",
        "The pairing code is wrong. Compare it with the agent's window.",
    ),
    "agent.code_spent": (
        _S.TOO_MANY_REQUESTS,
        "配對碼已失效，請稍候幾秒再取得新的配對碼。",
        "The pairing code is void. Wait some seconds and ask for a new one.",
    ),
    "agent.command": (
        _S.FORBIDDEN,
        "這個卡片指令不在讀卡代理程式的允許清單中，沒有送給卡片。",
        "This command is not on the card agent's list; it was not sent to the card.",
    ),
    "agent.pin_shape": (
        _S.BAD_REQUEST,
        "PIN 碼須為 6 至 8 位數字，沒有送給卡片。",
        "A PIN is 6 to 8 digits; it was not sent to the card.",
    ),
    "agent.session": (
        _S.GONE,
        "讀卡連線已結束，請重新操作。",
        "The connection with the card has ended. Please start again.",
    ),
    "agent.reader_busy": (
        _S.CONFLICT,
        "讀卡機正由其他程式或網頁使用，請關閉後再試。",
        "Another program or page uses the reader. Close it and try again.",
    ),
    "agent.no_card": (_S.CONFLICT, "讀卡機中沒有卡片，請插入卡片。", "There is no card in the reader. Insert it."),
    "agent.no_reader": (_S.CONFLICT, "找不到這台讀卡機，請確認已接上。", "There is no such reader. Is it connected?"),
    "agent.removed": (
        _S.CONFLICT,
        "卡片在讀寫途中被取出，請插回卡片重新操作。",
        "The card was taken out while it was being used. Put it back and start again.",
    ),
    "agent.unsupported": (
        _S.CONFLICT,
        "讀卡機無法與這張卡片溝通，請確認晶片方向正確且為憑證IC卡。",
        "Reader and card can't talk. Is the chip the right way round, and is it a certificate card?",
    ),
    "agent.reset": (_S.CONFLICT, "卡片被其他程式重設，請重新操作。", "Another program reset the card. Please start again."),
    "agent.timeout": (
        _S.GATEWAY_TIMEOUT,
        "卡片沒有在時限內回應，請重新插卡後再試。",
        "The card did not answer in time. Insert it again and retry.",
    ),
    "agent.no_service": (
        _S.SERVICE_UNAVAILABLE,
        "這台電腦的智慧卡服務沒有執行，請啟動智慧卡服務或安裝讀卡機驅動程式。",
        "The smart-card service of this computer is not running. Start it, or install the reader's driver.",
    ),
    "agent.failed": (
        _S.BAD_GATEWAY,
        "讀卡失敗，請重新插卡後再試。",
        "The card could not be used. Insert it again and retry.",
    ),
}  # fmt: skip

_OF_HARDWARE: Final = (
    (ReaderBusy, "agent.reader_busy"),
    (CardUnsupported, "agent.unsupported"),
    (NoCard, "agent.no_card"),
    (NoReader, "agent.no_reader"),
    (CardRemoved, "agent.removed"),
    (CardWasReset, "agent.reset"),
    (ReaderTimeout, "agent.timeout"),
    (ReaderServiceDown, "agent.no_service"),
    (CardFileError, "agent.no_card"),
)


class AgentRefusal(HardwareError):  # noqa: N818 - a refusal, not an error.
    """A request that the agent does not fulfil; nothing was sent to a card unless the code says otherwise."""

    def __init__(self, code: str) -> None:
        super().__init__(SENTENCES[code][2])
        self.code = code

    @property
    def status(self) -> HTTPStatus:
        """The HTTP status that says so."""
        return SENTENCES[self.code][0]

    def said(self) -> dict[str, str]:
        """Return code and sentences, for the page."""
        _status, zh, en = SENTENCES[self.code]
        return {"code": self.code, "zh": zh, "en": en}


def refusal_of(error: HardwareError) -> AgentRefusal:
    """Return what a reader's or card's error means to the holder."""
    if isinstance(error, AgentRefusal):
        return error
    code = next((code for kind, code in _OF_HARDWARE if isinstance(error, kind)), "agent.failed")
    return AgentRefusal(code)
