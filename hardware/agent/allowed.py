"""Which commands the agent passes on to a card, and what each is for, in the holder's words.

Only what the registry's scripts say to a finished card: read what is free to read, present and change PIN and PUK, sign
with 9C, prove the management key. Nothing that writes an object, makes a key or replaces the management key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from hardware.agent.refusals import AgentRefusal
from hardware.apdu import CHAINING_BIT, SHORT_LE_LIMIT, CommandApdu
from hardware.errors import ApduError
from hardware.piv import (
    AID,
    AID_TRUNCATED,
    CERTIFICATE_OBJECTS,
    MANAGEMENT_KEY_LENGTHS,
    PIN_LENGTH,
    Algorithm,
    DataObject,
    Ins,
    Reference,
    Slot,
)
from hardware.tlv import build

_TAG_LIST: Final = 0x5C
_PIN_BLOCK: Final = re.compile(rb"[0-9]{6,8}\xff{0,2}")
_SIGNING: Final = frozenset({Algorithm.RSA_2048, Algorithm.P256, Algorithm.P384})
_MANAGEMENT: Final = frozenset(MANAGEMENT_KEY_LENGTHS)
_MANAGEMENT_DATA_LIMIT: Final = 64
_OBJECTS: Final = frozenset(
    {
        DataObject.CHUID,
        DataObject.CCC,
        DataObject.DISCOVERY,
        DataObject.PRINTED_INFORMATION,
        DataObject.CARD_NUMBER,
        *CERTIFICATE_OBJECTS.values(),
    }
)


class Purpose(Enum):
    """What an exchange is for; `secret` ones send a PIN or PUK and are always told to the holder."""

    SELECT = ("選擇卡片應用程式", "select the card's application", False)
    READ = ("讀取卡片資料", "read the card", False)
    ASK_TRIES = ("查詢剩餘次數", "ask how many tries are left", False)
    SEND_PIN = ("送出 PIN 碼", "send the PIN", True)
    CHANGE_PIN = ("送出舊 PIN 碼與新 PIN 碼", "send the old and the new PIN", True)
    SET_PIN = ("以解鎖碼設定新 PIN 碼", "set a new PIN by the unblocking key", True)
    CHANGE_PUK = ("更換解鎖碼", "replace the unblocking key", True)
    SIGN = ("以卡片簽章", "sign with the card", False)
    PROVE = ("卡片與管理中心互相驗證", "card and registry prove themselves to each other", False)

    def __init__(self, zh: str, en: str, secret: bool) -> None:  # noqa: FBT001 - a member's three values.
        self.zh = zh
        self.en = en
        self.secret = secret


@dataclass(frozen=True, slots=True)
class Examined:
    """A command that may be sent, and what it is for."""

    command: CommandApdu
    purpose: Purpose

    @property
    def opens(self) -> bool:
        """Whether this is the SELECT with which every conversation begins."""
        return self.purpose is Purpose.SELECT


def examine(raw: bytes) -> Examined:
    """Return what a raw command is for; AgentRefusal for one that no script of the registry needs."""
    try:
        command = CommandApdu.parse(raw)
    except ApduError as error:
        raise AgentRefusal("agent.request") from error
    if command.cla & ~CHAINING_BIT or (command.le or 0) > SHORT_LE_LIMIT:
        raise AgentRefusal("agent.command")
    if command.is_chained and command.ins != Ins.GENERAL_AUTHENTICATE:
        raise AgentRefusal("agent.command")
    return Examined(command, _purpose(command))


def _purpose(command: CommandApdu) -> Purpose:
    where = (command.p1, command.p2)
    match command.ins:
        case Ins.SELECT if where == (4, 0) and command.data.startswith(AID_TRUNCATED):
            if AID.startswith(command.data):
                return Purpose.SELECT
        case Ins.GET_DATA if where == (0x3F, 0xFF) and _names_an_object(command.data):
            return Purpose.READ
        case Ins.GET_RESPONSE | Ins.GET_SERIAL if where == (0, 0) and not command.data:
            return Purpose.READ
        case Ins.GET_METADATA if command.p1 == 0 and not command.data:
            return Purpose.ASK_TRIES
        case Ins.GENERAL_AUTHENTICATE:
            return _authentication(command)
        case Ins.VERIFY | Ins.CHANGE_REFERENCE_DATA | Ins.RESET_RETRY_COUNTER if command.p1 == 0:
            return _secret(command)
        case _:
            pass
    raise AgentRefusal("agent.command")


def _names_an_object(data: bytes) -> bool:
    named = {build(_TAG_LIST, tag.to_bytes((tag.bit_length() + 7) // 8, "big")) for tag in _OBJECTS}
    return data in named


def _authentication(command: CommandApdu) -> Purpose:
    if command.p2 == Slot.SIGNATURE and command.p1 in _SIGNING:
        return Purpose.SIGN
    short = not command.is_chained and len(command.data) <= _MANAGEMENT_DATA_LIMIT
    if command.p2 == Reference.MANAGEMENT and command.p1 in _MANAGEMENT and short:
        return Purpose.PROVE
    raise AgentRefusal("agent.command")


def _secret(command: CommandApdu) -> Purpose:
    first, second = command.data[:PIN_LENGTH], command.data[PIN_LENGTH:]
    match command.ins, command.p2, len(command.data):
        case Ins.VERIFY, Reference.PIN, 0:
            return Purpose.ASK_TRIES
        case Ins.VERIFY, Reference.PIN, 8:
            return _pins(Purpose.SEND_PIN, first)
        case Ins.CHANGE_REFERENCE_DATA, Reference.PIN, 16:
            return _pins(Purpose.CHANGE_PIN, first, second)
        case Ins.CHANGE_REFERENCE_DATA, Reference.PUK, 16:
            return Purpose.CHANGE_PUK
        case Ins.RESET_RETRY_COUNTER, Reference.PIN, 16:
            return _pins(Purpose.SET_PIN, second)
        case _:
            raise AgentRefusal("agent.command")


def _pins(purpose: Purpose, *blocks: bytes) -> Purpose:
    """Refuse a block that no PIN makes: a try is too dear for a mistake of the page."""
    if not all(_PIN_BLOCK.fullmatch(block) for block in blocks):
        raise AgentRefusal("agent.pin_shape")
    return purpose
