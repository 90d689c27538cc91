"""One contract for keys in software and keys in a token, and what a token has to stand besides."""

from __future__ import annotations

import os
import threading

import pkcs11
import pytest
from cryptography.hazmat.primitives import serialization

from pki.errors import KeyRefusedError
from pki.keys import KeyKind, SoftwareSigner, verify_signature
from pki.keystores import SoftwareKeystore, TokenKeystore
from pki.token import Token
from tests import softhsm
from tests.faults.falling import in_child

KINDS = (KeyKind.RSA_2048, KeyKind.P256, KeyKind.P384)


@pytest.fixture(params=["software", "token"])
def store(request):
    software = SoftwareKeystore(b"only for tests")
    return (
        software if request.param == "software" else TokenKeystore(request.getfixturevalue("token"), software)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_kept_key_signs_after_it_was_opened_again(store, kind):
    kept = store.make("gca", kind)
    assert (kept.sealed is None) != (kept.reference is None)
    signer = store.open(kept.sealed, kept.reference)
    assert signer.spki_der == kept.signer.spki_der
    verify_signature(signer.public_key(), b"data", signer.sign(b"data"))
    with pytest.raises(KeyRefusedError):
        verify_signature(signer.public_key(), b"other data", signer.sign(b"data"))


def test_two_keys_of_one_label_are_two_keys(store):
    first, second = (store.make("gca", KeyKind.P256) for _ in range(2))
    assert first.signer.spki_der != second.signer.spki_der
    assert store.open(first.sealed, first.reference).spki_der == first.signer.spki_der


def test_the_passphrase_and_the_pin_are_in_no_text(store, token):
    assert "only for tests" not in repr(store)
    assert softhsm.PIN not in repr(token)
    assert softhsm.PIN not in repr(vars(token).keys())


@pytest.mark.rule("ROL-08")
@pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.P256])
def test_a_key_does_not_leave_its_token(token, kind):
    reference = token.make("locked", kind)
    key = token.key(reference)
    for take in (
        key.private_numbers,
        lambda: key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    ):
        with pytest.raises(KeyRefusedError):
            take()
    inside = token._opened().get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label="locked")
    secret = pkcs11.Attribute.PRIVATE_EXPONENT if kind is KeyKind.RSA_2048 else pkcs11.Attribute.VALUE
    with pytest.raises(pkcs11.AttributeSensitive):
        inside[secret]
    token.destroy(reference)


@pytest.mark.rule("ROL-08")
def test_a_destroyed_key_signs_no_more(token):
    store = TokenKeystore(token, SoftwareKeystore(b"only for tests"))
    kept = store.make("old", KeyKind.P256)
    store.destroy(kept.reference)
    with pytest.raises(KeyRefusedError, match="no key"):
        kept.signer.sign(b"data")
    with pytest.raises(KeyRefusedError, match="no key"):
        store.open(None, kept.reference)
    store.destroy(kept.reference)


@pytest.mark.rule("ROL-08")
def test_a_keystore_destroys_no_key_that_lies_elsewhere(store):
    elsewhere = "pkcs11:token=another;object=gca;id=%01;type=private"
    assert not store.keeps(elsewhere)
    assert store.keeps(store.make("gca", KeyKind.P256).reference)
    for act in (lambda: store.destroy(elsewhere), lambda: store.open(None, elsewhere)):
        with pytest.raises(KeyRefusedError) as refusal:
            act()
        assert refusal.value.code == "pki.key.elsewhere"


def test_a_place_tells_two_tokens_of_one_label_apart(token, token_label):
    serial = pkcs11.lib(str(softhsm.MODULE)).get_token(token_label=token_label).serial.decode()
    assert token.place() == f"token {token_label} serial {serial}"
    assert SoftwareKeystore(b"only for tests").place() == "software"


def test_keys_that_nobody_remembers_are_cleared_away(token):
    store = TokenKeystore(token, SoftwareKeystore(b"only for tests"))
    kept = [store.make("ocsp:forgotten", KeyKind.P256) for _ in range(3)]
    assert store.destroy_others("ocsp:forgotten", frozenset({kept[2].reference})) == 2
    kept[2].signer.sign(b"data")


def test_keys_of_intents_go_with_their_name_and_with_no_longer_one(token):
    store = TokenKeystore(token, SoftwareKeystore(b"only for tests"))
    mark, other = "-0123456789abcdef", "ocsp:gone-g2-0123456789abcdef"
    made = [store.make(label, KeyKind.P256).reference for label in ("ocsp:gone", "ocsp:gone" + mark, other)]
    assert set(store.references("ocsp:gone")) == set(made[:2])
    assert store.destroy_others("ocsp:gone", frozenset()) == 2
    assert store.references("ocsp:gone") == ()
    assert store.references(other) == (made[2],)


def test_a_token_that_was_lost_is_opened_again(token):
    key = TokenKeystore(token, SoftwareKeystore(b"only for tests")).make("gca", KeyKind.P256).signer
    key.sign(b"while it is there")
    pkcs11.lib(str(softhsm.MODULE)).reinitialize()
    verify_signature(key.public_key(), b"data", key.sign(b"data"))


def test_several_threads_share_a_token(token):
    signer = TokenKeystore(token, SoftwareKeystore(b"only for tests")).make("gca", KeyKind.P256).signer
    made = {}

    def sign(number):
        made[number] = [signer.sign(b"%d %d" % (number, turn)) for turn in range(5)]

    threads = [threading.Thread(target=sign, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    for number in range(4):
        for turn, signature in enumerate(made[number]):
            verify_signature(signer.public_key(), b"%d %d" % (number, turn), signature)


def test_a_forked_process_signs_with_a_session_of_its_own(token):
    signer = TokenKeystore(token, SoftwareKeystore(b"only for tests")).make("gca", KeyKind.P256).signer
    signer.sign(b"before the fork")
    read, write = os.pipe()
    assert in_child(lambda: os.write(write, signer.sign(b"in the child"))) == 0
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        signature = pipe.read()
    verify_signature(signer.public_key(), b"in the child", signature)
    verify_signature(signer.public_key(), b"parent", signer.sign(b"parent"))


def test_a_wrong_pin_and_a_missing_token_are_said(token_label):
    with pytest.raises(KeyRefusedError, match="PIN") as refusal:
        Token(softhsm.MODULE, token_label, lambda: "wrong-pin").make("x", KeyKind.P256)
    assert "wrong-pin" not in str(refusal.value)
    with pytest.raises(KeyRefusedError, match="no token"):
        Token(softhsm.MODULE, "nowhere", lambda: softhsm.PIN).make("x", KeyKind.P256)
    with pytest.raises(KeyRefusedError, match="id"):
        Token(softhsm.MODULE, token_label, lambda: softhsm.PIN).key("file:/etc/passwd")


def test_a_software_key_travels_by_a_copy_under_another_passphrase(store):
    here = SoftwareKeystore(b"only for tests")
    made = here.make("gca", KeyKind.P256)
    copy = store.copy(made.sealed, b"of the copy alone")
    with pytest.raises(KeyRefusedError):
        store.open(copy, None)
    back = store.adopt(SoftwareSigner.from_pkcs8(copy, b"of the copy alone"))
    assert store.open(back, None).spki_der == made.signer.spki_der
