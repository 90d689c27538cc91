import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.apdu import CommandApdu, ResponseApdu
from hardware.errors import ApduError

BYTES = st.integers(0, 255)
COMMANDS = st.builds(
    CommandApdu,
    st.integers(0, 0x0F),
    BYTES,
    BYTES,
    BYTES,
    st.binary(max_size=600),
    st.none() | st.integers(1, 300) | st.just(65536),
)


@given(COMMANDS)
def test_a_command_is_read_back_as_it_was_written(command):
    assert CommandApdu.parse(command.encode()) == command


@given(st.binary(max_size=40))
def test_any_bytes_are_a_command_or_refused(raw):
    try:
        command = CommandApdu.parse(raw)
    except ApduError:
        return
    assert bytes(command.header_values) == raw[:4]


@given(COMMANDS, st.integers(1, 255))
def test_a_chain_carries_the_whole_command(command, limit):
    parts = list(command.chained(limit))
    assert b"".join(part.data for part in parts) == command.data
    assert [part.is_chained for part in parts] == [True] * (len(parts) - 1) + [False]
    assert parts[-1].le == command.le


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        (CommandApdu(0, 0xA4, 4, 0), "00a40400"),
        (CommandApdu(0, 0xCB, 0x3F, 0xFF, le=256), "00cb3fff00"),
        (CommandApdu(0, 0x20, 0, 0x80, b"\x31\x32"), "00200080023132"),
        (CommandApdu(0, 0xCB, 0x3F, 0xFF, b"\x5c\x01\x7e", 256), "00cb3fff035c017e00"),
        (CommandApdu(0, 0xCB, 0, 0, le=65536), "00cb0000000000"),
        (CommandApdu(0, 0xCB, 0, 0, b"\x01", 257), "00cb0000000001010101"),
    ],
)
def test_the_forms_of_iso_7816_4_are_kept(command, wire):
    assert command.encode().hex() == wire


def test_a_pin_never_shows_in_the_repr_of_its_command():
    assert "123456" not in repr(CommandApdu(0, 0x20, 0, 0x80, b"123456"))
    assert "313233" not in repr(CommandApdu(0, 0x20, 0, 0x80, b"123456"))


@pytest.mark.parametrize("fields", [(256, 0, 0, 0), (0, 0, 0, -1)])
def test_header_values_beyond_a_byte_are_refused(fields):
    with pytest.raises(ApduError):
        CommandApdu(*fields)


def test_a_response_without_a_status_word_is_refused():
    with pytest.raises(ApduError):
        ResponseApdu.parse(b"\x90")
