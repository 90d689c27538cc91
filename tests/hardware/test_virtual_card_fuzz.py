"""Whatever is sent to it, the virtual card answers with a status word, keeps its file whole and gives no key away."""

import secrets
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.apdu import CommandApdu, ResponseApdu
from hardware.chuid import build_chuid
from hardware.errors import CardFileError
from hardware.piv import AID, Algorithm, Ins, Reference, Slot
from hardware.tlv import build
from hardware.virtual.application import PivApplication
from hardware.virtual.key_operations import generate
from hardware.virtual.power import PoweredCard
from hardware.virtual.state import CardState, blank

BYTES = st.integers(0, 255)
FIELDS = st.lists(
    st.builds(build, st.sampled_from([0x80, 0x81, 0x82, 0x85, 0xAA]), st.binary(max_size=70)), max_size=3
)
DATA = st.one_of(
    st.binary(max_size=80),
    st.builds(lambda fields: build(0x7C, *fields), FIELDS),
    st.builds(lambda fields: build(0xAC, *fields), FIELDS),
    st.builds(
        lambda tag, value: build(0x5C, tag) + build(0x53, value),
        st.binary(max_size=4),
        st.binary(max_size=40),
    ),
)
COMMANDS = st.builds(
    CommandApdu,
    st.sampled_from([0x00, 0x10, 0x80]),
    st.sampled_from(sorted(Ins)) | BYTES,
    st.sampled_from([0x00, 0x3F, 0xFF, 0x04, *Algorithm]) | BYTES,
    st.sampled_from([0x00, 0xFF, *Reference, *Slot]) | BYTES,
    DATA,
    st.none() | st.integers(1, 256),
)
RAW = st.one_of(st.binary(max_size=30), COMMANDS.map(CommandApdu.encode))


@pytest.fixture(scope="module")
def state_with_key():
    guid = bytes(16)
    state = blank(guid, build_chuid(guid, date(2099, 12, 31)))
    card = PoweredCard(state, secrets.token_bytes, managed=True)
    generate(card, CommandApdu(0, 0x47, 0, Slot.SIGNATURE, bytes.fromhex("ac03800111")))
    return state.to_json()


@given(commands=st.lists(RAW, min_size=1, max_size=12), trusted=st.booleans())
def test_any_bytes_get_a_status_word_and_leave_a_card_that_can_be_stored(state_with_key, commands, trusted):
    state = CardState.from_json(state_with_key)
    application = PivApplication(
        PoweredCard(state, secrets.token_bytes, managed=trusted, pin_verified=trusted)
    )
    secret = state.keys[Slot.SIGNATURE].pkcs8[36:68]
    application.process(CommandApdu(0, Ins.SELECT, 4, 0, AID).encode())
    for command in commands:
        response = ResponseApdu.parse(application.process(command))
        assert secret not in response.data
        assert len(response.data) <= 65536
    assert CardState.from_json(state.to_json()) == state
    assert 0 <= state.pin.left <= 3
    assert 0 <= state.puk.left <= 3


@given(st.text(max_size=40) | st.just('{"format": 1}') | st.just('{"format": 2}'))
def test_text_that_is_no_card_is_refused(text):
    with pytest.raises(CardFileError):
        CardState.from_json(text)
