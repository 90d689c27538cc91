"""What a card shows of itself, and what the registry writes into it to be shown."""

import gzip
from datetime import UTC, date, datetime

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from hardware.chuid import build_chuid, fasc_n, guid_of
from hardware.errors import CardAnswerWrong, CardRefused, ReadBackDiffers, TlvError
from hardware.piv import FACTORY_PIN, Algorithm, DataObject, Slot, Sw
from hardware.scripts.authenticate_management import authenticate_management
from hardware.scripts.card_number import (
    CardNumberMalformed,
    read_card_number,
    write_card_number,
    write_chuid,
)
from hardware.scripts.certificates import read_certificate, verify_read_back, write_certificate
from hardware.scripts.generate_key import generate_key
from hardware.scripts.identify import identify, read_csn
from hardware.scripts.steps import read_object, select, verify_pin, write_object
from hardware.scripts.view import view
from hardware.secrets_of_card import FACTORY_KEY
from hardware.tlv import build
from tests.hardware.registry_hands import CARD_NUMBER, a_certificate, a_challenge, make_card


@pytest.fixture
def opened(session):
    session.run(authenticate_management(FACTORY_KEY, a_challenge()))
    return session


def test_a_blank_is_told_from_a_card_taken_over(session):
    assert session.run(identify()).is_factory_fresh
    make_card(session, Algorithm.P256, Algorithm.P256)
    assert session.run(identify()).is_factory_fresh is False


@pytest.mark.rule("VEW-01")
def test_a_finished_card_shows_number_holder_issuer_and_validity_without_its_pin(session):
    made = make_card(session, Algorithm.P256, Algorithm.P256)
    details = session.run(view())
    assert details.card_number == CARD_NUMBER
    assert {shown.slot: shown.der for shown in details.certificates} == made.certificates
    shown = details.certificates[0]
    assert shown.subject == shown.issuer == "CN=測試機關"
    assert shown.not_after == datetime(2031, 1, 1, tzinfo=UTC)


def test_the_number_in_a_holders_name_is_called_by_its_name(opened):
    numbered = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "王小明"),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, "1234567890"),
        ]
    )
    spki = opened.run(generate_key(Slot.SIGNATURE, Algorithm.P256))
    der = a_certificate(spki, Slot.SIGNATURE, Algorithm.P256, numbered)
    opened.run(write_certificate(Slot.SIGNATURE, der))
    assert opened.run(view()).certificates[0].subject == "serialNumber=1234567890,CN=王小明"


def test_the_printed_information_is_read_after_the_pin_alone(opened):
    opened.run(write_card_number(CARD_NUMBER))
    opened.run(write_object(DataObject.CARD_NUMBER, b""))
    assert opened.run(read_card_number()) is None
    with pytest.raises(CardRefused) as refusal:
        opened.run(read_object(DataObject.PRINTED_INFORMATION))
    assert refusal.value.sw == Sw.SECURITY_STATUS
    opened.run(verify_pin(FACTORY_PIN))
    assert opened.run(read_card_number()) == CARD_NUMBER


@pytest.mark.parametrize(
    "number", ["", "XC123", "XC0000000000116８", "1C00000000001168", "XC00000000001168 "]
)
def test_a_card_number_of_another_form_is_refused(opened, number):
    with pytest.raises(CardNumberMalformed):
        opened.run(write_card_number(number))


def test_a_chip_without_chuid_keeps_the_name_it_is_given_first(opened):
    opened.run(write_object(DataObject.CHUID, b""))
    before = opened.run(identify())
    assert not before.has_chuid
    opened.run(write_chuid(before.csn, date(2031, 1, 1)))
    after = opened.run(identify())
    assert after.has_chuid
    assert after.csn == before.csn == opened.run(read_csn())


def test_a_certificate_that_others_compressed_is_read(opened):
    packed = build(0x70, gzip.compress(b"certificate" * 50)) + bytes.fromhex("710101fe00")
    opened.run(write_object(DataObject.CERTIFICATE_9C, packed))
    assert opened.run(read_certificate(Slot.SIGNATURE)) == b"certificate" * 50


def test_a_compressed_certificate_that_swells_without_end_is_refused(opened):
    packed = build(0x70, gzip.compress(bytes(1_000_000))) + bytes.fromhex("710101fe00")
    opened.run(write_object(DataObject.CERTIFICATE_9C, packed))
    with pytest.raises(CardAnswerWrong):
        opened.run(read_certificate(Slot.SIGNATURE))


def test_a_certificate_that_differs_or_is_missing_is_found_when_read_back(opened):
    opened.run(write_certificate(Slot.SIGNATURE, b"one"))
    opened.run(verify_read_back({Slot.SIGNATURE: b"one"}))
    for expected in ({Slot.SIGNATURE: b"other"}, {Slot.ENCIPHERMENT: b"one"}):
        with pytest.raises(ReadBackDiffers):
            opened.run(verify_read_back(expected))


def test_a_certificate_that_cannot_be_read_is_a_wrong_answer(opened):
    opened.run(write_certificate(Slot.SIGNATURE, b"not a certificate"))
    with pytest.raises(CardAnswerWrong):
        opened.run(view())


def test_the_discovery_object_says_that_the_cards_own_pin_counts(session):
    session.run(select())
    assert session.run(read_object(DataObject.DISCOVERY)).hex().endswith("5f2f024000")


def test_a_chuid_gives_back_its_guid():
    guid = bytes(range(16))
    assert guid_of(build_chuid(guid, date(2031, 1, 1))) == guid
    with pytest.raises(TlvError):
        build_chuid(b"short", date(2031, 1, 1))


def test_the_fasc_n_of_an_issuer_outside_the_us_government_begins_with_nines():
    # SP 800-73-4 part 1 §3.1.2: agency code, system code and credential number are all nines.
    assert fasc_n().hex().startswith("d4e739da739ced39ce739d836858210842108421c842")
    assert len(fasc_n()) == 25
