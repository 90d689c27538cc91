"""Commands on the secret that opens the keys: splitting it, handing in shares of it, activating and deactivating (ROL-08)."""

from __future__ import annotations

from dataclasses import dataclass, field

from workflow.commands import Command
from workflow.commands_of_authorities import ByPeople


@dataclass(frozen=True, slots=True)
class NewShare:
    """One share: its number, its holder's account, and its sealed text unless it is on a medium."""

    number: int
    holder_id: int
    sealed: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Resealed:
    """A software key as it was found and as it is encrypted under the new secret."""

    name: str
    was: bytes = field(repr=False)
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class KeepShares(ByPeople):
    """Put a new set of shares in force, in the place of `replaces` if there is one, with the keys sealed under it.

    A `pending` one is kept beside the one in force until its token has the PIN that it makes.
    """

    set_id: str
    purpose: str
    threshold: int
    shares: tuple[NewShare, ...] = field(repr=False)
    resealed: tuple[Resealed, ...] = field(default=(), repr=False)
    replaces: str | None = None
    pending: bool = False


@dataclass(frozen=True, kw_only=True)
class PutSharesInForce(Command):
    """Put a pending set in the place of the one in force, after the token was opened with the PIN that it makes."""

    set_id: str


@dataclass(frozen=True, kw_only=True)
class HandInShare(Command):
    """Open one's own share, from the row or, if `sealed` is given, from a medium; who gave which is written down."""

    set_id: str
    number: int
    passphrase: str = field(repr=False)
    sealed: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class ActivateKeys(ByPeople):
    """Decide that the keys are activated with the shares of some of those present, by their numbers."""

    set_id: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class DeactivateKeys(ByPeople):
    """Decide that the keys are deactivated."""

    reason: str
