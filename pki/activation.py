"""Whether the authorities' keys may be used now, and what opens them (rule ROL-08).

A process asks an `Activation` before each use of a key. Whoever keeps something that the secret opened, a session or a
decrypted key, asks to be told when the activation ends, and drops it then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from pki.errors import KeyRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pki.keys import PrivateKey, PublicKey, SignatureAlgorithm, Signer

NOT_ACTIVATED: Final = "pki.key.not_activated"


class Activation(Protocol):
    """Who knows whether the keys are activated."""

    def active(self) -> bool:
        """Tell whether the keys may be used now."""

    def secret(self) -> bytearray:
        """Return what opens the keys, to be wiped at once after use; KeyRefusedError NOT_ACTIVATED without one."""

    def when_ended(self, forget: Callable[[], None]) -> None:
        """Call back within a second whenever the activation ends."""


def not_activated() -> KeyRefusedError:
    """Return the refusal of everything that needs a key while there is no activation."""
    return KeyRefusedError(NOT_ACTIVATED, "the authorities' keys are not activated")


def require_active(activation: Activation) -> None:
    """Raise KeyRefusedError NOT_ACTIVATED unless the keys may be used now."""
    if not activation.active():
        raise not_activated()


class GuardedSigner:
    """A signer that signs while its key is activated, and holds the key no longer than that.

    It outlives the end of an activation: whoever kept it may sign with it again after the next one.
    """

    def __init__(self, activation: Activation, opened: Signer, reopen: Callable[[], Signer]) -> None:
        self._activation = activation
        self._opened: Signer | None = opened
        self._reopen = reopen
        self._public_key = opened.public_key()
        self._algorithm = opened.algorithm
        self._spki_der = opened.spki_der

    __hash__ = object.__hash__

    @property
    def private_key(self) -> PrivateKey:
        """The key as the certificate library's builders take it, if it is activated."""
        return self._signer().private_key

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """The algorithm of every signature this signer makes."""
        return self._algorithm

    @property
    def spki_der(self) -> bytes:
        """The SubjectPublicKeyInfo of the key."""
        return self._spki_der

    def public_key(self) -> PublicKey:
        """Return the public half, which is no secret."""
        return self._public_key

    def sign(self, data: bytes) -> bytes:
        """Return the signature over the data; KeyRefusedError NOT_ACTIVATED while the key must not be used."""
        return self._signer().sign(data)

    def forget(self) -> None:
        """Let go of the private key."""
        self._opened = None

    def _signer(self) -> Signer:
        require_active(self._activation)
        opened = self._opened
        if opened is None:
            opened = self._opened = self._reopen()
            if not self._activation.active():
                # It ended while the key was opened, when there was nothing yet to forget.
                self.forget()
                raise not_activated()
        return opened
