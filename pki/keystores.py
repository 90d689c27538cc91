"""Where keys are kept: encrypted beside their certificates, or in a PKCS#11 token.

A keystore makes a key, opens one that was kept, and destroys it. What has to be remembered of a kept key is either its
encrypted PKCS#8 or its reference, never both.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

from pki.activation import GuardedSigner, require_active
from pki.errors import KeyRefusedError
from pki.keys import KeyKind, PrivateKeySigner, Signer, SoftwareSigner
from pki.shares import wipe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pki.activation import Activation
    from pki.token import Token
    from pki.token_copies import Wrapping


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key that was made, with what has to be remembered to open it again."""

    signer: Signer
    sealed: bytes | None = field(default=None, repr=False)
    reference: str | None = None


SOFTWARE: Final = "software"
"""The place of keys that are encrypted in the registry's own rows."""
MARK: Final = "-[0-9a-f]{16}"
"""What follows a name in the label of a key whose making was written down before (a pattern)."""


def not_software(reference: str | None) -> KeyRefusedError:
    """Return the refusal of a key that is not here to be opened or destroyed."""
    return KeyRefusedError("pki.key.elsewhere", f"this key is not a software key: {reference}")


class Keystore(Protocol):
    """Where the authorities' keys are kept. All raise KeyRefusedError with the reason."""

    def place(self) -> str:
        """Say where keys are made and destroyed: `software`, or a token by label and serial number."""

    def keeps(self, reference: str | None) -> bool:
        """Tell whether a key of such a reference is this keystore's to destroy; those without one lie in rows."""

    def make(self, label: str, kind: KeyKind, *, copyable: bool = False) -> KeptKey:
        """Make a key under a label, such as the authority's name; a `copyable` one can be copied from a token once."""

    def open(self, sealed: bytes | None, reference: str | None) -> Signer:
        """Open a key by what was remembered of it."""

    def destroy(self, reference: str | None) -> None:
        """Destroy a key; nothing happens to one that is kept in the registry's own rows alone.

        KeyRefusedError `pki.key.elsewhere` for the reference of a key that is kept in another place.
        """

    def references(self, label: str) -> tuple[str, ...]:
        """Return what names the keys that lie under a label, also with the mark of an intent behind it; none in rows."""

    def destroy_others(self, label: str, keep: frozenset[str | None]) -> int:
        """Destroy the keys of a label, also those with an intent's mark behind it, but for some; returns how many."""

    def copy(self, sealed: bytes, passphrase: bytes) -> bytes:
        """Return a software key encrypted under another passphrase, for a backup."""

    def adopt(self, signer: SoftwareSigner) -> bytes:
        """Return a software key that comes back from a backup, encrypted as this keystore keeps them."""

    def wrap_out(self, references: Sequence[str], under: Wrapping) -> Mapping[str, bytes]:
        """Return copyable keys of a token, wrapped, by reference; `pki.key.elsewhere` without a token."""

    def take_in(self, label: str, wrapped: bytes, secret: bytes, spki: bytes) -> str:
        """Put a wrapped key into the token and return its reference; `pki.key.elsewhere` without a token."""


