"""SELECT, GET DATA and PUT DATA of the virtual card (SP 800-73-4 part 2 §3.1, §3.3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hardware.apdu import ResponseApdu
from hardware.piv import AID, AID_TRUNCATED, DataObject, Sw
from hardware.tlv import build, parse
from hardware.virtual.power import SUCCESS, Refused

if TYPE_CHECKING:
    from hardware.apdu import CommandApdu
    from hardware.virtual.power import PoweredCard

# SP 800-73-4 part 1 table 2: these may be read only after the PIN.
PIN_TO_READ: Final = frozenset(
    {
        DataObject.PRINTED_INFORMATION,
        DataObject.FINGERPRINTS,
        DataObject.FACIAL_IMAGE,
    }
)
OBJECT_SIZE_LIMIT: Final = 8192
OBJECTS_LIMIT: Final = 64

_ALL_OBJECTS: Final = (0x3F, 0xFF)
_BY_NAME: Final = 0x04
_TAG_LIST: Final = 0x5C
_DATA: Final = 0x53
_WRITABLE: Final = range(0x5F0000, 0x600000)


def select(card: PoweredCard, command: CommandApdu) -> ResponseApdu:
    """Select the PIV application by its AID, whole or truncated; security state survives a second selection."""
    if command.p1 != _BY_NAME:
        raise Refused(Sw.NOT_FOUND)
    truncated = command.data.startswith(AID_TRUNCATED) and AID.startswith(command.data)
    if not truncated:
        raise Refused(Sw.NOT_FOUND)
    card.selected = True
    template = build(
        0x61, build(0x4F, AID[5:]), build(0x79, build(0x4F, AID_TRUNCATED)), build(0x50, b"Guanfang PIV")
    )
    return ResponseApdu(template, Sw.SUCCESS)


def get_data(card: PoweredCard, command: CommandApdu) -> ResponseApdu:
    """Answer with one data object, or 6A82 when it holds nothing."""
    _require_all_objects(command)
    wanted = parse(command.data)
    if len(wanted) != 1 or wanted[0].tag != _TAG_LIST or not wanted[0].value:
        raise Refused(Sw.WRONG_DATA)
    tag = int.from_bytes(wanted[0].value, "big")
    if tag == DataObject.DISCOVERY:
        return ResponseApdu(_discovery(), Sw.SUCCESS)
    if tag in PIN_TO_READ and not card.pin_verified:
        raise Refused(Sw.SECURITY_STATUS)
    content = card.state.objects.get(tag)
    if content is None:
        raise Refused(Sw.NOT_FOUND)
    return ResponseApdu(build(_DATA, content), Sw.SUCCESS)


def put_data(card: PoweredCard, command: CommandApdu) -> ResponseApdu:
    """Write one data object, after the management key was proven; an empty one clears it."""
    _require_all_objects(command)
    card.require_management()
    parts = parse(command.data)
    if [part.tag for part in parts] != [_TAG_LIST, _DATA]:
        raise Refused(Sw.WRONG_DATA)
    tag, content = int.from_bytes(parts[0].value, "big"), parts[1].value
    if tag not in _WRITABLE:
        raise Refused(Sw.NOT_FOUND)
    objects = card.state.objects
    if len(content) > OBJECT_SIZE_LIMIT or (tag not in objects and len(objects) >= OBJECTS_LIMIT):
        raise Refused(Sw.NO_SPACE)
    if content:
        objects[tag] = content
    else:
        objects.pop(tag, None)
    return SUCCESS


def _require_all_objects(command: CommandApdu) -> None:
    if (command.p1, command.p2) != _ALL_OBJECTS:
        raise Refused(Sw.WRONG_P1_P2)


def _discovery() -> bytes:
    """Return the discovery object: only the application's own PIN is used (SP 800-73-4 part 1 §3.3.2)."""
    return build(DataObject.DISCOVERY, build(0x4F, AID), build(0x5F2F, b"\x40\x00"))
