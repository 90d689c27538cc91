import secrets
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.piv import Algorithm
from hardware.secrets_of_card import (
    FACTORY_KEY,
    ManagementKey,
    SecretMalformed,
    encode_pin,
    encode_puk,
    is_trivial,
    new_management_key,
    new_pin,
    new_puk,
)


@given(st.integers(), st.integers(6, 8))
def test_a_random_pin_has_the_length_asked_for_and_is_not_trivial(seed, length):
    pin = new_pin(Random(seed).randrange, length)
    assert len(encode_pin(pin)) == 8
    assert len(pin) == length
    assert not is_trivial(pin)


@pytest.mark.parametrize("pin", ["123456", "987654", "111111", "121212", "12341234", "135791", "12345678"])
def test_pins_that_are_tried_first_count_as_trivial(pin):
    assert is_trivial(pin)


@pytest.mark.parametrize("pin", ["", "12345", "123456789", "12345a", "１２３４５６", "123456\n"])
def test_a_pin_of_another_form_is_refused_before_the_card_sees_it(pin):
    with pytest.raises(SecretMalformed):
        encode_pin(pin)


@pytest.mark.parametrize("puk", ["", "12345", "ABCDEFGHJ", "ABC DEF1", "開卡開卡開卡"])
def test_a_puk_of_another_form_is_refused(puk):
    with pytest.raises(SecretMalformed):
        encode_puk(puk)


def test_pins_are_padded_with_ff():
    assert encode_pin("864209") == b"864209\xff\xff"


def test_a_random_puk_fits_the_card():
    assert len(encode_puk(new_puk(secrets.randbelow))) == 8


@pytest.mark.parametrize("algorithm", [Algorithm.TRIPLE_DES, Algorithm.AES_128, Algorithm.AES_256])
def test_a_management_key_fits_its_algorithm_and_is_not_shown(algorithm):
    key = new_management_key(secrets.token_bytes, algorithm)
    assert key.value.hex() not in repr(key)
    assert str(key.value) not in repr(key)


def test_a_management_key_whose_parts_repeat_is_drawn_again():
    draws = iter([FACTORY_KEY.value, b"a" * 24, bytes(range(24))])
    assert new_management_key(lambda _: next(draws), Algorithm.TRIPLE_DES).value == bytes(range(24))


def test_a_management_key_of_a_wrong_length_is_refused():
    with pytest.raises(SecretMalformed):
        ManagementKey(Algorithm.AES_256, b"short")
