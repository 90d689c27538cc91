"""A card of the older protocol: no command both brings and fetches data, and every length has to be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.apdu import CommandApdu, ResponseApdu
from hardware.errors import CardRemoved
from hardware.piv import AID, Ins, Sw
from hardware.scripts.view import view
from hardware.station import Session
from hardware.virtual.card import ATR_T0, CardProtocol, VirtualCard
from hardware.virtual.memory import MemoryTransport
from hardware.virtual.t0 import T0Link
from tests.hardware.registry_hands import CARD_NUMBER, make_card


class Answers:
    """An application that always has the same to say, and counts how often it was asked."""

    def __init__(self, data, sw=0x9000):
        self.response, self.asked = ResponseApdu(data, sw), 0

    def __call__(self, _):
        self.asked += 1
        return self.response.encode()


def ask(link, text):
    return link.process(bytes.fromhex(text)).hex()


def test_what_a_command_brings_is_announced_and_fetched_in_parts():
    link = T0Link(Answers(b"abcdef"))
    assert ask(link, "00cb3fff0101") == "6106"
    assert ask(link, "00c0000004") == b"abcd".hex() + "6102"
    assert ask(link, "00c0000009") == "6c02"
    assert ask(link, "00c0000002") == b"ef".hex() + "9000"
    assert ask(link, "00c0000002") == "6985"


def test_a_wrong_length_is_named_and_the_command_not_done_twice():
    application = Answers(b"abc")
    link = T0Link(application)
    assert ask(link, "00f7000000") == "6c03"
    assert ask(link, "00f7000003") == b"abc".hex() + "9000"
    assert application.asked == 1
    assert ask(link, "00f7000002") == b"ab".hex() + "6101"


@pytest.mark.parametrize(
    "text", ["00cb3fff010100", "00cb3fff000001aa", "00cb3fff000200", "00", "00cb3fff02aa"]
)
def test_what_the_protocol_does_not_have_is_a_wrong_length(text):
    assert ask(T0Link(Answers(b"")), text) == "6700"


def test_a_refusal_goes_through():
    assert ask(T0Link(Answers(b"", Sw.SECURITY_STATUS)), "00cb3fff0101") == "6982"


class WithoutLe(MemoryTransport):
    """Does to commands what PC/SC does for a card of T=0: a command that carries data loses its Le."""

    def transmit(self, command, timeout=0):
        parsed = CommandApdu.parse(command)
        return super().transmit(command[:-1] if parsed.data and parsed.le else command, timeout)


def test_a_card_is_made_and_viewed_over_t0(station):
    file = station.card_file(station.new_blank())
    with Session(WithoutLe(VirtualCard(file, protocol=CardProtocol.T0))) as session:
        assert session.atr == ATR_T0
        made = make_card(session)
        seen = session.run(view())
    assert seen.card_number == CARD_NUMBER
    assert {one.der for one in seen.certificates} == set(made.certificates.values())


def test_the_same_card_answers_in_both_protocols(station):
    file = station.card_file(station.new_blank())
    select = CommandApdu(0, Ins.SELECT, 4, 0, AID).encode()
    for protocol, expected in ((CardProtocol.T0, 0x61), (CardProtocol.T1, 0x90)):
        card = VirtualCard(file, protocol=protocol)
        assert ResponseApdu.parse(card.transmit(select)).sw1 == expected
        card.close()
        with pytest.raises(CardRemoved):
            card.transmit(select)


@given(commands=st.lists(st.binary(max_size=40), max_size=12), data=st.binary(max_size=400))
def test_any_bytes_get_a_status_word(commands, data):
    link = T0Link(Answers(data))
    for command in commands:
        answer = ResponseApdu.parse(link.process(command))
        assert len(answer.data) <= 256
