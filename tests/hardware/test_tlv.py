import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.errors import TlvError
from hardware.tlv import Tlv, build, find, parse, parse_one, require

TAGS = st.sampled_from([0x53, 0x5C, 0x7E, 0x70, 0x7F49, 0x5F2F, 0x5FC102])


@given(st.lists(st.builds(Tlv, TAGS, st.binary(max_size=400)), max_size=5))
def test_data_objects_are_read_back_as_they_were_written(items):
    assert parse(b"".join(item.encode() for item in items)) == tuple(items)


@given(st.binary(max_size=60))
def test_any_bytes_are_data_objects_or_refused(raw):
    try:
        found = parse(raw)
    except TlvError:
        return
    assert sum(len(item.value) for item in found) <= len(raw)


@pytest.mark.parametrize("raw", ["53", "5380", "5302ff", "1f", "5fc102", "5f81818101", "538400000001ff"])
def test_cut_or_indefinite_data_objects_are_refused(raw):
    with pytest.raises(TlvError):
        parse(bytes.fromhex(raw))


def test_lengths_take_the_shortest_form():
    assert build(0x53, b"a" * 127)[:2].hex() == "537f"
    assert build(0x53, b"a" * 128)[:3].hex() == "538180"
    assert build(0x53, b"a" * 256)[:4].hex() == "53820100"


def test_a_single_object_with_something_after_it_is_refused():
    with pytest.raises(TlvError):
        parse_one(build(0x53, b"a") + b"\x01\x00", 0x53)


def test_a_missing_object_is_none_or_refused():
    assert find(build(0x53), 0x70) is None
    with pytest.raises(TlvError):
        require(build(0x53), 0x70)