@dataclass(frozen=True, slots=True)
class SoftwareKeystore:
    """Keys as encrypted PKCS#8 under one passphrase: for a demonstration, and for tests."""

    passphrase: bytes = field(repr=False)

    def place(self) -> str:
        """Say that keys are software."""
        return SOFTWARE

    def keeps(self, reference: str | None) -> bool:
        """Tell whether a key is software."""
        return reference is None

    def make(self, label: str, kind: KeyKind, *, copyable: bool = False) -> KeptKey:
        """Make a key; the label is the row's own name and needs no second place. All can be copied."""
        del label, copyable
        signer = SoftwareSigner.generate(kind)
        return KeptKey(signer, sealed=signer.to_pkcs8(self.passphrase))

    def open(self, sealed: bytes | None, reference: str | None) -> Signer:
        """Decrypt a key, once a process."""
        if sealed is None:
            raise not_software(reference)
        return _decrypted(sealed, self.passphrase)

    def destroy(self, reference: str | None) -> None:
        """Do nothing with a software key, which whoever keeps it wipes; refuse any other."""
        if reference is not None:
            raise not_software(reference)

    def references(self, label: str) -> tuple[str, ...]:
        """Return nothing: software keys have no place of their own."""
        del label
        return ()

    def destroy_others(self, label: str, keep: frozenset[str | None]) -> int:
        """Do nothing: no software key stands anywhere but in the row that knows it."""
        del label, keep
        return 0

    def copy(self, sealed: bytes, passphrase: bytes) -> bytes:
        """Encrypt a key under another passphrase."""
        return SoftwareSigner.from_pkcs8(sealed, self.passphrase).to_pkcs8(passphrase)

    def adopt(self, signer: SoftwareSigner) -> bytes:
        """Encrypt a key under the passphrase of all."""
        return signer.to_pkcs8(self.passphrase)

    def wrap_out(self, references: Sequence[str], under: Wrapping) -> Mapping[str, bytes]:
        """Refuse: there is no token."""
        del under
        raise not_software(", ".join(references))

    def take_in(self, label: str, wrapped: bytes, secret: bytes, spki: bytes) -> str:
        """Refuse: there is no token to take the key."""
        del wrapped, secret, spki
        raise not_software(label)


@cache
def _decrypted(sealed: bytes, passphrase: bytes) -> Signer:
    return SoftwareSigner.from_pkcs8(sealed, passphrase)


class TokenKeystore:
    """Keys in a token. Software keys of before are still opened, so that a registry can move to a token."""

    def __init__(self, token: Token, software: SoftwareKeystore) -> None:
        self._token = token
        self._software = software
        self._signers: dict[str, Signer] = {}

    def place(self) -> str:
        """Name the token; KeyRefusedError when it is not there."""
        return self._token.place()

    def keeps(self, reference: str | None) -> bool:
        """Tell whether a key is software of before, or of this token by its label."""
        return reference is None or self._token.owns(reference)

    @property
    def token(self) -> Token:
        """The token itself, for what is kept in it besides."""
        return self._token

    def make(self, label: str, kind: KeyKind, *, copyable: bool = False) -> KeptKey:
        """Make a key in the token."""
        reference = self._token.make(label, kind, copyable=copyable)
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

    def references(self, label: str) -> tuple[str, ...]:
        """Name the keys in the token that bear a label."""
        return (*self._token.references(label), *self._token.marked(label))

    def destroy_others(self, label: str, keep: frozenset[str | None]) -> int:
        """Destroy the label's keys that nobody remembers any more."""
        others = [one for one in self.references(label) if one not in keep]
        for one in others:
            self.destroy(one)
        return len(others)

    def copy(self, sealed: bytes, passphrase: bytes) -> bytes:
        """Copy a software key of before; what is in the token stays there."""
        return self._software.copy(sealed, passphrase)

    def adopt(self, signer: SoftwareSigner) -> bytes:
        """Take a software key of before back; it is never put into the token."""
        return self._software.adopt(signer)

    def wrap_out(self, references: Sequence[str], under: Wrapping) -> Mapping[str, bytes]:
        """Wrap keys of the token out, and close them for good."""
        return self._token.wrap_out(references, under)

    def take_in(self, label: str, wrapped: bytes, secret: bytes, spki: bytes) -> str:
        """Put a key that was wrapped out of a token into this one."""
        return self._token.take_in(label, wrapped, secret, spki)

    def forget(self) -> None:
        """End the session with the token, and with it the log-in."""
        self._signers.clear()
        self._token.close()


