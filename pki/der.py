"""A small strict DER reader and writer (X.690 §8-10), for what the certificate library does not offer.

The certificate library signs whatever it builds, limits names to 64 bytes and puts one answer into an OCSP
response; this room signs bytes that were stored before, has longer names and several answers. Hence these few
functions. The reader refuses indefinite and non-minimal lengths and never reads past the end of its bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from pki.errors import DerRefusedError

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
ENUMERATED: Final = 0x0A
UTF8_STRING: Final = 0x0C
PRINTABLE_STRING: Final = 0x13
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

_LONG_FORM: Final = 0x80
# Longer than any in use; beyond thousands of octets a number could not even be written down.
_LONGEST_OID: Final = 128
_MULTI_BYTE_TAG: Final = 0x1F
_MAX_LENGTH_OCTETS: Final = 4
_SHORTEST_ELEMENT: Final = 2
_LAST_ROOT_ARC: Final = 2
_ARCS_BELOW_ROOT: Final = 40
# RFC 5280 §4.1.2.5: dates through 2049 are UTCTime, later ones GeneralizedTime.
_FIRST_GENERALIZED_YEAR: Final = 2050
_FIRST_UTC_TIME_YEAR: Final = 1950


def tlv(tag: int, *parts: bytes) -> bytes:
    """One DER element of the given identifier octet around the joined parts."""
    content = b"".join(parts)
    return header(tag, len(content)) + content


def header(tag: int, length: int) -> bytes:
    """Return the identifier and length octets of an element whose content stands elsewhere."""
    if length < _LONG_FORM:
        return bytes((tag, length))
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG_FORM | len(octets))) + octets


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of elements that are encoded already."""
    return tlv(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """Return a SET OF elements, sorted as DER requires (X.690 §11.6)."""
    return tlv(SET, *sorted(parts))


def explicit(number: int, *parts: bytes) -> bytes:
    """Return a constructed context tag [number] around whole elements."""
    return tlv(0xA0 | number, *parts)


def integer(value: int, tag: int = INTEGER) -> bytes:
    """Return an INTEGER of any size and sign in the fewest octets."""
    size = value.bit_length() // 8 + 1 if value >= 0 else (value + 1).bit_length() // 8 + 1
    return tlv(tag, value.to_bytes(size, "big", signed=True))


def boolean(*, value: bool) -> bytes:
    """Return a BOOLEAN."""
    return tlv(BOOLEAN, b"\xff" if value else b"\x00")


def null() -> bytes:
    """Return a NULL."""
    return tlv(NULL)


def octet_string(value: bytes) -> bytes:
    """Return an OCTET STRING."""
    return tlv(OCTET_STRING, value)


def bit_string(value: bytes) -> bytes:
    """Return a BIT STRING whose bits fill whole octets, as signatures and keys do."""
    return tlv(BIT_STRING, b"\x00", value)


# The same few dozen identifiers stand in every certificate, so their encodings are kept.
@lru_cache(maxsize=512)
def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER from its dotted form; refuses arcs that X.660 does not allow."""
    parts = dotted.split(".")
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise DerRefusedError("pki.der.oid", "not an object identifier", oid=dotted)
    arcs = [int(part) for part in parts]
    # X.660 §7: the first arc is at most 2, and below 0 and 1 the second is at most 39.
    if (
        len(arcs) == 1
        or arcs[0] > _LAST_ROOT_ARC
        or (arcs[0] < _LAST_ROOT_ARC and arcs[1] >= _ARCS_BELOW_ROOT)
    ):
        raise DerRefusedError("pki.der.oid", "not an object identifier", oid=dotted)
    return tlv(
        OBJECT_IDENTIFIER, *(_base128(arc) for arc in (arcs[0] * _ARCS_BELOW_ROOT + arcs[1], *arcs[2:]))
    )


def _base128(value: int) -> bytes:
    octets = [value & 0x7F]
    while value := value >> 7:
        octets.append(0x80 | value & 0x7F)
    return bytes(reversed(octets))


def time(moment: datetime) -> bytes:
    """Return a Time of RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime after; whole seconds only."""
    utc = _whole_seconds_utc(moment)
    if _FIRST_UTC_TIME_YEAR <= utc.year < _FIRST_GENERALIZED_YEAR:
        return tlv(UTC_TIME, f"{utc:%y%m%d%H%M%SZ}".encode("ascii"))
    return generalized_time(moment)


def generalized_time(moment: datetime) -> bytes:
    """Return a GeneralizedTime in UTC without fractions."""
    utc = _whole_seconds_utc(moment)
    return tlv(GENERALIZED_TIME, f"{utc.year:04d}{utc:%m%d%H%M%SZ}".encode("ascii"))


def _whole_seconds_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise DerRefusedError("pki.der.time", "a time without a zone cannot be encoded")
    return moment.astimezone(UTC).replace(microsecond=0)


class Element(NamedTuple):
    """One element that was read: its identifier octet, its content and its whole encoding.

    A named tuple: some fifty are made for each certificate that is read, and a frozen dataclass takes three times as long.
    """

    tag: int
    content: bytes
    encoded: bytes

    def children(self) -> tuple[Element, ...]:
        """Return the elements inside a constructed element; refuses a primitive one."""
        if not self.tag & 0x20:
            raise DerRefusedError("pki.der.primitive", "expected a constructed element", tag=self.tag)
        return read_all(self.content)

    def fields(self, least: int, most: int | None = None) -> tuple[Element, ...]:
        """Return the elements of a SEQUENCE; refuses fewer than `least` or more than `most` (default: just as many)."""
        parts = read_all(self.expect(SEQUENCE).content)
        if not least <= len(parts) <= (least if most is None else most):
            raise DerRefusedError(
                "pki.der.fields", "a sequence has another number of fields", found=len(parts)
            )
        return parts

    def expect(self, tag: int) -> Element:
        """Return this element if it carries the tag; refuses any other."""
        if self.tag != tag:
            raise DerRefusedError("pki.der.tag", "unexpected element", wanted=tag, found=self.tag)
        return self

    def as_integer(self) -> int:
        """Return the value of an INTEGER in its shortest form."""
        content = self.expect(INTEGER).content
        padded = len(content) > 1 and content[0] in {0x00, 0xFF} and (content[0] ^ content[1]) < _LONG_FORM
        if not content or padded:
            raise DerRefusedError("pki.der.integer", "an integer is not in its shortest form")
        return int.from_bytes(content, "big", signed=True)

    def as_oid(self) -> str:
        """Return the dotted form of an OBJECT IDENTIFIER."""
        return _dotted(self.expect(OBJECT_IDENTIFIER).content)


# What a named tuple's own constructor calls in the end.
_element: Final = tuple.__new__


@lru_cache(maxsize=512)
def _dotted(content: bytes) -> str:
    if not content or len(content) > _LONGEST_OID or content[-1] & _LONG_FORM:
        raise DerRefusedError("pki.der.oid", "an object identifier is cut short or too long")
    arcs: list[int] = []
    value, fresh = 0, True
    for octet in content:
        if fresh and octet == _LONG_FORM:
            raise DerRefusedError("pki.der.oid", "an object identifier is padded")
        value = value << 7 | octet & 0x7F
        fresh = not octet & _LONG_FORM
        if fresh:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // _ARCS_BELOW_ROOT, _LAST_ROOT_ARC)
    return ".".join(str(arc) for arc in (first, arcs[0] - _ARCS_BELOW_ROOT * first, *arcs[1:]))


def read_all(data: bytes) -> tuple[Element, ...]:
    """All elements that stand one after another in the bytes."""
    elements: list[Element] = []
    offset, size = 0, len(data)
    while offset < size:
        start = offset + 2
        # Nearly every element is short, and eighty of them are read for each certificate: they cost no call here.
        if start <= size:
            tag, length = data[offset], data[offset + 1]
            end = start + length
            if length < _LONG_FORM and tag & _MULTI_BYTE_TAG != _MULTI_BYTE_TAG and end <= size:
                elements.append(_element(Element, (tag, data[start:end], data[offset:end])))
                offset = end
                continue
        tag, start, end = span(data, offset)
        elements.append(_element(Element, (tag, data[start:end], data[offset:end])))
        offset = end
    return tuple(elements)


def read(data: bytes) -> Element:
    """Return the one element that the bytes hold; refuses an empty input and anything after it."""
    if not data:
        raise DerRefusedError("pki.der.empty", "no bytes to read")
    tag, start, end = span(data, 0)
    if end != len(data):
        raise DerRefusedError("pki.der.trailing", "bytes follow the element")
    return Element(tag, data[start:], data)


def span(data: bytes | memoryview, offset: int) -> tuple[int, int, int]:
    """Return the identifier octet of the element at an offset, and where its content begins and ends.

    Nothing is copied: for what is too large to be cut up. Refuses what `read` refuses.
    """
    if len(data) - offset < _SHORTEST_ELEMENT or data[offset] & _MULTI_BYTE_TAG == _MULTI_BYTE_TAG:
        raise DerRefusedError("pki.der.header", "an element is cut short or has a long tag")
    start, length = offset + 2, data[offset + 1]
    if length >= _LONG_FORM:
        count = length & 0x7F
        octets = data[start : start + count]
        length = int.from_bytes(octets, "big")
        minimal = length >= _LONG_FORM and octets[:1] != b"\x00"
        if not 0 < count <= _MAX_LENGTH_OCTETS or len(octets) != count or not minimal:
            raise DerRefusedError("pki.der.length", "a length is not in its shortest form")
        start += count
    end = start + length
    if end > len(data):
        raise DerRefusedError("pki.der.truncated", "an element is longer than its bytes")
    return data[offset], start, end
