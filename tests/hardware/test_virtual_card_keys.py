"""What the virtual card's keys compute, judged by another implementation."""

import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from hardware.apdu import CommandApdu, ResponseApdu
from hardware.block_ciphers import encrypt_block
from hardware.errors import CardAnswerWrong, ManagementKeyRefused, SlotOccupied
from hardware.piv import FACTORY_PIN, Algorithm, Ins, Reference, Slot, Sw
from hardware.scripts.authenticate_management import authenticate_management
from hardware.scripts.certificates import write_certificate
from hardware.scripts.generate_key import generate_key
from hardware.scripts.set_secrets import CardSecrets, set_secrets
from hardware.scripts.sign import SigningKey, prove_possession
from hardware.scripts.steps import require_success, verify_pin
from hardware.secrets_of_card import FACTORY_KEY, ManagementKey, new_management_key
from hardware.tlv import build, parse_one
from tests.hardware.registry_hands import a_certificate, a_challenge


@pytest.fixture
def opened(session):
    session.run(authenticate_management(FACTORY_KEY, a_challenge()))
    return session


def ask(ins, p1, p2, data):
    response = yield CommandApdu(0, ins, p1, p2, data, 256)
    return require_success("answer", response)


@pytest.mark.rule("CRD-01")
@pytest.mark.parametrize("algorithm", [Algorithm.RSA_2048, Algorithm.P256, Algorithm.P384])
def test_a_key_made_on_the_card_signs_what_others_verify(opened, algorithm):
    spki = opened.run(generate_key(Slot.SIGNATURE, algorithm))
    signature = opened.run(prove_possession(SigningKey(Slot.SIGNATURE, algorithm), b"challenge", FACTORY_PIN))
    scheme = (padding.PKCS1v15(), SHA256()) if algorithm is Algorithm.RSA_2048 else (ec.ECDSA(SHA256()),)
    load_der_public_key(spki).verify(signature, b"challenge", *scheme)


def test_what_is_enciphered_to_an_rsa_key_the_card_deciphers(opened):
    key = load_der_public_key(opened.run(generate_key(Slot.ENCIPHERMENT, Algorithm.RSA_2048)))
    opened.run(verify_pin(FACTORY_PIN))
    data = build(0x7C, build(0x82), build(0x81, key.encrypt(b"secret", padding.PKCS1v15())))
    answer = opened.run(ask(Ins.GENERAL_AUTHENTICATE, Algorithm.RSA_2048, Slot.ENCIPHERMENT, data))
    block = parse_one(parse_one(answer, 0x7C), 0x82)
    assert block.startswith(b"\x00\x02")
    assert block.endswith(b"\x00secret")


@pytest.mark.parametrize(
    ("algorithm", "curve"), [(Algorithm.P256, ec.SECP256R1()), (Algorithm.P384, ec.SECP384R1())]
)
def test_the_card_agrees_on_a_secret_with_another_party(opened, algorithm, curve):
    key = load_der_public_key(opened.run(generate_key(Slot.ENCIPHERMENT, algorithm)))
    other = ec.generate_private_key(curve)
    point = other.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    opened.run(verify_pin(FACTORY_PIN))
    data = build(0x7C, build(0x82), build(0x85, point))
    answer = opened.run(ask(Ins.GENERAL_AUTHENTICATE, algorithm, Slot.ENCIPHERMENT, data))
    assert parse_one(parse_one(answer, 0x7C), 0x82) == other.exchange(ec.ECDH(), key)


@pytest.mark.rule("CRD-01")
def test_a_key_with_a_certificate_is_never_made_over(opened):
    spki = opened.run(generate_key(Slot.SIGNATURE, Algorithm.P256))
    opened.run(write_certificate(Slot.SIGNATURE, a_certificate(spki, Slot.SIGNATURE, Algorithm.P256)))
    with pytest.raises(SlotOccupied):
        opened.run(generate_key(Slot.SIGNATURE, Algorithm.P256))


@pytest.mark.parametrize(
    "algorithm", [Algorithm.TRIPLE_DES, Algorithm.AES_128, Algorithm.AES_192, Algorithm.AES_256]
)
def test_every_kind_of_management_key_can_be_set_and_proven(session, algorithm):
    key = new_management_key(secrets.token_bytes, algorithm)
    session.run(set_secrets(CardSecrets("864209", "ABCD2345", key), a_challenge()))
    session.run(authenticate_management(key, a_challenge()))
    with pytest.raises(ManagementKeyRefused):
        session.run(authenticate_management(FACTORY_KEY, a_challenge()))


def test_the_host_alone_may_prove_the_management_key(session):
    challenge = parse_one(
        parse_one(
            session.run(ask(Ins.GENERAL_AUTHENTICATE, 0x0A, Reference.MANAGEMENT, bytes.fromhex("7c028100"))),
            0x7C,
        ),
        0x81,
    )
    answer = encrypt_block(Algorithm.AES_192, FACTORY_KEY.value, challenge)
    data = build(0x7C, build(0x82, answer))
    session.run(ask(Ins.GENERAL_AUTHENTICATE, 0x0A, Reference.MANAGEMENT, data))
    session.run(generate_key(Slot.SIGNATURE, Algorithm.P256))


def test_a_card_that_cannot_prove_the_management_key_back_is_found_out():
    script = authenticate_management(ManagementKey(Algorithm.AES_128, bytes(16)), a_challenge())
    next(script)
    script.send(ResponseApdu(b"", Sw.SUCCESS))
    script.send(ResponseApdu(build(0x7C, build(0x80, bytes(16))), Sw.SUCCESS))
    with pytest.raises(CardAnswerWrong):
        script.send(ResponseApdu(build(0x7C, build(0x82, bytes(16))), Sw.SUCCESS))
