"""Finding the reader and holding its card for a command, and saying in words what reader or card refuse."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from hardware.errors import (
    CardRefused,
    CardRemoved,
    CardUnsupported,
    HardwareError,
    ManagementKeyRefused,
    NoCard,
    NoReader,
    PossessionNotProven,
    ReaderBusy,
    ReaderGone,
    ReaderServiceDown,
    ReaderTimeout,
    SecretRefused,
)
from hardware.folder_station import FolderStation
from hardware.pcsc_station import PcscStation
from hardware.piv import Sw
from hardware.secrets_of_card import SecretMalformed
from ops.cli.group import FoundError
from ops.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hardware.station import CardStation, Session

# The first that fits is said, so the narrower ones stand before the wider.
_WORDS: Final[tuple[tuple[type[HardwareError], str], ...]] = (
    (NoReader, "找不到讀卡機，請確認已連接。 There is no such reader; check that it is connected."),
    (NoCard, "讀卡機中沒有卡片，請插入卡片。 There is no card in the reader; insert it."),
    (ReaderBusy, "卡片正由其他程式使用中。 Another program is using the card; close it and try again."),
    (
        ReaderServiceDown,
        "讀卡機服務（pcscd）未啟動。 The smart-card service (pcscd) does not answer; start it and try again.",
    ),
    (ReaderGone, "讀卡機已中斷連接，請重新連接後再試。 The reader went away; connect it and try again."),
    (CardRemoved, "卡片在操作中被取出，請放回後再試。 The card was taken out; put it back and try again."),
    (ReaderTimeout, "讀卡機或卡片逾時未回應。 The reader or card did not answer in time."),
    (
        CardUnsupported,
        "無法與此卡片通訊，請確認晶片方向。 The card does not answer to its reset; look which way up it is.",
    ),
    (
        ManagementKeyRefused,
        "卡片的管理金鑰不符。 The card holds another management key than the one that is known for it.",
    ),
    (SecretMalformed, "PIN 為 6 至 8 位數字。 A PIN is 6 to 8 digits."),
    (
        PossessionNotProven,
        "卡片的私密金鑰與憑證不符！ The card does not hold the private key of its certificate!",
    ),
)


def stations() -> tuple[CardStation, ...]:
    """Return the places with readers on this machine: virtual ones where a card folder is set, and PC/SC."""
    folder = Settings.read().card_folder
    # A folder that is not there yet is for the demonstration to make, with readers of its own.
    virtual: tuple[CardStation, ...] = ()
    if folder is not None and folder.is_dir():
        virtual = (FolderStation(folder),)
    return (*virtual, PcscStation())


@contextmanager
def card_in(reader: str | None) -> Iterator[Session]:
    """Hold the card in a reader, or in the only reader that has one; FoundError says what is wrong with it."""
    try:
        station, name = _found(reader)
        with station.open_session(name) as session:
            yield session
    except HardwareError as error:
        raise FoundError(said(error)) from error


def said(error: HardwareError) -> str:
    """Say an error of reader or card in Chinese and English, with what to do about it."""
    if isinstance(error, SecretRefused):
        return _secret(error)
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    if isinstance(error, CardRefused) and error.sw in {Sw.NOT_FOUND, Sw.INS_UNSUPPORTED, Sw.CLA_UNSUPPORTED}:
        return f"這不是本系統的 PIV 卡片。 This is no PIV card of ours. ({error})"
    return f"卡片沒有正確回應。 The card did not answer as it should: {error}"


def _secret(error: SecretRefused) -> str:
    if error.tries_left:
        left = error.tries_left
        return f"PIN 不正確，還可嘗試 {left} 次。 The PIN is wrong. Tries left: {left}."
    return "PIN 已鎖住，請辦理鎖卡解碼。 The PIN is blocked; have the card unblocked."


def _found(reader: str | None) -> tuple[CardStation, str]:
    seen: list[tuple[CardStation, str, bool]] = []
    for station in stations():
        try:
            seen.extend((station, status.name, status.card_present) for status in station.readers())
        except ReaderServiceDown:
            # A machine with virtual readers alone needs no pcscd; without any reader it is the reason.
            if not seen:
                raise
    if reader is not None:
        for station, name, _ in seen:
            if name == reader:
                return station, name
        names = "、".join(name for _, name, _ in seen) or "—"
        raise FoundError(
            f"找不到讀卡機「{reader}」，現有：{names}。 There is no reader '{reader}'; there are: {names}."
        )
    with_card = [(station, name) for station, name, present in seen if present]
    if len(with_card) == 1:
        return with_card[0]
    if with_card:
        raise FoundError(
            "有多張卡片，請以 --reader 指定讀卡機。 Several readers hold a card; say which with --reader."
        )
    if seen:
        raise NoCard("No reader holds a card.")
    raise NoReader("There is no reader.")
