"""What the shell needs from outside, as Protocols owned here; `ops.wiring` plugs the real things in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from hardware.master_key import MasterKey

T = TypeVar("T")


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""


class CodeHasher(Protocol):
    """Hashes user codes and passwords so that they can never be looked up (APP-16)."""

    def hash(self, code: str) -> str:
        """Return a salted hash."""

    def verify(self, hashed: str, code: str) -> bool:
        """Tell whether a code has this hash, in time that does not depend on the code."""


class StatementSigner(Protocol):
    """Signs and verifies reviewers' decisions."""

    def new_key(self, password: str) -> tuple[bytes, bytes]:
        """Return a new key, encrypted under the password, and its public key (SubjectPublicKeyInfo DER)."""

    def sign(self, sealed_key: bytes, password: str, statement: bytes) -> bytes:
        """Sign a statement; ValueError for a wrong password."""

    def verify(self, spki: bytes, statement: bytes, signature: bytes) -> None:
        """Raise ValueError when the signature is not this key's over this statement."""


class Sealer(Protocol):
    """Seals small secrets, such as a card's PUK, under the house's key (authenticated encryption)."""

    def seal(self, secret: bytes, label: str) -> bytes:
        """Encrypt a secret; the label, such as the chip's serial number, is bound to it."""

    def open(self, sealed: bytes, label: str) -> bytes:
        """Decrypt; ValueError when it was altered or sealed under another label."""


class MasterKeys(Protocol):
    """The master keys that the secrets of cards are derived from; Refused says why one can't be used."""

    def current(self) -> MasterKey:
        """Return the one for new cards."""

    def named(self, name: str) -> MasterKey:
        """Return the one that a card was made with; never another one."""


class CheckpointSigner(Protocol):
    """Signs checkpoints of the audit log with a key used for nothing else (AUD-03)."""

    def sign(self, message: bytes) -> bytes:
        """Sign a checkpoint."""

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Tell whether a signature is this key's."""

    def public_pem(self) -> bytes:
        """Return the public key, for the stand-alone verifier."""


@dataclass(frozen=True)
class Mail:
    """An e-mail to send; attachments are (name, media type, bytes)."""

    to: str
    subject: str
    text: str
    attachments: tuple[tuple[str, str, bytes], ...] = ()
    message_id: str = ""
    """A stable id, so that a mail sent twice after a crash is recognised as the same one."""


class Mailer(Protocol):
    """Sends e-mail."""

    def send(self, mail: Mail) -> None:
        """Hand a mail to the mail server; OSError or smtplib's errors when it can't be done now."""


class CardSession(Protocol):
    """A card in a reader, held for one conversation."""

    def run(self, script: Generator[Any, Any, T]) -> T:
        """Run a card script to its end."""


class ReaderStatus(Protocol):
    """A reader and what is in it."""

    @property
    def name(self) -> str:
        """The reader's name."""

    @property
    def card_present(self) -> bool:
        """Whether a card is in it."""


class CardStation(Protocol):
    """The readers of one place."""

    def readers(self) -> Sequence[ReaderStatus]:
        """Return the readers there are."""

    def open_session(self, reader_name: str) -> AbstractContextManager[CardSession]:
        """Open a conversation with the card in a reader."""
