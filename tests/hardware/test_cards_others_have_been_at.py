"""What a script makes of a card that others have been at: it never spends the last try on a guess."""

import pytest

from hardware.apdu import CommandApdu
from hardware.errors import SecretRefused
from hardware.piv import Ins, Reference
from hardware.scripts.identify import identify
from hardware.scripts.set_secrets import FACTORY_SECRETS, CardSecrets, set_secrets
from hardware.scripts.steps import change_reference, select, verify_pin
from hardware.scripts.unlock import PukChange, activate
from hardware.secrets_of_card import FACTORY_KEY, encode_puk
from tests.hardware.registry_hands import a_challenge, some_secrets

FOLLOWING_PUK = "ABCD2345"
HOLDERS_PIN = "975318"
CARDS = pytest.mark.parametrize("answers_metadata", [True, False], ids=["talkative", "silent"])


def wrong_puk():
    yield from select()
    yield from change_reference(Reference.PUK, b"WRONGPUK", b"WRONGPUK")


def test_a_puk_that_someone_else_tried_once_still_activates(insert_blank, open_session):
    insert_blank()
    with open_session() as session:
        session.run(wrong_puk())
        session.run(activate(PukChange(FACTORY_SECRETS.puk, FOLLOWING_PUK), HOLDERS_PIN))
        session.run(verify_pin(HOLDERS_PIN))


def test_the_last_try_of_a_puk_is_never_spent_on_a_guess(insert_blank, open_session):
    insert_blank()
    with open_session() as session:
        session.run(wrong_puk())
        session.run(wrong_puk())
        with pytest.raises(SecretRefused):
            session.run(activate(PukChange("AAAA2222", FOLLOWING_PUK), HOLDERS_PIN))
        assert session.run(identify()).puk_tries == 1


@CARDS
def test_a_card_of_other_secrets_is_refused_and_not_blocked(insert_blank, open_session, answers_metadata):
    insert_blank(answers_metadata=answers_metadata)
    with open_session() as session:
        session.run(set_secrets(some_secrets(), a_challenge()))
        with pytest.raises(SecretRefused) as refusal:
            session.run(activate(PukChange("AAAA2222", FOLLOWING_PUK), HOLDERS_PIN))
    assert refusal.value.tries_left == 1


def test_a_pin_that_is_neither_old_nor_new_stops_the_taking_over(insert_blank, open_session):
    insert_blank()
    odd = CardSecrets("864209", "WXYZ6789", FACTORY_KEY)
    with open_session() as session:
        session.run(change_puk_to("QQQQ2222"))
        with pytest.raises(SecretRefused) as refusal:
            session.run(set_secrets(some_secrets(), a_challenge(), odd))
    assert refusal.value.tries_left == 1


def change_puk_to(puk):
    yield from select()
    yield CommandApdu(
        0, Ins.CHANGE_REFERENCE_DATA, 0, Reference.PUK, encode_puk(FACTORY_SECRETS.puk) + encode_puk(puk)
    )
