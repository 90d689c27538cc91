"""The key that signs checkpoints of the audit log, and nothing else (AUD-03): Ed25519 in an encrypted PEM file."""

from __future__ import annotations

import os
import secrets
import stat
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if TYPE_CHECKING:
    from pathlib import Path


class FileCheckpointKey:
    """Signs checkpoints with a key that lies encrypted in a file; the file is made at first use, for its owner alone.

    ValueError when the passphrase is empty or wrong or the file holds another kind of key, PermissionError when others
    may read the file.
    """

    def __init__(self, path: Path, passphrase: bytes) -> None:
        if not passphrase:
            raise ValueError("the checkpoint key needs a passphrase")
        if not path.exists():
            _create(path, passphrase)
        self._key = _load(path, passphrase)

    def sign(self, message: bytes) -> bytes:
        """Sign a checkpoint."""
        return self._key.sign(message)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Tell whether a signature is this key's."""
        try:
            self._key.public_key().verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def public_pem(self) -> bytes:
        """Return the public key, for the verifier."""
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def _load(path: Path, passphrase: bytes) -> Ed25519PrivateKey:
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise PermissionError(f"{path} holds a key and must be closed to others (mode 0600)")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase)
    except TypeError as error:
        raise ValueError(f"{path} is not encrypted") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} does not hold an Ed25519 key")  # noqa: TRY004 - a file's content, not a type.
    return key


def _create(path: Path, passphrase: bytes) -> None:
    """Write a new key whole and on the disk before it has its name; when two do so at once, the first one's stays."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase),
    )
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)
    except FileExistsError:
        if not path.exists():
            raise
    finally:
        part.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
