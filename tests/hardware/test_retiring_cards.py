"""A retired card signs nothing, opens nothing and says nothing, and its own maker cannot take it up again."""

import pytest

from hardware.errors import CardRefused, ManagementKeyRefused, SecretRefused
from hardware.piv import Algorithm, Slot, Sw
from hardware.scripts.authenticate_management import authenticate_management
from hardware.scripts.possession import verify_possession
from hardware.scripts.retire import Retirement, retire
from hardware.scripts.set_secrets import set_secrets
from hardware.scripts.sign import SigningKey, sign
from hardware.scripts.steps import select, verify_pin
from hardware.scripts.unlock import PukChange, activate
from hardware.scripts.view import view
from tests.hardware.registry_hands import a_challenge, make_card, some_secrets

FINAL = some_secrets().management_key


@pytest.fixture(params=[True, False], ids=["talkative", "silent"])
def made(request, insert_blank, open_session):
    insert_blank(answers_metadata=request.param)
    with open_session() as session:
        yield session, make_card(session, Algorithm.P256, Algorithm.P256)


def test_a_retired_card_holds_nothing_and_accepts_no_secret(made):
    session, card = made
    done = session.run(retire(Retirement(card.secrets.management_key, FINAL), a_challenge()))
    assert done.is_complete
    assert set(card.public_keys) <= set(done.overwritten)
    seen = session.run(view())
    assert (seen.card_number, seen.pin_tries, seen.certificates) == (None, 0, ())
    with pytest.raises(SecretRefused):
        session.run(verify_pin(card.secrets.pin))
    with pytest.raises(SecretRefused):
        session.run(activate(PukChange(card.secrets.puk, "ABCD2345"), "975318"))
    for key in (card.secrets.management_key, some_secrets().management_key):
        with pytest.raises(ManagementKeyRefused):
            session.run(authenticate_management(key, a_challenge()))


def test_a_card_of_unknown_management_key_is_blocked_and_not_called_retired(made):
    session, card = made
    done = session.run(retire(Retirement(None, FINAL), a_challenge()))
    assert not done.is_complete
    with pytest.raises(SecretRefused) as refusal:
        session.run(sign(SigningKey(Slot.SIGNATURE, Algorithm.P256), bytes(32), card.secrets.pin))
    assert refusal.value.tries_left == 0
    assert len(session.run(view()).certificates) == 2


def test_a_wrong_management_key_still_leaves_the_card_blocked(made):
    session, _ = made
    with pytest.raises(ManagementKeyRefused):
        session.run(retire(Retirement(FINAL, FINAL), a_challenge()))
    assert session.run(view()).pin_tries == 0


def test_secrets_that_equal_the_guesses_are_blocked_all_the_same(made):
    session, card = made
    session.run(activate(PukChange(card.secrets.puk, "00000000"), "99999999"))
    session.run(retire(Retirement(None, FINAL), a_challenge()))
    assert session.run(view()).pin_tries == 0
    with pytest.raises(SecretRefused):
        session.run(activate(PukChange("00000000", "ABCD2345"), "975318"))


def test_an_overwritten_key_no_longer_proves_itself(made):
    session, card = made
    session.run(retire(Retirement(card.secrets.management_key, FINAL), a_challenge()))
    session.run(select())
    with pytest.raises(CardRefused) as refusal:
        session.run(
            verify_possession(Slot.ENCIPHERMENT, card.certificates[Slot.ENCIPHERMENT], bytes(32), "975318")
        )
    assert refusal.value.sw == Sw.BLOCKED


def test_a_retired_card_cannot_be_made_again(made):
    session, card = made
    session.run(retire(Retirement(card.secrets.management_key, FINAL), a_challenge()))
    with pytest.raises(CardRefused):
        session.run(set_secrets(some_secrets(), a_challenge()))
