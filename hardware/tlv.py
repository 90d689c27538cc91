"""Reads and writes BER-TLV as cards use it (ISO/IEC 7816-4 §5.2.2, X.690 §8.1); lengths are definite only."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.errors import TlvError

_LONG_TAG = 0x1F
_CONTINUES = 0x80
_SHORT_LENGTH_LIMIT = 0x7F
_TAG_BYTES_LIMIT = 3
_LENGTH_BYTES_LIMIT = 3


@dataclass(frozen=True, slots=True)
class Tlv:
    """One data object: its tag as an integer of its bytes (0x7F49, 0x5C) and its value."""

    tag: int
    value: bytes

    def encode(self) -> bytes:
        """Return tag, shortest length, value."""
        return build(self.tag, self.value)


def build(tag: int, *values: bytes) -> bytes:
    """Build one data object whose value is the given pieces put together."""
    value = b"".join(values)
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + _encode_length(len(value)) + value


def _encode_length(length: int) -> bytes:
    if length <= _SHORT_LENGTH_LIMIT:
        return bytes([length])
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([_CONTINUES | len(digits)]) + digits


def parse(raw: bytes) -> tuple[Tlv, ...]:
    """Return all data objects in `raw`, which must hold nothing else; the inside of a value is not looked at."""
    found, at = [], 0
    while at < len(raw):
        tag, at = _read_tag(raw, at)
        length, at = _read_length(raw, at)
        if at + length > len(raw):
            raise TlvError("A value is longer than the bytes that are there.")
        found.append(Tlv(tag, raw[at : at + length]))
        at += length
    return tuple(found)


def parse_one(raw: bytes, tag: int) -> bytes:
    """Return the value of the single data object that `raw` consists of; refuses another tag or anything after it."""
    found = parse(raw)
    if len(found) != 1 or found[0].tag != tag:
        raise TlvError(f"Exactly one data object {tag:X} was expected.")
    return found[0].value


def find(raw: bytes, tag: int) -> bytes | None:
    """Return the value of the first data object `tag` at the top level of `raw`, or None."""
    return next((item.value for item in parse(raw) if item.tag == tag), None)


def require(raw: bytes, tag: int) -> bytes:
    """Do as `find`, but refuse bytes without that data object."""
    value = find(raw, tag)
    if value is None:
        raise TlvError(f"The data object {tag:X} is missing.")
    return value


def _read_tag(raw: bytes, at: int) -> tuple[int, int]:
    end = at + 1
    if raw[at] & _LONG_TAG == _LONG_TAG:
        while end < len(raw) and raw[end] & _CONTINUES:
            end += 1
        end += 1
    if end > len(raw) or end - at > _TAG_BYTES_LIMIT:
        raise TlvError("A tag is cut short, or longer than three bytes.")
    return int.from_bytes(raw[at:end], "big"), end


def _read_length(raw: bytes, at: int) -> tuple[int, int]:
    if at >= len(raw):
        raise TlvError("A length is missing.")
    first = raw[at]
    if first <= _SHORT_LENGTH_LIMIT:
        return first, at + 1
    count = first & _SHORT_LENGTH_LIMIT
    end = at + 1 + count
    if not 1 <= count <= _LENGTH_BYTES_LIMIT or end > len(raw):
        raise TlvError("A length is indefinite, too long, or cut short.")
    return int.from_bytes(raw[at + 1 : end], "big"), end
