"""The counters and access rules of the virtual card."""

import pytest

from hardware.apdu import CommandApdu
from hardware.errors import CardRefused, SecretRefused
from hardware.piv import FACTORY_PIN, FACTORY_PUK, Algorithm, Ins, Slot, Sw
from hardware.scripts.authenticate_management import authenticate_management
from hardware.scripts.change_pin import change_pin
from hardware.scripts.generate_key import generate_key
from hardware.scripts.identify import identify
from hardware.scripts.sign import SigningKey, sign
from hardware.scripts.steps import require_success, select, verify_pin
from hardware.scripts.unlock import PukChange, unblock
from hardware.secrets_of_card import FACTORY_KEY
from hardware.tlv import build
from tests.hardware.registry_hands import a_challenge

DIGEST = bytes(range(32))


def use(slot, algorithm=Algorithm.P256):
    """Ask for a signature without presenting the PIN."""
    data = build(0x7C, build(0x82), build(0x81, DIGEST))
    response = yield CommandApdu(0, Ins.GENERAL_AUTHENTICATE, algorithm, slot, data, 256)
    return require_success("sign", response)


def refused_by(session, script):
    with pytest.raises(CardRefused) as refusal:
        session.run(script)
    return refusal.value


@pytest.fixture
def with_keys(session):
    session.run(authenticate_management(FACTORY_KEY, a_challenge()))
    for slot in Slot:
        session.run(generate_key(slot, Algorithm.P256))
    return session


@pytest.mark.rule("PIN-01")
def test_three_wrong_pins_lock_the_card_even_for_the_right_one(session):
    left = [refused_by(session, verify_pin("864209")).tries_left for _ in range(4)]
    assert left == [2, 1, 0, 0]
    assert refused_by(session, verify_pin(FACTORY_PIN)).sw == Sw.BLOCKED


@pytest.mark.rule("PIN-01")
def test_a_locked_pin_is_freed_by_the_puk_and_the_puk_replaced(session):
    for _ in range(3):
        refused_by(session, verify_pin("864209"))
    session.run(unblock(PukChange(FACTORY_PUK, "ABCD2345"), "975318"))
    session.run(verify_pin("975318"))
    assert refused_by(session, unblock(PukChange(FACTORY_PUK, "ZZZZ2345"), "975318")).tries_left == 1


@pytest.mark.rule("PCH-01")
def test_three_wrong_old_pins_lock_the_card(session):
    left = [refused_by(session, change_pin("864209", "975318")).tries_left for _ in range(3)]
    assert left == [2, 1, 0]
    assert session.run(identify()).pin_tries == 0


@pytest.mark.rule("PCH-01")
def test_a_changed_pin_replaces_the_old_one(session):
    session.run(change_pin(FACTORY_PIN, "975318"))
    session.run(verify_pin("975318"))
    assert refused_by(session, verify_pin(FACTORY_PIN)).tries_left == 2


def test_a_right_pin_fills_the_counter_again(session):
    refused_by(session, verify_pin("864209"))
    session.run(verify_pin(FACTORY_PIN))
    assert session.run(identify()).pin_tries == 3


def test_a_blocked_puk_cannot_be_used_any_more(session):
    command = CommandApdu(0, Ins.RESET_RETRY_COUNTER, 0, 0x80, b"WRONGPUK864209\xff\xff")

    def present():
        response = yield command
        return response.sw

    assert [session.run(present()) for _ in range(4)] == [0x63C2, 0x63C1, 0x63C0, 0x6983]
    assert isinstance(
        refused_by(session, unblock(PukChange(FACTORY_PUK, "ABCD2345"), "975318")), SecretRefused
    )


def test_a_malformed_pin_costs_no_try(session):
    def malformed():
        response = yield CommandApdu(0, Ins.VERIFY, 0, 0x80, b"12345\xff\xff\xff")
        return response.sw

    assert session.run(malformed()) == Sw.WRONG_DATA
    assert session.run(identify()).pin_tries == 3


def test_the_signature_key_wants_the_pin_right_before_every_signature(with_keys):
    with_keys.run(verify_pin(FACTORY_PIN))
    with_keys.run(use(Slot.SIGNATURE))
    assert refused_by(with_keys, use(Slot.SIGNATURE)).sw == Sw.SECURITY_STATUS
    with_keys.run(verify_pin(FACTORY_PIN))
    with_keys.run(select())
    assert refused_by(with_keys, use(Slot.SIGNATURE)).sw == Sw.SECURITY_STATUS


def test_changing_the_pin_is_not_presenting_it_to_the_signature_key(with_keys):
    with_keys.run(change_pin(FACTORY_PIN, "975318"))
    assert refused_by(with_keys, use(Slot.SIGNATURE)).sw == Sw.SECURITY_STATUS


def test_the_encipherment_key_wants_the_pin_once(with_keys):
    assert refused_by(with_keys, use(Slot.ENCIPHERMENT)).sw == Sw.SECURITY_STATUS
    with_keys.run(verify_pin(FACTORY_PIN))
    with_keys.run(use(Slot.ENCIPHERMENT))
    with_keys.run(use(Slot.ENCIPHERMENT))


def test_the_card_authentication_key_wants_no_pin(with_keys):
    with_keys.run(use(Slot.CARD_AUTHENTICATION))


def test_a_wrong_pin_is_refused_with_the_tries_left_by_the_signing_script(with_keys):
    key = SigningKey(Slot.SIGNATURE, Algorithm.P256)
    assert refused_by(with_keys, sign(key, DIGEST, "864209")).tries_left == 2


@pytest.mark.rule("CRD-01")
def test_no_key_is_made_and_nothing_written_without_the_management_key(session):
    assert refused_by(session, generate_key(Slot.SIGNATURE, Algorithm.P256)).sw == Sw.SECURITY_STATUS