class SharedKeystore:
    """Keys that several people activate together (rule ROL-08): in a token, or encrypted under the shared secret.

    What it hands out signs only while the activation lasts. The secret is asked for when it is needed and is not kept;
    at the end of an activation the decrypted keys and the token's session are dropped.
    """

    def __init__(self, activation: Activation, token: TokenKeystore | None = None) -> None:
        self._activation = activation
        self._token = token
        self._signers: dict[bytes | str, GuardedSigner] = {}
        activation.when_ended(self.forget)

    def place(self) -> str:
        """Name the token if there is one; that takes no activation."""
        return self._token.place() if self._token is not None else SOFTWARE

    def keeps(self, reference: str | None) -> bool:
        """Tell whether a key is software, or of the token."""
        return self._token.keeps(reference) if self._token is not None else reference is None

    def make(self, label: str, kind: KeyKind, *, copyable: bool = False) -> KeptKey:
        """Make a key, in the token if there is one."""
        require_active(self._activation)
        if self._token is not None:
            made = self._token.make(label, kind, copyable=copyable)
            return replace(made, signer=self.open(made.sealed, made.reference))
        signer = SoftwareSigner.generate(kind)
        secret = self._activation.secret()
        try:
            sealed = signer.to_pkcs8(bytes(secret))
        finally:
            wipe(secret)
        return KeptKey(self.open(sealed, None), sealed=sealed)

    def open(self, sealed: bytes | None, reference: str | None) -> Signer:
        """Open a key; KeyRefusedError `pki.key.not_activated` while that is not allowed."""
        require_active(self._activation)
        name = reference if reference is not None else sealed
        if name is None:
            raise KeyRefusedError("pki.key.elsewhere", "nothing is remembered of this key")
        if name not in self._signers:
            self._signers[name] = GuardedSigner(
                self._activation, self._open(sealed, reference), lambda: self._open(sealed, reference)
            )
        return self._signers[name]

    def destroy(self, reference: str | None) -> None:
        """Destroy a key in the token; without one refuse any but a software key."""
        require_active(self._activation)
        if self._token is not None:
            self._token.destroy(reference)
        elif reference is not None:
            raise not_software(reference)

    def references(self, label: str) -> tuple[str, ...]:
        """Name the keys in the token that bear a label."""
        require_active(self._activation)
        return self._token.references(label) if self._token is not None else ()

    def destroy_others(self, label: str, keep: frozenset[str | None]) -> int:
        """Destroy the label's keys that nobody remembers any more."""
        require_active(self._activation)
        return self._token.destroy_others(label, keep) if self._token is not None else 0

    def copy(self, sealed: bytes, passphrase: bytes) -> bytes:
        """Encrypt a software key under another passphrase."""
        require_active(self._activation)
        if self._token is not None:
            return self._token.copy(sealed, passphrase)
        secret = self._activation.secret()
        try:
            return SoftwareSigner.from_pkcs8(sealed, secret).to_pkcs8(passphrase)
        finally:
            wipe(secret)

    def adopt(self, signer: SoftwareSigner) -> bytes:
        """Encrypt a software key under the shared secret."""
        require_active(self._activation)
        if self._token is not None:
            return self._token.adopt(signer)
        secret = self._activation.secret()
        try:
            return signer.to_pkcs8(bytes(secret))
        finally:
            wipe(secret)

    def wrap_out(self, references: Sequence[str], under: Wrapping) -> Mapping[str, bytes]:
        """Wrap keys of the token out."""
        return self._tokens_own(", ".join(references)).wrap_out(references, under)

    def take_in(self, label: str, wrapped: bytes, secret: bytes, spki: bytes) -> str:
        """Put a key that was wrapped out of a token into this one."""
        return self._tokens_own(label).take_in(label, wrapped, secret, spki)

    def _tokens_own(self, keys: str) -> TokenKeystore:
        require_active(self._activation)
        if self._token is None:
            raise not_software(keys)
        return self._token

    def forget(self) -> None:
        """Drop everything that the secret opened; signers that were handed out open again after an activation."""
        for one in list(self._signers.values()):
            one.forget()
        if self._token is not None:
            self._token.forget()

    def _open(self, sealed: bytes | None, reference: str | None) -> Signer:
        if self._token is not None:
            return self._token.open(sealed, reference)
        if sealed is None:
            raise not_software(reference)
        secret = self._activation.secret()
        try:
            # The library takes it where it stands, so that no copy is left to lie in freed memory.
            return SoftwareSigner.from_pkcs8(sealed, secret)
        finally:
            wipe(secret)
