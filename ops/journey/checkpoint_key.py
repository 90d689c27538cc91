"""The checkpoint key of a journey: derived from the passphrase, so that two journeys on one database sign alike."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from pathlib import Path


def keep_derived_key(path: Path, passphrase: bytes) -> None:
    """Write the key, encrypted under the passphrase, where `ops.checkpoint_key` looks for it; a key there stays."""
    if path.exists():
        return
    seed = HKDF(hashes.SHA256(), 32, salt=None, info=b"guanfang journey checkpoint key 1").derive(passphrase)
    pem = Ed25519PrivateKey.from_private_bytes(seed).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase),
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
