"""Where keys are kept: encrypted beside their certificates, or in a PKCS#11 token.

A keystore makes a key, opens one that was kept, and destroys it. What has to be remembered of a kept key is either its
encrypted PKCS#8 or its reference, never both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Protocol

from pki.errors import KeyRefusedError
from pki.keys import KeyKind, PrivateKeySigner, Signer, SoftwareSigner

if TYPE_CHECKING:
    from pki.token import Token


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key that was made, with what has to be remembered to open it again."""

    signer: Signer
    sealed: bytes | None = field(default=None, repr=False)
    reference: str | None = None


class Keystore(Protocol):
    """Where the authorities' keys are kept. All raise KeyRefusedError with the reason."""

    def make(self, label: str, kind: KeyKind) -> KeptKey:
        """Make a key under a label, such as the authority's name."""

    def open(self, sealed: bytes | None, reference: str | None) -> Signer:
        """Open a key by what was remembered of it."""

    def destroy(self, reference: str | None) -> None:
        """Destroy a key; nothing happens to one that is kept in the registry's own rows alone."""

    def destroy_others(self, label: str, keep: frozenset[str | None]) -> int:
        """Destroy the keys of a label but for some; returns how many."""


@dataclass(frozen=True, slots=True)
class SoftwareKeystore:
    """Keys as encrypted PKCS#8 under one passphrase: for a demonstration, and for tests."""

    passphrase: bytes = field(repr=False)

    def make(self, label: str, kind: KeyKind) -> KeptKey:
        """Make a key; the label is the row's own name and needs no second place."""
        del label
        signer = SoftwareSigner.generate(kind)
        return KeptKey(signer, sealed=signer.to_pkcs8(self.passphrase))

    def open(self, sealed: bytes | None, reference: str | None) -> Signer:
        """Decrypt a key, once a process."""
        if sealed is None:
            raise KeyRefusedError("pki.key.elsewhere", f"this key is not a software key: {reference}")
        return _decrypted(sealed, self.passphrase)

    def destroy(self, reference: str | None) -> None:
        """Do nothing: whoever keeps the encrypted key wipes it."""

    def destroy_others(self, label: str, keep: frozenset[str | None]) -> int:
        """Do nothing, as `destroy`."""
        del label, keep
        return 0


@cache
def _decrypted(sealed: bytes, passphrase: bytes) -> Signer:
    return SoftwareSigner.from_pkcs8(sealed, passphrase)


class TokenKeystore:
    """Keys in a token. Software keys of before are still opened, so that a registry can move to a token."""

    def __init__(self, token: Token, software: SoftwareKeystore) -> None:
        self._token = token
        self._software = software
        self._signers: dict[str, Signer] = {}

    def make(self, label: str, kind: KeyKind) -> KeptKey:
        """Make a key in the token."""
        reference = self._token.make(label, kind)
        return KeptKey(self.open(None, reference), reference=reference)

    def open(self, sealed: bytes | None, reference: str | None) -> Signer:
        """Find a key in the token; its public half is read once."""
        if reference is None:
            return self._software.open(sealed, reference)
        if reference not in self._signers:
            self._signers[reference] = PrivateKeySigner(self._token.key(reference))
        return self._signers[reference]

    def destroy(self, reference: str | None) -> None:
        """Destroy a key in the token."""
        if reference is not None:
            self._signers.pop(reference, None)
            self._token.destroy(reference)

    def destroy_others(self, label: str, keep: frozenset[str | None]) -> int:
        """Destroy the label's keys that nobody remembers any more."""
        others = [one for one in self._token.references(label) if one not in keep]
        for one in others:
            self.destroy(one)
        return len(others)
