"""The small steps that scripts are made of: select, read and write an object, present and change secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hardware.apdu import CommandApdu
from hardware.errors import CardAnswerWrong, CardRefused, SecretRefused, TlvError
from hardware.piv import AID, DEFAULT_TRIES, DataObject, Ins, Reference, Sw, tries_left
from hardware.secrets_of_card import encode_pin
from hardware.tlv import build, find, parse_one

if TYPE_CHECKING:
    from hardware.apdu import ResponseApdu
    from hardware.scripts.script import Script

ALL: Final = 256  # Le: whatever there is.
DATA: Final = 0x53
TAG_LIST: Final = 0x5C
# A card says "there is no such object" or "no such thing at all" in one of these ways.
ABSENT: Final = frozenset({Sw.NOT_FOUND, Sw.REFERENCE_NOT_FOUND, Sw.FUNCTION_UNSUPPORTED, Sw.WRONG_DATA})


@dataclass(frozen=True, slots=True)
class Standing:
    """What a card tells about a PIN or PUK; None where it does not tell."""

    left: int | None = None
    limit: int = DEFAULT_TRIES
    is_factory: bool | None = None


def require_success(doing: str, response: ResponseApdu) -> bytes:
    """Return the response's data, or raise the refusal that its status word means."""
    if response.is_success:
        return response.data
    left = tries_left(response.sw)
    if left is not None:
        raise SecretRefused(doing, response.sw, left)
    raise CardRefused(doing, response.sw)


def select() -> Script[None]:
    """Select the PIV application."""
    response = yield CommandApdu(0, Ins.SELECT, 0x04, 0, AID, ALL)
    require_success("select the PIV application", response)


def read_object(tag: int) -> Script[bytes | None]:
    """Read one data object; None when it is empty or unknown to the card."""
    name = tag.to_bytes((tag.bit_length() + 7) // 8, "big")
    response = yield CommandApdu(0, Ins.GET_DATA, 0x3F, 0xFF, build(TAG_LIST, name), ALL)
    if response.sw in ABSENT:
        return None
    data = require_success(f"read object {tag:X}", response)
    try:
        return (data if tag == DataObject.DISCOVERY else parse_one(data, DATA)) or None
    except TlvError as error:
        raise CardAnswerWrong(f"The object {tag:X} is not well formed.") from error


def write_object(tag: int, content: bytes) -> Script[None]:
    """Write one data object over whatever was there; the management key must have been proven."""
    name = build(TAG_LIST, tag.to_bytes(3, "big"))
    response = yield CommandApdu(0, Ins.PUT_DATA, 0x3F, 0xFF, name + build(DATA, content))
    require_success(f"write object {tag:X}", response)


def verify_pin(pin: str) -> Script[None]:
    """Present the PIN; raises SecretRefused with the tries left."""
    response = yield CommandApdu(0, Ins.VERIFY, 0, Reference.PIN, encode_pin(pin))
    require_success("accept the PIN", response)


def change_reference(reference: Reference, old: bytes, new: bytes) -> Script[ResponseApdu]:
    """Ask to replace a PIN or PUK, both in their eight-byte form; the answer is for the caller to judge."""
    response = yield CommandApdu(0, Ins.CHANGE_REFERENCE_DATA, 0, reference, old + new)
    return response


def read_metadata(reference: int) -> Script[bytes | None]:
    """Read what the card tells about a key or secret; None from cards without that command."""
    response = yield CommandApdu(0, Ins.GET_METADATA, 0, reference, le=ALL)
    return response.data if response.is_success else None


def standing_of(reference: Reference) -> Script[Standing]:
    """Find out how a PIN or PUK stands without spending a try."""
    metadata = yield from read_metadata(reference)
    if metadata is not None:
        return _standing_from(metadata)
    if reference is not Reference.PIN:
        return Standing()
    response = yield CommandApdu(0, Ins.VERIFY, 0, Reference.PIN)
    return Standing(tries_left(response.sw))


def _standing_from(metadata: bytes) -> Standing:
    try:
        tries, default = find(metadata, 0x06), find(metadata, 0x05)
    except TlvError as error:
        raise CardAnswerWrong("The card's metadata is not well formed.") from error
    is_factory = None if not default else default != b"\0"
    if tries is None or len(tries) != len(b"\0\0"):
        return Standing(is_factory=is_factory)
    return Standing(tries[1], tries[0], is_factory)


def old_or_new_first(standing: Standing, old: bytes, new: bytes, *, factory: bytes) -> tuple[bytes, bytes]:
    """Say in which order to try an old and a new secret when it is not known whether the change took place.

    Where the card tells whether the factory's value is still there, that settles it. Otherwise a counter below its
    limit means that an earlier run already had the old one refused and was cut off, so the new one comes first.
    Raises SecretRefused rather than spend the last try on a guess.
    """
    if standing.left is not None and standing.left <= 1:
        raise SecretRefused("be asked twice", Sw.TRIES_LEFT | standing.left, standing.left)
    if standing.is_factory is not None and old == factory:
        return (old, new) if standing.is_factory else (new, old)
    refused_before = standing.left is not None and standing.left < standing.limit
    return (new, old) if refused_before else (old, new)
