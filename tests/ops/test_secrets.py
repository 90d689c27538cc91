"""Sealed secrets, hashed codes and signed statements."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.hashing import CodeHasher
from ops.secrets_box import SecretsBox
from ops.statements import StaffSigner

BOX = SecretsBox(b"k" * 32)


@given(st.binary(max_size=64), st.text(max_size=40))
def test_what_was_sealed_opens_under_its_label_only(secret, label):
    sealed = BOX.seal(secret, label)
    assert BOX.open(sealed, label) == secret
    with pytest.raises(ValueError):
        BOX.open(sealed, label + "x")


@given(st.data())
def test_an_altered_seal_does_not_open(data):
    sealed = bytearray(BOX.seal(b"12345678", "csn"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError):
        BOX.open(bytes(sealed), "csn")


@given(st.binary(max_size=80))
def test_what_was_never_sealed_does_not_open(junk):
    with pytest.raises(ValueError):
        BOX.open(junk, "csn")


def test_one_secret_never_looks_the_same_twice():
    assert len({BOX.seal(b"12345678", "csn") for _ in range(20)}) == 20


def test_another_key_opens_nothing(tmp_path):
    file = tmp_path / "key"
    file.write_bytes(b"z" * 32)
    with pytest.raises(ValueError):
        SecretsBox.from_file(file).open(BOX.seal(b"1", "csn"), "csn")
    assert SecretsBox(b"k" * 32).open(BOX.seal(b"1", "csn"), "csn") == b"1"
    with pytest.raises(ValueError, match="at least"):
        SecretsBox(b"short")


@pytest.mark.rule("APP-16")
@settings(max_examples=20)
@given(st.text(min_size=1, max_size=20))
def test_a_user_code_is_recognised_but_never_kept(code):
    hasher = CodeHasher(1, 8, 1)
    hashed = hasher.hash(code)
    assert hashed.startswith("$argon2id$")
    assert hasher.verify(hashed, code)
    assert not hasher.verify(hashed, code + "x")
    assert hasher.hash(code) != hashed


@pytest.mark.parametrize("hashed", ["", "plain", "$argon2id$v=19$m=8,t=1,p=1$x"])
def test_what_is_no_hash_belongs_to_no_code(hashed):
    assert not CodeHasher(1, 8, 1).verify(hashed, "code")


def test_a_decision_is_signed_with_the_password_and_checked_without():
    signer = StaffSigner()
    sealed, spki = signer.new_key("correct horse")
    signature = signer.sign(sealed, "correct horse", b"approve")
    signer.verify(spki, b"approve", signature)
    with pytest.raises(ValueError):
        signer.sign(sealed, "wrong horse", b"approve")
    with pytest.raises(ValueError):
        signer.sign(b"no key", "correct horse", b"approve")
    for refused in ((spki, b"refuse", signature), (spki, b"approve", b""), (b"", b"approve", signature)):
        with pytest.raises(ValueError):
            signer.verify(*refused)
