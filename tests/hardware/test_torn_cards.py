"""A card may be torn out at any command; running the script again with the stored intent must mend it."""

import pytest

from hardware.apdu import CommandApdu
from hardware.errors import CardRemoved, ReaderTimeout, SecretRefused
from hardware.piv import Algorithm, Ins, Reference, Slot
from hardware.scripts.authenticate_management import authenticate_management
from hardware.scripts.certificates import verify_read_back, write_certificate
from hardware.scripts.generate_key import generate_key
from hardware.scripts.identify import identify
from hardware.scripts.set_secrets import FACTORY_SECRETS, CardSecrets, set_secrets
from hardware.scripts.steps import change_reference, select, verify_pin
from hardware.scripts.unlock import PukChange, activate
from hardware.secrets_of_card import FACTORY_KEY, encode_puk
from hardware.virtual.card import Fault, FaultKind
from tests.hardware.registry_hands import a_certificate, a_challenge, some_secrets

FOLLOWING_PUK = "ABCD2345"
HOLDERS_PIN = "975318"
MORE_THAN_ANY_SCRIPT = 60
CARDS = pytest.mark.parametrize("answers_metadata", [True, False], ids=["talkative", "silent"])
KINDS = pytest.mark.parametrize("kind", list(FaultKind), ids=lambda kind: kind.name.lower())


def torn_everywhere(open_session, prepare, script, kind):
    """Yield once for each command of the script, with a fresh card on which it was torn at that command."""
    for at in range(MORE_THAN_ANY_SCRIPT):
        prepare()
        with open_session(Fault(at, kind)) as session:
            try:
                session.run(script())
            except (CardRemoved, ReaderTimeout):
                torn = True
            else:
                torn = False
        if not torn:
            return
        yield at
    raise AssertionError("the script never ends")


@KINDS
@CARDS
@pytest.mark.rule("CRD-02")
def test_taking_a_card_over_can_be_resumed_wherever_it_was_torn(
    insert_blank, open_session, answers_metadata, kind
):
    ours = some_secrets()
    places = 0
    for _ in torn_everywhere(
        open_session,
        lambda: insert_blank(answers_metadata=answers_metadata),
        lambda: set_secrets(ours, a_challenge()),
        kind,
    ):
        places += 1
        with open_session() as session:
            session.run(set_secrets(ours, a_challenge()))
            identity = session.run(identify())
            assert identity.pin_tries in {3, None}
            assert identity.puk_tries in {3, None}
            session.run(activate(PukChange(ours.puk, FOLLOWING_PUK), HOLDERS_PIN))
    assert places >= 8


@KINDS
@CARDS
def test_activation_can_be_resumed_wherever_it_was_torn(insert_blank, open_session, answers_metadata, kind):
    ours = some_secrets()

    def prepare():
        insert_blank(answers_metadata=answers_metadata)
        with open_session() as session:
            session.run(set_secrets(ours, a_challenge()))

    def script():
        return activate(PukChange(ours.puk, FOLLOWING_PUK), HOLDERS_PIN)

    places = 0
    for _ in torn_everywhere(open_session, prepare, script, kind):
        places += 1
        with open_session() as session:
            session.run(script())
            session.run(verify_pin(HOLDERS_PIN))
            # The next unblocking finds the following PUK in place, with its counter full.
            session.run(activate(PukChange(FOLLOWING_PUK, "WXYZ6789"), "864209"))
    assert places >= 4


@pytest.mark.parametrize("kind", [FaultKind.TORN_BEFORE, FaultKind.TORN_AFTER])
def test_making_keys_and_writing_certificates_can_be_resumed(insert_blank, open_session, kind):
    def script():
        yield from authenticate_management(FACTORY_KEY, a_challenge())
        spki = yield from generate_key(Slot.SIGNATURE, Algorithm.P256)
        certificate = a_certificate(spki, Slot.SIGNATURE, Algorithm.P256)
        yield from write_certificate(Slot.SIGNATURE, certificate)
        yield from verify_read_back({Slot.SIGNATURE: certificate})

    def on_a_card_already_finished():
        with open_session() as session:
            return Slot.SIGNATURE in session.run(identify()).certificates

    for _ in torn_everywhere(open_session, insert_blank, script, kind):
        if not on_a_card_already_finished():
            with open_session() as session:
                session.run(script())
        assert on_a_card_already_finished()


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
