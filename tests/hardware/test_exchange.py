import pytest

from hardware.apdu import CommandApdu
from hardware.errors import CardAnswerWrong
from hardware.exchange import exchange

READ = CommandApdu(0, 0xCB, 0x3F, 0xFF, b"\x5c\x01\x7e", 256)


def held(command, *answers):
    """Hold an exchange with a card that gives these answers; return the commands sent and the response."""
    sent, script = [], exchange(command)
    try:
        sent.append(next(script).hex())
        for answer in answers:
            following = script.send(bytes.fromhex(answer))
            sent.append(following.hex())
    except StopIteration as end:
        return sent, end.value
    raise AssertionError(f"the exchange wants more: {sent}")


def test_what_is_left_is_fetched_by_get_response():
    sent, response = held(READ, "01026102", "03049000")
    assert sent[1] == "00c0000002"
    assert (response.data.hex(), response.sw) == ("01020304", 0x9000)


def test_a_wrong_le_is_corrected_once():
    sent, response = held(READ, "6c05", "01020304059000")
    assert sent[1].endswith("05")
    assert len(response.data) == 5


def test_a_long_command_goes_in_a_chain():
    sent, response = held(CommandApdu(0, 0xDB, 0x3F, 0xFF, b"a" * 300), "9000", "9000")
    assert [command[:2] for command in sent] == ["10", "00"]
    assert response.is_success


def test_a_refused_part_ends_the_chain():
    sent, response = held(CommandApdu(0, 0xDB, 0x3F, 0xFF, b"a" * 300), "6982")
    assert len(sent) == 1
    assert response.sw == 0x6982


def test_a_card_that_never_stops_answering_is_cut_off():
    with pytest.raises(CardAnswerWrong):
        held(READ, *["6100"] * 300)


def test_a_try_at_a_pin_is_never_sent_twice():
    sent, response = held(CommandApdu(0, 0x20, 0, 0x80, b"975318\xff\xff"), "6c08")
    assert len(sent) == 1
    assert response.sw == 0x6C08


def test_a_card_that_announced_too_much_is_asked_for_what_it_has():
    sent, response = held(READ, "6110", "6c02", "01029000")
    assert sent[1:] == ["00c0000010", "00c0000002"]
    assert response.data.hex() == "0102"
