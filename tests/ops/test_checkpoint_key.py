"""The key of the checkpoints: made once, for its owner alone, and of no use without its passphrase."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ops.checkpoint_key import FileCheckpointKey

PHRASE = b"the auditor keeps this one"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "checkpoint.pem"


@pytest.mark.rule("AUD-03")
def test_the_key_is_made_once_and_signs_the_same_after_a_restart(path):
    first, again = FileCheckpointKey(path, PHRASE), FileCheckpointKey(path, PHRASE)
    signature = first.sign(b"message")
    assert again.verify(b"message", signature)
    assert not again.verify(b"massage", signature)
    assert not again.verify(b"message", b"short")
    assert first.public_pem() == again.public_pem()
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_the_file_is_encrypted_and_closed_to_others(path):
    FileCheckpointKey(path, PHRASE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


@pytest.mark.parametrize("phrase", [b"", b"another"])
def test_a_wrong_passphrase_is_refused(path, phrase):
    FileCheckpointKey(path, PHRASE)
    with pytest.raises(ValueError):
        FileCheckpointKey(path, phrase)


def test_a_file_that_others_may_read_is_refused(path):
    FileCheckpointKey(path, PHRASE)
    path.chmod(0o640)
    with pytest.raises(PermissionError):
        FileCheckpointKey(path, PHRASE)


def write(path, key, encryption):
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    path.write_bytes(pem)
    path.chmod(0o600)


def test_a_key_that_is_not_encrypted_is_refused(path):
    write(path, Ed25519PrivateKey.generate(), serialization.NoEncryption())
    with pytest.raises(ValueError, match="not encrypted"):
        FileCheckpointKey(path, PHRASE)


def test_a_key_of_another_kind_is_refused(path):
    write(path, ec.generate_private_key(ec.SECP256R1()), serialization.BestAvailableEncryption(PHRASE))
    with pytest.raises(ValueError, match="Ed25519"):
        FileCheckpointKey(path, PHRASE)


def test_processes_that_start_at_once_share_one_key(path):
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lambda _: FileCheckpointKey(path, PHRASE).public_pem(), range(4)))
    assert len(set(keys)) == 1
