"""Master keys of cards lie in sealed files or in a token, and are never silently exchanged for others."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
import threading
from dataclasses import dataclass, field, replace
from typing import Any

import pkcs11
import pytest

from hardware.master_key import SoftwareMasterKey
from ops.master_keys import (
    FileMasterKeys,
    MasterKeyring,
    TokenMasterKeys,
    make_master_key,
    put_master_key_back,
)
from ops.secrets_box import SecretsBox
from pki import token_secrets
from pki.activation import not_activated
from pki.errors import KeyRefusedError
from pki.token import Token
from tests import softhsm
from tests.faults.test_two_at_once import at_once
from tests.workflow.registry import Registry
from workflow.errors import Refused


@pytest.fixture(params=["files", "token"])
def store(request, tmp_path):
    if request.param == "files":
        return FileMasterKeys(tmp_path / "keys", SecretsBox(bytes(32)))
    return TokenMasterKeys(request.getfixturevalue("token"))


@pytest.fixture
def label():
    return f"cards-{secrets.token_hex(4)}"


def refused(act, *arguments):
    with pytest.raises(Refused) as refusal:
        act(*arguments)
    return refusal.value.code


def test_a_master_key_is_made_once_and_found_again(store, label):
    ring = MasterKeyring(store, label)
    assert refused(ring.current) == "card.no_master_key"
    made = ring.make()
    again = MasterKeyring(store, label)
    assert again.current().name == made.name
    assert again.named(made.name).derive(b"a", b"b", 24) == made.derive(b"a", b"b", 24)
    assert refused(again.make) == "card.master_key_exists"


def test_a_new_label_is_a_new_key_and_the_old_one_stays(store, label):
    old = MasterKeyring(store, label).make()
    ring = MasterKeyring(store, f"{label}-2")
    new = ring.make()
    assert ring.current().name == new.name != old.name
    assert (
        ring.named(old.name).derive(b"a", b"", 16) == old.derive(b"a", b"", 16) != new.derive(b"a", b"", 16)
    )


def test_a_key_made_elsewhere_derives_the_same_wherever_it_is_put(store, label):
    value = secrets.token_bytes(32)
    kept = MasterKeyring(store, label).make(value)
    assert kept.derive(b"a", b"b", 40) == SoftwareMasterKey("x", value).derive(b"a", b"b", 40)


def test_another_key_of_the_same_label_is_never_taken_for_the_lost_one(store, label):
    MasterKeyring(store, label).make()
    assert refused(MasterKeyring(store, label).named, f"{label}.00000000") == "card.other_master_key"


def test_a_sealed_file_opens_under_its_own_seal_and_label_alone(tmp_path, label):
    folder = tmp_path / "keys"
    MasterKeyring(FileMasterKeys(folder, SecretsBox(bytes(32))), label).make()
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    other = FileMasterKeys(folder, SecretsBox(bytes([1]) * 32))
    assert refused(other.open, label) == "card.master_key_closed"
    file.rename(folder / "cards-x.sealed")
    assert refused(FileMasterKeys(folder, SecretsBox(bytes(32))).open, "cards-x") == "card.master_key_closed"


class Sleeping:
    """An activation that nobody has begun."""

    def active(self):
        return False

    def secret(self):
        raise not_activated()

    def when_ended(self, forget):
        del forget


def test_a_master_key_in_a_token_is_used_only_while_keys_are_activated(token, label):
    name = MasterKeyring(TokenMasterKeys(token), label).make().name
    asleep = MasterKeyring(TokenMasterKeys(token, Sleeping()), label)
    assert refused(asleep.named, name) == "card.master_key_closed"


@pytest.mark.parametrize("value", [None, bytes(32)], ids=["made", "put in"])
@pytest.mark.parametrize("step", ["require_free", "_require_alone"])
def test_of_two_who_make_a_key_of_one_label_at_once_one_has_made_it(
    token, token_label, label, value, step, monkeypatch
):
    other, whole, told = (
        Token(softhsm.MODULE, token_label, lambda: softhsm.PIN),
        getattr(token_secrets, step),
        [],
    )

    def tried(one):
        try:
            one.keep_secret(label, value)
        except KeyRefusedError as error:
            told.append(error.code)
        else:
            told.append("made")

    def overtaken(*given):
        monkeypatch.setattr(token_secrets, step, whole)
        if step == "require_free":
            whole(*given)
        with monkeypatch.context() as looked:
            # It found the label free before either had a key.
            looked.setattr(token_secrets, "require_free", lambda *_: None)
            tried(other)
        if step != "require_free":
            whole(*given)

    monkeypatch.setattr(token_secrets, step, overtaken)
    tried(token)
    other.close()
    assert sorted(told) == ["made", "pki.token.taken"]
    assert token.cmac(label, b"x")


@pytest.fixture
def twins(token, label, monkeypatch):
    """Two keys of one label, as two makers at once could leave them before they took turns."""
    store = TokenMasterKeys(token)
    store.keep(label, None)
    with monkeypatch.context() as patched:
        patched.setattr("pki.token_secrets.require_free", lambda *_: None)
        assert refused(store.keep, label, None) == "card.master_key_exists"
        patched.setattr("pki.token_secrets._require_alone", lambda *_: None)
        store.keep(label, None)


def told_of_twins(token, label):
    """Return the names and ids of the keys that a refusal tells of."""
    with pytest.raises(Refused) as refusal:
        TokenMasterKeys(token).open(label)
    assert refusal.value.code == "card.master_key_twins"
    found = re.findall(rf"({label}\.[0-9a-f]+) \(id ([0-9a-f]+)\)", refusal.value.en)
    assert all(name in refusal.value.zh and key_id in refusal.value.zh for name, key_id in found)
    return dict(found)


@pytest.mark.usefixtures("twins")
def test_of_two_keys_of_one_label_neither_is_used_and_a_new_label_leads_on(token, label):
    assert len(told_of_twins(token, label)) == 2
    assert MasterKeyring(TokenMasterKeys(token), f"{label}-new").make().name.startswith(f"{label}-new.")


@pytest.mark.skipif(shutil.which("pkcs11-tool") is None, reason="OpenSC is not installed")
@pytest.mark.usefixtures("twins")
def test_the_one_of_two_keys_that_cards_know_remains_when_the_other_is_removed(token, token_label, label):
    known, other = told_of_twins(token, label).items()
    token.close()
    remove = ["pkcs11-tool", "--module", str(softhsm.MODULE), "--token-label", token_label]
    remove += ["--login", "--pin", softhsm.PIN, "--delete-object", "--type", "secrkey", "--id", other[1]]
    subprocess.run(remove, check=True, capture_output=True)
    pkcs11.lib(str(softhsm.MODULE)).reinitialize()
    assert MasterKeyring(TokenMasterKeys(token), label).current().name == known[0]


@dataclass
class Narrow:
    """A place of keys that says whether two were ever in it at once; each waits a while for the other to come."""

    store: Any
    inside: int = 0
    crowded: bool = False
    both: threading.Event = field(default_factory=threading.Event)

    @property
    def place(self):
        return "a narrow place"

    def open(self, label):
        return self.store.open(label)

    def keep(self, label, value):
        self.inside += 1
        if self.inside > 1:
            self.crowded = True
            self.both.set()
        self.both.wait(0.5)
        try:
            self.store.keep(label, value)
        finally:
            self.inside -= 1


@pytest.fixture
def registry(database_url):
    registry = Registry(database_url)
    yield registry
    registry.close()


@pytest.mark.parametrize("back", [False, True], ids=["made", "put back"])
def test_two_who_make_a_master_key_take_turns(registry, tmp_path, label, back):
    place = Narrow(FileMasterKeys(tmp_path / "keys", SecretsBox(bytes(32))))
    office = replace(registry.office, master_keys=MasterKeyring(place, label))
    acts = [lambda: make_master_key(office)] * 2
    if back:
        acts[1] = lambda: put_master_key_back(office, bytes(32))
    answers = at_once(*acts)
    assert not place.crowded
    made = [answer for answer in answers if isinstance(answer, str)]
    assert made == [office.master_keys.current().name]
    assert [one.code for one in answers if isinstance(one, Refused)] == ["card.master_key_exists"]
