"""A card proves its keys: by signing, or by opening what was closed for it; another card's certificate is found out."""

import pytest

from hardware.errors import CardAnswerWrong, PossessionNotProven
from hardware.piv import Algorithm, Slot
from hardware.scripts.certificates import write_certificate
from hardware.scripts.personalise import ensure_key, read_public_key
from hardware.scripts.possession import verify_possession
from hardware.scripts.set_secrets import FACTORY_SECRETS, set_secrets
from tests.hardware.registry_hands import a_certificate, a_challenge

PIN = FACTORY_SECRETS.pin
CHALLENGE = bytes(range(32))
KINDS = pytest.mark.parametrize(
    "algorithm", [Algorithm.RSA_2048, Algorithm.RSA_3072, Algorithm.P256, Algorithm.P384]
)


@pytest.fixture
def opened(session):
    session.run(set_secrets(FACTORY_SECRETS, a_challenge()))
    return session


@KINDS
@pytest.mark.parametrize("slot", [Slot.SIGNATURE, Slot.ENCIPHERMENT])
def test_every_kind_of_key_proves_itself_in_the_way_of_its_slot(opened, slot, algorithm):
    spki = opened.run(ensure_key(slot, algorithm, None))
    assert opened.run(read_public_key(slot)) == spki
    opened.run(verify_possession(slot, a_certificate(spki, slot, algorithm), CHALLENGE, PIN))


@pytest.mark.parametrize("algorithm", [Algorithm.RSA_2048, Algorithm.P256])
@pytest.mark.parametrize("slot", [Slot.SIGNATURE, Slot.ENCIPHERMENT])
def test_a_certificate_of_another_key_is_found_out(opened, slot, algorithm):
    opened.run(ensure_key(slot, algorithm, None))
    other = opened.run(ensure_key(Slot.AUTHENTICATION, algorithm, None))
    certificate = a_certificate(other, slot, algorithm)
    opened.run(write_certificate(slot, certificate))
    with pytest.raises(PossessionNotProven):
        opened.run(verify_possession(slot, certificate, CHALLENGE, PIN))


def test_a_recorded_key_is_never_made_again_even_if_the_card_holds_another(opened):
    recorded = opened.run(ensure_key(Slot.SIGNATURE, Algorithm.P256, None))
    assert opened.run(ensure_key(Slot.SIGNATURE, Algorithm.P256, recorded)) == recorded
    other = opened.run(ensure_key(Slot.ENCIPHERMENT, Algorithm.P256, None))
    with pytest.raises(CardAnswerWrong):
        opened.run(ensure_key(Slot.SIGNATURE, Algorithm.P256, other))
    assert opened.run(read_public_key(Slot.SIGNATURE)) == recorded


def test_a_slot_without_a_key_or_with_one_of_another_kind_is_named(opened):
    spki = opened.run(ensure_key(Slot.AUTHENTICATION, Algorithm.P256, None))
    certificate = a_certificate(spki, Slot.ENCIPHERMENT, Algorithm.P256)
    for _ in range(2):
        with pytest.raises(PossessionNotProven):
            opened.run(verify_possession(Slot.ENCIPHERMENT, certificate, CHALLENGE, PIN))
        opened.run(set_secrets(FACTORY_SECRETS, a_challenge()))
        opened.run(ensure_key(Slot.ENCIPHERMENT, Algorithm.P384, None))


def test_bytes_that_are_no_certificate_are_refused(opened):
    with pytest.raises(CardAnswerWrong):
        opened.run(verify_possession(Slot.SIGNATURE, b"no certificate", CHALLENGE, PIN))
