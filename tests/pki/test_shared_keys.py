"""Keys under several people's control sign while they are activated, and not a moment longer (rule ROL-08)."""

from __future__ import annotations

import pytest

from pki.errors import KeyRefusedError
from pki.keys import KeyKind, SoftwareSigner, verify_signature
from pki.keystores import SharedKeystore, SoftwareKeystore, TokenKeystore
from pki.token import Token
from tests import softhsm
from tests.activations import SECRET, Switch

NOT_ACTIVATED = pytest.raises(KeyRefusedError, match="not_activated")


@pytest.fixture(params=["software", "token"])
def shared(request):
    """A switch and the keystore that hangs on it."""
    if request.param == "software":
        switch = Switch()
        return switch, SharedKeystore(switch)
    switch = Switch(softhsm.PIN.encode())
    token = Token(softhsm.MODULE, request.getfixturevalue("token_label"), lambda: switch.secret().decode())
    return switch, SharedKeystore(switch, TokenKeystore(token, SoftwareKeystore(b"settings")))


def test_nothing_is_made_opened_or_destroyed_before_the_activation(shared):
    switch, store = shared
    kept = store.make("gca", KeyKind.P256)
    switch.off()
    for act in (
        lambda: store.make("gca", KeyKind.P256),
        lambda: store.open(kept.sealed, kept.reference),
        lambda: store.destroy(kept.reference),
        lambda: store.destroy_others("gca", frozenset()),
    ):
        with NOT_ACTIVATED:
            act()


def test_a_signer_in_use_stops_with_the_activation_and_goes_on_with_the_next(shared):
    switch, store = shared
    signer = store.make("gca", KeyKind.P256).signer
    verify_signature(signer.public_key(), b"data", signer.sign(b"data"))
    switch.off()
    for use in (lambda: signer.sign(b"data"), lambda: signer.private_key):
        with NOT_ACTIVATED:
            use()
    assert signer.spki_der
    switch.on = True
    verify_signature(signer.public_key(), b"data", signer.sign(b"data"))


def test_a_key_is_sealed_under_the_shared_secret_alone():
    kept = SharedKeystore(Switch()).make("gca", KeyKind.P256)
    assert SoftwareKeystore(SECRET).open(kept.sealed, None).spki_der == kept.signer.spki_der
    with pytest.raises(KeyRefusedError, match="locked"):
        SharedKeystore(Switch(b"another secret")).open(kept.sealed, None)


def test_the_end_of_the_activation_logs_out_of_the_token(token_label):
    switch = Switch(softhsm.PIN.encode())
    token = Token(softhsm.MODULE, token_label, lambda: switch.secret().decode())
    store = SharedKeystore(switch, TokenKeystore(token, SoftwareKeystore(b"settings")))
    kept = store.make("gca", KeyKind.P256)
    switch.off()
    # Even whoever holds the token itself, past all guards, meets a token that is logged out.
    with NOT_ACTIVATED:
        token.key(str(kept.reference))


def test_an_activation_that_ends_while_a_key_opens_leaves_no_key_behind():
    class Ending(Switch):
        def secret(self) -> bytearray:
            found = super().secret()
            self.on = self.on and not self.ends
            return found

    switch = Ending()
    switch.ends = False
    signer = SharedKeystore(switch).make("gca", KeyKind.P256).signer
    switch.off()
    switch.on = switch.ends = True
    with NOT_ACTIVATED:
        signer.sign(b"data")
    assert signer._opened is None


@pytest.mark.rule("ROL-08")
def test_a_copy_is_taken_and_put_back_only_while_keys_are_activated():
    switch = Switch()
    store = SharedKeystore(switch)
    kept = store.make("gca", KeyKind.P256)
    copy = SoftwareSigner.from_pkcs8(store.copy(kept.sealed, b"of the copy"), b"of the copy")
    assert store.open(store.adopt(copy), None).spki_der == kept.signer.spki_der
    switch.off()
    with pytest.raises(KeyRefusedError):
        store.copy(kept.sealed, b"of the copy")
    with pytest.raises(KeyRefusedError):
        store.adopt(copy)


@pytest.mark.rule("ROL-08")
def test_shared_software_keys_are_no_place_to_destroy_a_tokens_key():
    store = SharedKeystore(Switch())
    assert store.place() == "software"
    store.destroy(None)
    with pytest.raises(KeyRefusedError, match="not a software key"):
        store.destroy("pkcs11:token=away;id=%01")
