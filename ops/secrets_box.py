"""Seals small secrets, such as a card's PUK, under the house's key: AES-256-GCM with a label bound to each."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = b"\x01"
_NONCE = 12
_TAG = 16
_KEY = 32
SHORTEST_SOURCE = 32
"""Bytes of key material that a box needs at least; HKDF spreads entropy, it adds none."""


class SecretsBox:
    """A `workflow.ports.Sealer`: what it seals opens only unaltered, under the same label and the same key."""

    def __init__(self, source: bytes) -> None:
        if len(source) < SHORTEST_SOURCE:
            raise ValueError(f"the sealing key needs at least {SHORTEST_SOURCE} bytes")
        derived = HKDF(hashes.SHA256(), _KEY, salt=None, info=b"guanfang secrets box 1").derive(source)
        self._cipher = AESGCM(derived)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Take the key from a file; OSError when it can't be read, ValueError when it is too short."""
        return cls(path.read_bytes())

    def seal(self, secret: bytes, label: str) -> bytes:
        """Encrypt a secret with the label bound to it; each time it looks different."""
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret, label.encode())

    def open(self, sealed: bytes, label: str) -> bytes:
        """Decrypt; ValueError when it was altered or sealed under another label or key."""
        if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE + _TAG:
            raise ValueError("this is nothing that was sealed here")
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            return self._cipher.decrypt(nonce, rest, label.encode())
        except InvalidTag as error:
            raise ValueError("altered, or sealed under another label or key") from error
