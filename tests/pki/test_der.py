from __future__ import annotations

from datetime import UTC, datetime

import pytest
from asn1crypto import core
from hypothesis import given, settings
from hypothesis import strategies as st

from pki import der
from pki.errors import DerRefusedError


@given(st.integers(min_value=-(1 << 200), max_value=1 << 200))
def test_an_integer_is_written_as_asn1crypto_writes_it_and_read_back(value: int) -> None:
    assert der.integer(value) == core.Integer(value).dump()
    assert der.read(der.integer(value)).as_integer() == value


@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 1 << 70), max_size=8))
def test_an_oid_is_written_as_asn1crypto_writes_it_and_read_back(
    first: int, second: int, rest: list[int]
) -> None:
    dotted = ".".join(map(str, (first, second, *rest)))
    assert der.oid(dotted) == core.ObjectIdentifier(dotted).dump()
    assert der.read(der.oid(dotted)).as_oid() == dotted


@settings(max_examples=100)
@given(st.binary(max_size=80))
def test_random_bytes_are_read_whole_or_refused(data: bytes) -> None:
    try:
        element = der.read(data)
    except DerRefusedError:
        return
    assert element.encoded == data
    assert der.tlv(element.tag, element.content) == data


@pytest.mark.parametrize("length", [0, 127, 128, 255, 256, 70000])
def test_lengths_are_written_in_their_shortest_form(length: int) -> None:
    assert der.octet_string(bytes(length)) == core.OctetString(bytes(length)).dump()


def test_dates_from_2050_on_are_generalized_time() -> None:
    assert der.time(datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)) == b"\x17\x0d491231235959Z"
    assert der.time(datetime(2050, 1, 1, tzinfo=UTC)) == b"\x18\x0f20500101000000Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(DerRefusedError):
        der.time(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))


@pytest.mark.parametrize("dotted", ["", "1", "3.1", "1.40", "1.2.x", "1..2", "1.2.-3"])
def test_what_is_no_oid_is_refused(dotted: str) -> None:
    with pytest.raises(DerRefusedError):
        der.oid(dotted)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "30",
        "3080",
        "308100",
        "30820001ff",
        "0401",
        "040000",
        "1f0100",
        "0600",
        "0602 0080",
        "0603 800100",
    ],
)
def test_bytes_that_are_not_strict_der_are_refused(data: str) -> None:
    with pytest.raises(DerRefusedError):
        der.read(bytes.fromhex(data)).as_oid()


@pytest.mark.parametrize("data", ["0200", "02020001", "0202ffff"])
def test_an_integer_that_is_padded_is_refused(data: str) -> None:
    with pytest.raises(DerRefusedError):
        der.read(bytes.fromhex(data)).as_integer()


def test_a_primitive_element_has_no_children() -> None:
    with pytest.raises(DerRefusedError):
        der.read(der.null()).children()
