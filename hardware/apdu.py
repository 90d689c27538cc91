"""Defines the command and the response that pass between a terminal and a card (ISO/IEC 7816-4 §5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hardware.errors import ApduError

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT_DATA_LIMIT = 255
SHORT_LE_LIMIT = 256
EXTENDED_DATA_LIMIT = 65535
EXTENDED_LE_LIMIT = 65536
CHAINING_BIT = 0x10
SW_SUCCESS = 0x9000

_HEADER_LENGTH = 4
_BYTE_LIMIT = 0xFF
_EXTENDED_LE_ALONE = 3
_STATUS_LENGTH = 2


@dataclass(frozen=True, slots=True)
class CommandApdu:
    """One command: four header bytes, data, and the number of bytes expected back.

    `le` is None when no data is expected, otherwise 1 to 65536 (256 asks for "all there is" in short form).
    The data is left out of the repr, since it may be a PIN.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    def __post_init__(self) -> None:
        if not all(0 <= byte <= _BYTE_LIMIT for byte in self.header_values):
            raise ApduError("CLA, INS, P1 and P2 are single bytes.")
        if len(self.data) > EXTENDED_DATA_LIMIT:
            raise ApduError("A command carries at most 65535 bytes of data.")
        if self.le is not None and not 1 <= self.le <= EXTENDED_LE_LIMIT:
            raise ApduError("Le is 1 to 65536, or None.")

    def __repr__(self) -> str:
        return f"<CommandApdu {bytes(self.header_values).hex()} data={len(self.data)} bytes le={self.le}>"

    @property
    def header_values(self) -> tuple[int, int, int, int]:
        """CLA, INS, P1, P2."""
        return (self.cla, self.ins, self.p1, self.p2)

    @property
    def is_chained(self) -> bool:
        """Whether more parts of the same command follow (ISO/IEC 7816-4 §5.3.3)."""
        return bool(self.cla & CHAINING_BIT)

    def encode(self) -> bytes:
        """Return the bytes on the wire: short form if everything fits, otherwise extended."""
        header = bytes(self.header_values)
        if len(self.data) <= SHORT_DATA_LIMIT and (self.le or 0) <= SHORT_LE_LIMIT:
            lc = bytes([len(self.data)]) if self.data else b""
            le = b"" if self.le is None else bytes([self.le % SHORT_LE_LIMIT])
            return header + lc + self.data + le
        le = b"" if self.le is None else (self.le % EXTENDED_LE_LIMIT).to_bytes(2, "big")
        if not self.data:
            return header + b"\0" + le
        return header + b"\0" + len(self.data).to_bytes(2, "big") + self.data + le

    def chained(self, limit: int = SHORT_DATA_LIMIT) -> Iterator[CommandApdu]:
        """Cut the command into parts of at most `limit` bytes; only the last one expects data back."""
        if not 1 <= limit <= SHORT_DATA_LIMIT:
            raise ApduError("A part of a chain holds 1 to 255 bytes.")
        pieces = [self.data[at : at + limit] for at in range(0, len(self.data), limit)] or [b""]
        for piece in pieces[:-1]:
            yield replace(self, cla=self.cla | CHAINING_BIT, data=piece, le=None)
        yield replace(self, data=pieces[-1])

    @classmethod
    def parse(cls, raw: bytes) -> CommandApdu:
        """Read a command, short or extended; refuses lengths that do not add up."""
        if len(raw) < _HEADER_LENGTH:
            raise ApduError("A command has at least four bytes.")
        header, body = raw[:_HEADER_LENGTH], raw[_HEADER_LENGTH:]
        extended = len(body) >= _EXTENDED_LE_ALONE and body[0] == 0
        data, le = _parse_extended(body[1:]) if extended else _parse_short(body)
        cla, ins, p1, p2 = header
        return cls(cla, ins, p1, p2, data, le)


def _parse_short(body: bytes) -> tuple[bytes, int | None]:
    if not body:
        return b"", None
    if len(body) == 1:
        return b"", body[0] or SHORT_LE_LIMIT
    length, rest = body[0], body[1:]
    if length and len(rest) == length:
        return rest, None
    if length and len(rest) == length + 1:
        return rest[:-1], rest[-1] or SHORT_LE_LIMIT
    raise ApduError("Lc does not match the length of the data.")


def _parse_extended(body: bytes) -> tuple[bytes, int | None]:
    length, rest = int.from_bytes(body[:2], "big"), body[2:]
    if not rest:
        return b"", length or EXTENDED_LE_LIMIT
    if length and len(rest) == length:
        return rest, None
    if length and len(rest) == length + 2:
        return rest[:-2], int.from_bytes(rest[-2:], "big") or EXTENDED_LE_LIMIT
    raise ApduError("The extended Lc does not match the length of the data.")


@dataclass(frozen=True, slots=True)
class ResponseApdu:
    """One response: data (left out of the repr) and the status word `sw`, 0 to 0xFFFF."""

    data: bytes
    sw: int

    def __repr__(self) -> str:
        return f"<ResponseApdu data={len(self.data)} bytes sw={self.sw:04X}>"

    @property
    def sw1(self) -> int:
        """The first status byte."""
        return self.sw >> 8

    @property
    def sw2(self) -> int:
        """The second status byte."""
        return self.sw & 0xFF

    @property
    def is_success(self) -> bool:
        """Whether the status word is 9000."""
        return self.sw == SW_SUCCESS

    def encode(self) -> bytes:
        """Return the bytes on the wire."""
        return self.data + self.sw.to_bytes(2, "big")

    @classmethod
    def parse(cls, raw: bytes) -> ResponseApdu:
        """Read a response; refuses one without a status word."""
        if len(raw) < _STATUS_LENGTH:
            raise ApduError("A response has at least two bytes.")
        return cls(raw[:-2], int.from_bytes(raw[-2:], "big"))
