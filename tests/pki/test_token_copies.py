"""Keys leave a token wrapped, once, under a key that only its security officer can let in, and come into another."""

from __future__ import annotations

import secrets
import subprocess

import pkcs11
import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap_with_padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from hypothesis import given, strategies
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

from pki.errors import KeyRefusedError
from pki.keys import KeyKind, PrivateKeySigner, SoftwareSigner, spki_of, verify_signature
from pki.keystores import SharedKeystore, SoftwareKeystore
from pki.token_copies import TokenCopy, Wrapping, put_wrapping_key
from tests import softhsm
from tests.activations import Switch

KINDS = (KeyKind.RSA_2048, KeyKind.P256, KeyKind.P384)
SECRET = secrets.token_bytes(32)


def wrapped_out(token, reference, secret=SECRET):
    return token.wrap_out([reference], Wrapping(secret, softhsm.SO_PIN))[reference]


def spki(token, reference):
    return spki_of(token.key(reference).public_key())


def inside(token, reference):
    return token._private(token._opened(), token._own_id(reference))


def refused(code, act):
    with pytest.raises(KeyRefusedError) as refusal:
        act()
    assert refusal.value.code == code
    assert softhsm.SO_PIN not in str(refusal.value)


@pytest.mark.rule("ROL-08")
@pytest.mark.parametrize("kind", KINDS)
def test_a_key_signs_in_another_token_after_it_was_copied(token, spare, kind):
    reference = token.make("copied", kind, copyable=True)
    public = spki(token, reference)
    back = spare.take_in("copied", wrapped_out(token, reference), SECRET, public)
    for where, name in ((token, reference), (spare, back)):
        signer = PrivateKeySigner(where.key(name))
        assert signer.spki_der == public
        verify_signature(signer.public_key(), b"data", signer.sign(b"data"))
        assert inside(where, name)[Attribute.EXTRACTABLE] is False
        assert inside(where, name)[Attribute.SENSITIVE] is True


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_is_what_rfc_5649_says_and_openssl_reads_it(token, kind):
    reference = token.make("copied", kind, copyable=True)
    plain = aes_key_unwrap_with_padding(SECRET, wrapped_out(token, reference))
    read = subprocess.run(
        ["openssl", "pkey", "-inform", "DER", "-pubout"], input=plain, capture_output=True, check=True
    )
    public = load_pem_public_key(read.stdout)
    assert public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == spki(token, reference)


@pytest.mark.rule("ROL-08")
def test_whoever_has_the_users_pin_alone_takes_no_key_out(token):
    reference = token.make("copied", KeyKind.P256, copyable=True)
    own = put_wrapping_key(token._opened(), SECRET, trusted=False)
    generated = token._opened().generate_key(KeyType.AES, 256, capabilities=pkcs11.MechanismFlag.WRAP)
    with pytest.raises(pkcs11.AttributeReadOnly):
        put_wrapping_key(token._opened(), SECRET, trusted=True)
    with pytest.raises(pkcs11.AttributeReadOnly):
        generated[Attribute.TRUSTED] = True
    with pytest.raises(pkcs11.AttributeReadOnly):
        inside(token, reference)[Attribute.WRAP_WITH_TRUSTED] = False
    with pytest.raises(pkcs11.AttributeReadOnly):
        inside(token, reference).copy({Attribute.WRAP_WITH_TRUSTED: False, Attribute.TOKEN: False})
    with pytest.raises(pkcs11.KeyNotWrappable):
        generated.wrap_key(inside(token, reference), mechanism=Mechanism.AES_KEY_WRAP_PAD)
    own.destroy()
    generated.destroy()
    assert wrapped_out(token, reference)


@pytest.mark.rule("ROL-08")
def test_a_copied_key_is_closed_for_good_and_its_wrapping_key_is_gone(token):
    query = {Attribute.CLASS: ObjectClass.SECRET_KEY}
    before = len(list(token._opened().get_objects(query)))
    reference = token.make("copied", KeyKind.P256, copyable=True)
    wrapped_out(token, reference)
    refused("pki.token.failed", lambda: wrapped_out(token, reference))
    with pytest.raises(pkcs11.AttributeReadOnly):
        inside(token, reference)[Attribute.EXTRACTABLE] = True
    assert len(list(token._opened().get_objects(query))) == before


def test_a_key_that_was_not_made_for_it_is_never_copied(token):
    reference = token.make("kept", KeyKind.P256)
    refused("pki.token.failed", lambda: wrapped_out(token, reference))


def test_another_pin_than_the_officers_copies_nothing_and_harms_nothing(token):
    reference = token.make("copied", KeyKind.P256, copyable=True)
    for wrong in (softhsm.PIN, "none of them"):
        refused("pki.token.pin", lambda pin=wrong: token.wrap_out([reference], Wrapping(SECRET, pin)))
    verify_signature(
        token.key(reference).public_key(), b"-", PrivateKeySigner(token.key(reference)).sign(b"-")
    )
    assert wrapped_out(token, reference)
    assert softhsm.SO_PIN not in repr(Wrapping(SECRET, softhsm.SO_PIN))


@pytest.mark.rule("ROL-08")
@pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.P256])
def test_a_copy_that_is_wrong_in_any_way_is_not_taken_in(token, spare, kind):
    reference = token.make("copied", kind, copyable=True)
    wrapped, public = wrapped_out(token, reference), spki(token, reference)
    altered = (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), wrapped[8:], wrapped + bytes(8), b"", b"x")
    for copy in altered:
        refused("pki.token.copy", lambda copy=copy: spare.take_in("wrong", copy, SECRET, public))
    other = secrets.token_bytes(32)
    refused("pki.token.copy", lambda: spare.take_in("wrong", wrapped, other, public))
    stranger = SoftwareSigner.generate(kind).spki_der
    refused("pki.token.copy_key", lambda: spare.take_in("wrong", wrapped, SECRET, stranger))
    assert not spare.references("wrong")


def test_without_a_token_nothing_is_wrapped_out_or_taken_in():
    for store in (SoftwareKeystore(b"only for tests"), SharedKeystore(Switch())):
        refused("pki.key.elsewhere", lambda store=store: store.wrap_out(["pkcs11:id=%01"], Wrapping(b"", "")))
        refused("pki.key.elsewhere", lambda store=store: store.take_in("gca", b"", b"", b""))


def test_a_copy_says_whose_it_is_and_is_read_again():
    copy = TokenCopy("xca", SoftwareSigner.generate(KeyKind.P256).spki_der, b"wrapped")
    assert TokenCopy.from_text(copy.to_text()) == copy
    assert "wrapped=" not in repr(copy)


@given(
    strategies.one_of(
        strategies.text(), strategies.dictionaries(strategies.text(), strategies.text()).map(str)
    )
)
def test_what_is_no_copy_is_refused_in_words(text):
    refused("pki.token.copy_damaged", lambda: TokenCopy.from_text(text))
